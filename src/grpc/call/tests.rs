use bytes::Bytes;
use futures_util::StreamExt as _;
use http_body::Frame;

use super::*;
use crate::{
    access::{AccessSnapshot, GatewayKeySecret},
    domain::{key::GatewayKey, scope::Scopes},
};

fn headers(name: &'static str, value: &str) -> HeaderMap {
    HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())])
}

#[test]
fn reads_grpc_timeout() {
    let of = |value: &str| grpc_timeout(&headers("grpc-timeout", value));
    assert_eq!(of("5S"), Some(Duration::from_secs(5)));
    assert_eq!(of("250m"), Some(Duration::from_millis(250)));
    assert_eq!(of("2H"), Some(Duration::from_secs(7200)));
    assert_eq!(of("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
    for bad in ["S", "5", "5s", "123456789S", "-1S", "1.5S", ""] {
        assert_eq!(of(bad), None, "{bad:?}");
    }
}

#[test]
fn reads_bearer_tokens() {
    let of = |value: &str| bearer(&headers("authorization", value)).map(str::to_owned);
    assert_eq!(of("Bearer sk-1").as_deref(), Some("sk-1"));
    assert_eq!(of("bearer  sk-1 ").as_deref(), Some("sk-1"));
    assert_eq!(of("Basic sk-1"), None);
    assert_eq!(of("sk-1"), None);
}

#[test]
fn keeps_sane_request_ids() {
    assert_eq!(request_id(&headers("x-request-id", "abc-1")), "abc-1");
    for odd in ["", "with space", &"x".repeat(129)] {
        let made = request_id(&headers("x-request-id", odd));
        assert!(made.starts_with("req_") && made.len() == 36, "{made}");
    }
}

/// An answer that never says anything.
struct Silent;

impl http_body::Body for Silent {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        Poll::Pending
    }
}

/// An answer that says one thing after a while.
struct Gathering {
    ends: Pin<Box<Sleep>>,
    told: bool,
}

impl http_body::Body for Gathering {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.told {
            return Poll::Pending;
        }
        ready!(self.ends.as_mut().poll(cx));
        self.told = true;
        Poll::Ready(Some(Ok(Frame::data("gathered".into()))))
    }
}

