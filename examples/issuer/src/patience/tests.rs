#![allow(clippy::unwrap_used)]

use super::*;
use axum::body::to_bytes;
use axum::http::StatusCode;
use tokio_stream::StreamExt as _;
use tokio_stream::wrappers::ReceiverStream;

/// What a call that never ends is answered: status, and the code in the body.
async fn cut_off(body: Body) -> (StatusCode, String) {
    let request = Request::new(body);
    let response = limit(Duration::from_millis(50), request, |request| async {
        let _read = to_bytes(request.into_body(), usize::MAX).await;
        std::future::pending().await
    });
    let (parts, body) = response.await.into_parts();
    let problem: serde_json::Value = serde_json::from_slice(&to_bytes(body, usize::MAX).await.unwrap()).unwrap();
    assert_eq!(problem["status"], parts.status.as_u16());
    (parts.status, problem["code"].as_str().unwrap().into())
}

#[tokio::test]
async fn the_server_s_own_delay_is_no_refusal_and_a_slow_caller_s_is_his() {
    for whole in [Body::empty(), Body::from("{}")] {
        assert_eq!(cut_off(whole).await, (StatusCode::SERVICE_UNAVAILABLE, "issuer-busy".into()));
    }
    let (sender, pieces) = tokio::sync::mpsc::channel(2);
    sender.send("{").await.unwrap();
    let half = Body::from_stream(ReceiverStream::new(pieces).map(Ok::<_, std::convert::Infallible>));
    assert_eq!(cut_off(half).await, (StatusCode::REQUEST_TIMEOUT, "timed-out".into()));
    drop(sender);
}

#[tokio::test]
async fn a_body_in_pieces_counts_as_here_with_its_last_one() {
    let pieces = ["{", "}"].map(Ok::<_, std::convert::Infallible>);
    let whole = Body::from_stream(tokio_stream::iter(pieces));
    assert_eq!(cut_off(whole).await, (StatusCode::SERVICE_UNAVAILABLE, "issuer-busy".into()));
}
