use super::*;

/// What is found at the end, which is the same however the bytes are cut.
fn found(text: &str) -> Found {
    let whole = Heads::default().read(text.as_bytes());
    let mut heads = Heads::default();
    let mut last = Found::Pause;
    for byte in text.bytes() {
        last = heads.read(&[byte]);
    }
    assert_eq!(whole, last, "{text:?}");
    whole
}

#[test]
fn heads_and_bodies_are_followed() {
    assert_eq!(found(""), Found::Pause);
    assert_eq!(found("\r\n"), Found::Pause);
    assert_eq!(found("G"), Found::Head);
    assert_eq!(found("GET / HTTP/1.1\r\nHost: a\r\n"), Found::Head);
    assert_eq!(found("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), Found::Pause);
    assert_eq!(found("\r\nGET / HTTP/1.0\r\n\r\n"), Found::Pause);
    assert_eq!(found("POST / HTTP/1.1\r\nHOST: a\r\ncontent-LENGTH:  3 \r\n\r\n"), Found::Body(3));
    assert_eq!(found("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na\n"), Found::Body(1));
    assert_eq!(found("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na\nbGET / HTTP/1.1\r\n"), Found::Head);
    assert_eq!(found("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"), Found::Pause);
    assert_eq!(found("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n0\n\n"), Found::Chunked);
}

#[test]
fn what_can_be_read_in_two_ways_is_refused() {
    for text in [
        "GET / HTTP/1.1\n",
        "GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
        "\nGET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 1\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: \r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551616\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n",
    ] {
        assert_eq!(found(text), Found::Refused, "{text:?}");
    }
}

#[test]
fn heads_are_short() {
    let head = |length: usize| {
        let start = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
        format!("{start}{}\r\n\r\n", "x".repeat(length - start.len() - 4))
    };
    assert_eq!(Heads::default().read(head(MOST).as_bytes()), Found::Pause);
    assert_eq!(Heads::default().read(head(MOST + 1).as_bytes()), Found::Refused);
    assert_eq!(Heads::default().read(&[b'x'; MOST + 1]), Found::Refused);
}