#[tokio::test(start_paused = true)]
async fn an_endless_call_ends_when_its_key_is_revoked() {
    let secret = GatewayKeySecret::generate().unwrap();
    let key = GatewayKey {
        id: secret.public_id().to_owned(),
        hash: secret.hash().to_vec(),
        active: true,
        scopes: Scopes::all(),
        ..GatewayKey::default()
    };
    let directory = Arc::new(Directory::new());
    directory.replace(AccessSnapshot::new(1, [key]));
    let limits = CallLimits { max_in_flight: 9, longest: Duration::from_secs(100), max_message_bytes: 9 };
    let layer = CallLayer::new(directory.clone(), limits, CancellationToken::new());
    let answer = |_| std::future::ready(Ok::<_, std::convert::Infallible>(Response::new(Body::new(Silent))));
    let request = Request::builder().uri("/aigateway.v1.ActivityService/WatchActivity");
    let request = request.header("authorization", format!("Bearer {}", secret.expose())).body(Body::empty());
    let mut body = layer.layer(tower::service_fn(answer)).call(request.unwrap()).await.unwrap().into_body();
    let mut next = async || std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await;
    assert!(tokio::time::timeout(Duration::from_secs(200), next()).await.is_err(), "it goes on");
    directory.replace(AccessSnapshot::new(2, []));
    let now = Instant::now();
    let trailers = next().await.unwrap().unwrap().into_trailers().unwrap();
    assert_eq!(Status::from_header_map(&trailers).unwrap().code(), tonic::Code::Unauthenticated);
    assert!(now.elapsed() <= Duration::from_secs(1), "{:?}", now.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_at_its_deadline_unless_it_has_no_end() {
    let limits = CallLimits { max_in_flight: 9, longest: Duration::from_secs(100), max_message_bytes: 9 };
    for (path, timeout, stops_after, wanted, seconds) in [
        ("/aigateway.v1.ChatService/StreamChatCompletion", None, 500, tonic::Code::DeadlineExceeded, 100),
        ("/aigateway.v1.KeyService/WatchProviderKeys", None, 500, tonic::Code::Unavailable, 500),
        ("/aigateway.v1.KeyService/WatchProviderKeys", Some("300S"), 500, tonic::Code::DeadlineExceeded, 300),
        ("/aigateway.v1.ChatService/StreamChatCompletion", Some("300S"), 50, tonic::Code::DeadlineExceeded, 100),
    ] {
        let stopping = CancellationToken::new();
        let layer = CallLayer::new(Arc::new(Directory::open_to_all()), limits, stopping.clone());
        let answer = |_| std::future::ready(Ok::<_, std::convert::Infallible>(Response::new(Body::new(Silent))));
        let mut service = layer.layer(tower::service_fn(answer));
        let mut request = Request::builder().uri(path);
        if let Some(timeout) = timeout {
            request = request.header("grpc-timeout", timeout);
        }
        let now = Instant::now();
        let mut body = service.call(request.body(Body::empty()).unwrap()).await.unwrap().into_body();
        let stop = async {
            tokio::time::sleep(Duration::from_secs(stops_after)).await;
            stopping.cancel();
            std::future::pending::<()>().await;
        };
        let frame = tokio::select! {
            frame = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)) => frame,
            () = stop => None,
        };
        let trailers = frame.unwrap().unwrap().into_trailers().unwrap();
        let status = Status::from_header_map(&trailers).unwrap();
        assert_eq!(status.code(), wanted, "{path} {timeout:?}");
        assert_eq!(now.elapsed().as_secs_f64().round() as u64, seconds, "{path} {timeout:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_at_its_deadline_even_if_nobody_reads_its_answer() {
    let limits = CallLimits { max_in_flight: 9, longest: Duration::from_secs(100), max_message_bytes: 9 };
    for read_before in [false, true] {
        let layer = CallLayer::new(Arc::new(Directory::open_to_all()), limits, CancellationToken::new());
        let freed = CancellationToken::new();
        let guard = Arc::new(freed.clone().drop_guard());
        let answer = move |_| {
            let piece = |_| Ok::<_, Status>(Frame::data(Bytes::from_static(b"piece")));
            let pieces = futures_util::stream::repeat(guard.clone()).map(piece);
            let body = Body::new(http_body_util::StreamBody::new(pieces));
            std::future::ready(Ok::<_, std::convert::Infallible>(Response::new(body)))
        };
        let request = Request::builder().uri("/aigateway.v1.ChatService/StreamChatCompletion").body(Body::empty());
        let mut body = layer.layer(tower::service_fn(answer)).call(request.unwrap()).await.unwrap().into_body();
        let mut next = async || std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await.unwrap().unwrap();
        if read_before {
            assert_eq!(next().await.into_data().unwrap(), "piece");
        }
        tokio::time::sleep(Duration::from_secs(99)).await;
        assert_eq!((layer.load().0, freed.is_cancelled()), (1, false), "{read_before}");
        tokio::time::sleep(Duration::from_secs(2)).await;
        assert_eq!((layer.load().0, freed.is_cancelled()), (0, true), "{read_before}");
        let counted: Vec<_> = layer.ended().map(|(_, code, count)| (code, count)).collect();
        assert_eq!(counted, [("DEADLINE_EXCEEDED", 1)], "{read_before}");
        let status = Status::from_header_map(&next().await.into_trailers().unwrap()).unwrap();
        assert_eq!(status.code(), tonic::Code::DeadlineExceeded, "{read_before}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_tells_what_it_has_gathered_before_the_gateway_stops() {
    let limits = CallLimits { max_in_flight: 9, longest: Duration::from_secs(100), max_message_bytes: 9 };
    let stopping = CancellationToken::new();
    let layer = CallLayer::new(Arc::new(Directory::open_to_all()), limits, stopping.clone());
    let answer = |_| {
        let gathered =
            Gathering { ends: Box::pin(sleep_until(Instant::now() + Duration::from_millis(50))), told: false };
        std::future::ready(Ok::<_, std::convert::Infallible>(Response::new(Body::new(gathered))))
    };
    let request = Request::builder().uri("/aigateway.v1.KeyService/WatchProviderKeys").body(Body::empty());
    let mut body = layer.layer(tower::service_fn(answer)).call(request.unwrap()).await.unwrap().into_body();
    stopping.cancel();
    let mut next = async || std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await.unwrap().unwrap();
    assert_eq!(next().await.into_data().unwrap(), "gathered");
    let status = Status::from_header_map(&next().await.into_trailers().unwrap()).unwrap();
    assert_eq!(status.code(), tonic::Code::Unavailable);
}

#[tokio::test]
async fn what_the_library_refuses_has_a_reason_too() {
    use tonic_types::StatusExt as _;
    let limits = CallLimits { max_in_flight: 9, longest: Duration::from_secs(100), max_message_bytes: 7 };
    for (said, wanted) in [
        (Status::internal("failed to decode"), "INVALID_REQUEST"),
        (Status::out_of_range("too large"), "TOO_LARGE"),
        (status_of(Error::new(ErrorKind::NotFound, "ours"), "ours"), "NOT_FOUND"),
    ] {
        let layer = CallLayer::new(Arc::new(Directory::open_to_all()), limits, CancellationToken::new());
        let answer = move |_| std::future::ready(Ok::<_, std::convert::Infallible>(said.clone().into_http()));
        let request = Request::builder().uri("/aigateway.v1.ChatService/CreateChatCompletion").body(Body::empty());
        let response = layer.layer(tower::service_fn(answer)).call(request.unwrap()).await.unwrap();
        let status = Status::from_header_map(response.headers()).unwrap();
        assert_eq!(status.get_details_error_info().unwrap().reason, wanted);
        assert!(response.headers().contains_key("x-request-id"));
        assert_eq!(layer.ended().map(|(.., count)| count).sum::<u64>(), 1);
    }
}
