//! Text out of pictures: the three rpcs, over a socket, with upstreams that do what a test says.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod support;

use ai_model_gateway::pb::{
    self, media_source::Source, stream_extract_text_response::Event, upload_and_extract_text_request::Payload,
    vision_service_client::VisionServiceClient,
};
use support::gateway::{Gateway, with_key};
use tonic::{Code, Status, transport::Channel};
use tonic_types::StatusExt as _;

/// A PNG of one pixel. Composed.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0";

async fn client(gateway: &Gateway) -> VisionServiceClient<Channel> {
    let channel = Channel::from_shared(format!("http://{}", gateway.grpc)).unwrap().connect().await.unwrap();
    VisionServiceClient::new(channel)
}

fn image(mime_type: &str, data: &[u8]) -> Option<pb::MediaSource> {
    let source = Some(Source::Data(data.to_vec().into()));
    Some(pb::MediaSource { source, mime_type: mime_type.into() })
}

fn asking(model: &str) -> Option<pb::ExtractionOptions> {
    Some(pb::ExtractionOptions { model: model.into(), ..Default::default() })
}

/// Returns code, reason and field of an error.
fn told(status: &Status) -> (Code, String, String) {
    let details = status.get_error_details();
    let reason = details.error_info().map(|info| info.reason.clone()).unwrap_or_default();
    let field = details.bad_request().map(|bad| bad.field_violations[0].field.clone()).unwrap_or_default();
    (status.code(), reason, field)
}

fn upload(header: pb::ExtractionUploadHeader, data: &[u8]) -> Vec<pb::UploadAndExtractTextRequest> {
    let chunks = data.chunks(10).map(|chunk| Payload::Chunk(chunk.to_vec().into()));
    let payloads = std::iter::once(Payload::Header(header)).chain(chunks);
    payloads.map(|payload| pb::UploadAndExtractTextRequest { payload: Some(payload) }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_key_the_sandbox_says_what_came() {
    let gateway = Gateway::start(&[]).await;
    let mut client = client(&gateway).await;
    let want =
        format!("The sandbox reads no images. It was sent 1 image: image/png of {} bytes, 1 x 1 pixels.", PNG.len());

    let request = pb::ExtractTextRequest { image: image("image/png", PNG), options: None };
    let unary = client.extract_text(with_key(request)).await.unwrap().into_inner().extraction.unwrap();
    assert_eq!((unary.text.as_str(), unary.provider.as_str(), unary.model.as_str()), (&*want, "sandbox", "vision"));
    assert_eq!((unary.attempts.len(), unary.finish_reason()), (1, pb::FinishReason::Stop));
    assert!(unary.usage.is_some() && unary.cost.is_some() && !unary.id.is_empty() && unary.create_time.is_some());

    let header = pb::ExtractionUploadHeader {
        mime_type: "image/png".into(),
        size_bytes: Some(PNG.len() as u64),
        ..Default::default()
    };
    let request = futures_util::stream::iter(upload(header, PNG));
    let uploaded = client.upload_and_extract_text(with_key(request)).await.unwrap().into_inner();
    assert_eq!(uploaded.extraction.unwrap().text, want);

    let request = pb::StreamExtractTextRequest { image: image("image/png", PNG), options: None };
    let mut stream = client.stream_extract_text(with_key(request)).await.unwrap().into_inner();
    let (mut text, mut number, mut finished) = (String::new(), 0, false);
    while let Some(event) = stream.message().await.unwrap() {
        assert!(!finished, "nothing follows the end");
        assert_eq!(event.sequence, number);
        match event.event.unwrap() {
            Event::Started(started) => assert_eq!((number, started.provider.as_str()), (0, "sandbox")),
            Event::TextDelta(delta) => text += &delta.text,
            Event::Finished(end) => finished = end.provider == "sandbox" && end.usage.is_some(),
            Event::Attempt(_) => panic!("nothing failed"),
        }
        number += 1;
    }
    assert!(finished);
    assert_eq!(text, want);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_requests_are_refused_by_field() {
    let gateway = Gateway::start(&[("AIGW_MAX_IMAGE_BYTES", "1KiB")]).await;
    let mut client = client(&gateway).await;
    let invalid = |field: &str| (Code::InvalidArgument, "INVALID_REQUEST".to_owned(), field.to_owned());
    let unsupported = |field: &str| (Code::InvalidArgument, "UNSUPPORTED_MEDIA_TYPE".to_owned(), field.to_owned());
    let too_large = |field: &str| (Code::ResourceExhausted, "TOO_LARGE".to_owned(), field.to_owned());
    let cases = [
        ("no image", None, None, invalid("image")),
        ("blind", image("image/png", PNG), asking("sandbox/echo"), invalid("options.model")),
        ("a zip", image("image/png", b"PK\x03\x04"), None, unsupported("image.mime_type")),
        ("text", image("image/png", b"hello"), None, unsupported("image.mime_type")),
        ("unknown", image("", b"\0\x01\x02"), None, unsupported("image.mime_type")),
        ("large", image("image/png", &[0; 1025]), None, too_large("image.data")),
    ];
    for (name, image, options, want) in cases {
        let request = pb::ExtractTextRequest { image, options };
        let status = client.extract_text(with_key(request)).await.unwrap_err();
        assert_eq!(told(&status), want, "{name}: {status:?}");
    }
    let size = |size| pb::ExtractionUploadHeader { size_bytes: size, ..Default::default() };
    for (name, messages, want) in [
        ("large as said", upload(size(Some(1025)), PNG), too_large("header.size_bytes")),
        ("large as sent", upload(size(None), &[0; 1025]), too_large("chunk")),
        ("short", upload(size(Some(99)), PNG), invalid("header.size_bytes")),
        ("headless", upload(size(None), PNG).split_off(1), invalid("header")),
    ] {
        let request = with_key(futures_util::stream::iter(messages));
        let status = client.upload_and_extract_text(request).await.unwrap_err();
        assert_eq!(told(&status), want, "{name}: {status:?}");
    }
    gateway.stop().await;
}
