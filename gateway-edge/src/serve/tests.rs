//! The listener over real sockets: drain, slow clients, and both HTTP versions.

use axum::{body::Bytes, routing::get};
use http_body_util::{BodyExt as _, StreamBody};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    sync::oneshot,
};

use super::*;

async fn start(drain: Duration) -> (std::net::SocketAddr, oneshot::Sender<()>, JoinSet<io::Result<()>>) {
    let slow = || async {
        let parts = futures_util::stream::unfold(0, |i| async move {
            sleep(Duration::from_millis(100)).await;
            (i < 3).then(|| (Ok::<_, io::Error>(http_body::Frame::data(Bytes::from_static(b"part;"))), i + 1))
        });
        axum::body::Body::new(StreamBody::new(parts))
    };
    let router = Router::new().route("/", get(|| async { "hello" })).route("/slow", get(slow));
    let settings = EdgeSettings { header_read_timeout: Duration::from_millis(300), ..EdgeSettings::default() };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let mut task = JoinSet::new();
    task.spawn(serve(router, listener, settings, async move { stopped.await.unwrap_or(()) }, drain));
    (address, stop, task)
}

async fn read_all(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    // A reset is an end too: the server closed while bytes of ours lay unread.
    let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut bytes)).await.unwrap();
    String::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn open_answers_finish_when_it_stops() {
    let (address, stop, mut task) = start(Duration::from_secs(5)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(50)).await;
    stop.send(()).unwrap();
    let text = read_all(&mut stream).await;
    assert_eq!(text.matches("part;").count(), 3, "{text}");
    assert!(text.ends_with("0\r\n\r\n"), "{text}");
    task.join_next().await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn new_requests_are_refused_while_open_answers_finish() {
    let (address, stop, mut task) = start(Duration::from_secs(5)).await;
    let mut open = TcpStream::connect(address).await.unwrap();
    open.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(50)).await;
    stop.send(()).unwrap();
    for (path, beginning, part) in [
        ("/readyz", "HTTP/1.1 503", "draining"),
        ("/livez", "HTTP/1.1 200", "ok"),
        ("/", "HTTP/1.1 503", "\"code\":\"shutting_down\""),
        ("/api/v1/x", "HTTP/1.1 503", "\"detail\":"),
    ] {
        let mut late = TcpStream::connect(address).await.unwrap();
        late.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
        let text = read_all(&mut late).await;
        assert!(text.starts_with(beginning) && text.contains(part), "{path}: {text}");
        assert!(text.contains("connection: close"), "{path}: {text}");
        assert_eq!(text.contains("retry-after: 1"), part.contains("code") || part.contains("detail"), "{path}: {text}");
    }
    assert_eq!(read_all(&mut open).await.matches("part;").count(), 3);
    task.join_next().await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}

#[tokio::test]
async fn what_a_refused_request_sends_later_does_not_cost_its_connection() {
    let (address, _stop, _task) = start(Duration::from_secs(5)).await;
    for (head, body, goes_on) in [
        ("content-length: 5", "later", true),
        ("transfer-encoding: chunked", "5\r\nlater\r\n0\r\n\r\n", true),
        ("content-length: 5", "", false),
        ("content-length: 5\r\nexpect: 100-continue", "", false),
    ] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        // Nothing reads the body of a method that is not allowed.
        stream.write_all(format!("POST / HTTP/1.1\r\nhost: x\r\n{head}\r\n\r\n").as_bytes()).await.unwrap();
        sleep(Duration::from_millis(20)).await;
        stream.write_all(body.as_bytes()).await.unwrap();
        if goes_on {
            stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        }
        let text = read_all(&mut stream).await;
        assert!(text.starts_with("HTTP/1.1 405"), "{head}: {text}");
        assert_eq!(text.contains("HTTP/1.1 200"), goes_on, "{head}: {text}");
        assert_eq!(text.contains("connection: close"), !goes_on, "{head}: {text}");
    }
}

#[tokio::test]
async fn the_drain_is_bounded() {
    let (address, stop, mut task) = start(Duration::from_millis(50)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    sleep(Duration::from_millis(50)).await;
    stop.send(()).unwrap();
    timeout(Duration::from_millis(250), task.join_next()).await.unwrap().unwrap().unwrap().unwrap();
    assert!(read_all(&mut stream).await.matches("part;").count() < 3);
}

#[tokio::test]
async fn a_connection_without_a_request_does_not_delay_the_end() {
    let (address, stop, mut task) = start(Duration::from_secs(5)).await;
    let _idle = TcpStream::connect(address).await.unwrap();
    sleep(Duration::from_millis(50)).await;
    stop.send(()).unwrap();
    timeout(Duration::from_millis(150), task.join_next()).await.unwrap().unwrap().unwrap().unwrap();
}

#[tokio::test]
async fn silent_and_slow_heads_are_cut() {
    let (address, _stop, _task) = start(Duration::from_secs(1)).await;
    for beginning in [&b""[..], b"P", b"PRI * HT", b"GET / HTTP/1.1\r\nho"] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(beginning).await.unwrap();
        let text = read_all(&mut stream).await;
        assert!(!text.contains("hello"), "{beginning:?}");
    }
}

#[tokio::test]
async fn both_versions_are_spoken() {
    let (address, _stop, _task) = start(Duration::from_secs(1)).await;
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(b"G").await.unwrap();
    sleep(Duration::from_millis(30)).await;
    stream.write_all(b"ET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await.unwrap();
    assert!(read_all(&mut stream).await.ends_with("hello"));
    // A gRPC channel speaks HTTP/2 with prior knowledge.
    let channel = tonic::transport::Endpoint::from_shared(format!("http://{address}")).unwrap().connect_lazy();
    let request = http::Request::get("/").body(tonic::body::Body::empty()).unwrap();
    let response = tower::ServiceExt::oneshot(channel, request).await.unwrap();
    assert_eq!((response.version(), response.status().as_u16()), (http::Version::HTTP_2, 200));
    assert_eq!(&response.into_body().collect().await.unwrap().to_bytes()[..], b"hello");
}
