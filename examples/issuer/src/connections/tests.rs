use super::*;
use tokio::io::AsyncWriteExt as _;

fn connections(in_all: usize, of_one: usize) -> Arc<Connections> {
    Connections::new(Limits { in_all, of_one, streams: 1 }, vec!["10.0.0.1".parse().unwrap()], Arc::default())
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn yields(place: &Place) -> bool {
    place.connections.lock().all.get(&place.number).is_some_and(|connection| connection.is_yielding)
}

#[test]
fn whoever_has_most_that_wait_makes_room() {
    let connections = connections(4, 3);
    let honest = connections.admit(ip("192.0.2.1")).unwrap();
    let strangers: Vec<_> = (0..3).map(|_| connections.admit(ip("192.0.2.2")).unwrap()).collect();
    let newest = connections.admit(ip("192.0.2.3")).unwrap();
    assert_eq!(strangers.iter().filter(|place| yields(place)).count(), 1);
    assert!(!yields(&honest) && !yields(&newest));
}

#[test]
fn one_address_makes_room_among_its_own() {
    let connections = connections(10, 2);
    let other = connections.admit(ip("192.0.2.1")).unwrap();
    let own: Vec<_> = ["2001:db8::1", "2001:db8::2"].map(|text| connections.admit(ip(text)).unwrap()).into();
    let calls: Vec<_> = own.iter().map(|place| place.progress.begin()).collect();
    assert!(connections.admit(ip("2001:db8::3")).is_err(), "all of them work");
    assert!(connections.admit(ip("2001:db8:0:1::1")).is_ok());
    drop(calls);
    assert!(connections.admit(ip("2001:db8::3")).is_ok());
    assert_eq!(own.iter().filter(|place| yields(place)).count(), 1);
    assert!(!yields(&other));
}

#[test]
fn a_call_that_works_and_a_proxy_stay() {
    let connections = connections(3, 1);
    let proxied: Vec<_> = (0..2).map(|_| connections.admit(ip("10.0.0.1")).unwrap()).collect();
    let working = connections.admit(ip("192.0.2.1")).unwrap();
    let call = working.progress.begin();
    assert!(connections.admit(ip("192.0.2.2")).is_err());
    drop(call);
    assert!(connections.admit(ip("192.0.2.2")).is_ok());
    assert!(yields(&working) && !proxied.iter().any(yields));
}

#[test]
fn a_closed_connection_makes_room() {
    let connections = connections(1, 1);
    let first = connections.admit(ip("192.0.2.1")).unwrap();
    let _call = first.progress.begin();
    assert!(connections.admit(ip("192.0.2.2")).is_err());
    drop(first);
    assert!(connections.admit(ip("192.0.2.2")).is_ok());
}

/// Whether a connection counts as one that waits while its first call, which was read whole, is not answered yet.
async fn waits(bytes: &str) -> bool {
    let connections = connections(2, 2);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    let place = connections.admit(peer.ip()).unwrap();
    let progress = Arc::clone(&place.progress);
    let (read, mut was_read) = tokio::sync::mpsc::channel(1);
    let call = async move |body: String| {
        read.send(body).await.unwrap();
        std::future::pending::<()>().await;
    };
    let router = Router::new().route("/", axum::routing::post(call));
    let (_stop, stopped) = watch::channel(false);
    client.write_all(bytes.as_bytes()).await.unwrap();
    let mut serving = pin!(serve(stream, peer, router, place, stopped));
    tokio::select! {
        () = serving.as_mut() => panic!("it ended"),
        body = was_read.recv() => assert_eq!(body.unwrap(), "{}"),
    }
    progress.waits_since().is_some()
}

#[tokio::test]
async fn a_call_whose_body_came_works_whatever_follows_it() {
    let whole = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}";
    let chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n";
    let begun = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{";
    for bytes in [whole.into(), chunked.into(), format!("{whole}{begun}"), format!("{whole}{chunked}")] {
        assert!(!waits(&bytes).await, "{bytes}");
    }
}
