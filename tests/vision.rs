//! Text out of pictures: the three rpcs, over a socket, with upstreams that do what a test says.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and waits for its tasks itself")]

mod support;

use ai_model_gateway::pb::{
    self, chat_service_client::ChatServiceClient, media_source::Source, stream_extract_text_response::Event,
    upload_and_extract_text_request::Payload, vision_service_client::VisionServiceClient,
};
use std::{
    io::Write as _,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use support::{
    gateway::{Gateway, with_key},
    seeing::{FILE_ID, TEXT, answer, configuration, gemini, settings, stream_of},
    upstream::{Act, ScriptedUpstream, Seen, json_reply},
};
use tonic::{Code, Status, transport::Channel};
use tonic_health::pb::{HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient};
use tonic_types::StatusExt as _;

/// A PNG of one pixel. Composed.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\0\0\0\0";

async fn client(gateway: &Gateway) -> VisionServiceClient<Channel> {
    let channel = gateway.channel().await;
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

/// Sends a picture in a chat.
async fn chat_about(gateway: &Gateway, data: &[u8]) -> Result<(), Status> {
    let image = pb::ImagePart { source: image("image/png", data), ..Default::default() };
    let part = pb::Part { content: Some(pb::part::Content::Image(image)) };
    let message = pb::Message { role: pb::Role::User.into(), parts: vec![part], ..Default::default() };
    let prompt = pb::ChatPrompt { model: "sandbox/vision".into(), messages: vec![message], ..Default::default() };
    let request = with_key(pb::CreateChatCompletionRequest { prompt: Some(prompt) });
    let channel = gateway.channel().await;
    ChatServiceClient::new(channel).create_chat_completion(request).await.map(|_| ())
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
    // A picture in a chat is held to the same.
    let status = chat_about(&gateway, &[0; 1025]).await.unwrap_err();
    assert_eq!(told(&status), too_large("prompt.messages[0].parts[0].image.source.data"), "{status:?}");
    let details = status.get_error_details();
    assert_eq!(details.error_info().unwrap().metadata["limit_bytes"], "1024");
    chat_about(&gateway, PNG).await.unwrap();
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

/// What an upstream was asked, in order.
type Log = Arc<Mutex<Vec<Seen>>>;

/// A gateway with all providers behind an upstream that keeps what it was asked.
struct World {
    gateway: Gateway,
    client: VisionServiceClient<Channel>,
    log: Log,
    _upstream: ScriptedUpstream,
    _config: tempfile::NamedTempFile,
}

impl World {
    /// `script` answers first; where it says nothing, the provider reads.
    async fn start(
        further: &[(&str, &str)],
        script: impl Fn(&Seen) -> Option<Vec<Act>> + Send + Sync + 'static,
    ) -> Self {
        let log = Log::default();
        let kept = log.clone();
        let upstream = ScriptedUpstream::start(move |seen| {
            kept.lock().unwrap().push(seen.clone());
            script(seen).unwrap_or_else(|| answer(seen))
        })
        .await;
        let mut config = tempfile::NamedTempFile::with_suffix(".yaml").unwrap();
        config.write_all(configuration(&upstream.url()).as_bytes()).unwrap();
        let own = settings(&upstream.url());
        let mut settings: Vec<(&str, &str)> = own.iter().map(|(name, value)| (*name, value.as_str())).collect();
        settings.push(("AIGW_CONFIG", config.path().to_str().unwrap()));
        settings.extend(further);
        let gateway = Gateway::start(&settings).await;
        let client = client(&gateway).await;
        Self { gateway, client, log, _upstream: upstream, _config: config }
    }

    async fn extract(
        &mut self,
        image: Option<pb::MediaSource>,
        options: Option<pb::ExtractionOptions>,
    ) -> Result<pb::TextExtraction, Status> {
        let request = with_key(pb::ExtractTextRequest { image, options });
        self.client.extract_text(request).await.map(|response| response.into_inner().extraction.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_provider_is_shown_the_picture() {
    let mut world = World::start(&[], |_| None).await;
    // The larger one is written into the body on its way.
    for picture in [PNG.to_vec(), [PNG, &[7; 100_001]].concat()] {
        shown(&mut world, &picture).await;
    }
    world.gateway.stop().await;
}

async fn shown(world: &mut World, picture: &[u8]) {
    let base64 = STANDARD.encode(picture);
    let url = format!("data:image/png;base64,{base64}");
    let cases = [
        ("google/gemini-3.8-flash", "google", format!(r#""inlineData":{{"mimeType":"image/png","data":"{base64}"}}"#)),
        ("x-ai/grok-4.3", "xai", format!(r#""image_url":{{"url":"{url}"}}"#)),
        ("sber/GigaChat-2-Pro", "gigachat", format!(r#""attachments":["{FILE_ID}"]"#)),
        ("perplexity/sonar", "perplexity", format!(r#"{{"type":"input_image","image_url":"{url}"}}"#)),
        ("acme/seer", "acme", format!(r#""image_url":{{"url":"{url}"}}"#)),
    ];
    for (model, provider, wire) in cases {
        world.log.lock().unwrap().clear();
        let read =
            world.extract(image("image/png", picture), asking(model)).await.unwrap_or_else(|e| panic!("{model}: {e}"));
        assert_eq!((read.text.as_str(), read.provider.as_str()), (TEXT, provider));
        assert_eq!(read.finish_reason(), pb::FinishReason::Stop, "{model}");
        assert_eq!(read.usage.and_then(|usage| usage.input_tokens), Some(1000), "{model}");
        assert!(read.cost.is_some() && !read.model.is_empty() && read.attempts.len() == 1, "{model}");
        let log = world.log.lock().unwrap();
        let asked = log.last().unwrap();
        assert!(asked.body.contains(&wire), "{model}: the picture is not in {} bytes", asked.body.len());
        assert!(asked.body.contains("reading order"), "{model}: the default prompt");
        let uploads = log.iter().filter(|seen| seen.head.contains("/gigachat/files"));
        let uploads: Vec<_> = uploads.filter(|seen| seen.body.contains("content-type: image/png")).collect();
        assert_eq!(uploads.len(), usize::from(provider == "gigachat"), "{model}");
        assert!(uploads.iter().all(|seen| seen.body.len() > picture.len()), "{model}: the whole picture");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_go_where_they_are_read() {
    let mut world = World::start(&[("PERPLEXITY_API", "sonar")], |_| None).await;
    let pdf = b"%PDF-1.7 composed";
    let base64 = STANDARD.encode(pdf);
    for (model, wire) in [
        ("google/gemini-3.8-flash", format!(r#""mimeType":"application/pdf","data":"{base64}""#)),
        ("perplexity/sonar", format!(r#""file_url":{{"url":"{base64}"}}"#)),
        ("sber/GigaChat-2-Pro", format!(r#""attachments":["{FILE_ID}"]"#)),
    ] {
        world.extract(image("application/pdf", pdf), asking(model)).await.unwrap_or_else(|e| panic!("{model}: {e}"));
        let asked = world.log.lock().unwrap().last().unwrap().body.clone();
        assert!(asked.contains(&wire), "{model}: {wire} is not in {asked}");
    }
    for (model, data, takes) in [
        ("x-ai/grok-4.3", &pdf[..], "image/jpeg, image/png"),
        ("x-ai/grok-4.3", b"RIFF\x10\0\0\0WEBPVP8 ", "image/jpeg, image/png"),
        ("google/gemini-3.8-flash", b"GIF89a", "image/png, image/jpeg, image/webp, image/heic, application/pdf"),
        ("sber/GigaChat-2-Pro", b"\0\0\0\x20ftypheic", "image/jpeg, image/png, image/tiff, image/bmp, application/pdf"),
        ("acme/seer", b"BM......", "image/png, image/jpeg, image/webp, image/gif"),
    ] {
        let status = world.extract(image("", data), asking(model)).await.unwrap_err();
        let want = (Code::InvalidArgument, "UNSUPPORTED_MEDIA_TYPE".to_owned(), "image.mime_type".to_owned());
        assert_eq!(told(&status), want, "{model}");
        assert!(status.message().contains(&format!("takes {takes} only")), "{model}: {}", status.message());
    }
    world.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_key_takes_over_and_the_trace_tells() {
    let limited = r#"{"error":{"code":429,"message":"slow down","status":"RESOURCE_EXHAUSTED"}}"#;
    let script = move |seen: &Seen| {
        let first = seen.head.contains("x-goog-api-key: first-key");
        first.then(|| vec![Act::Send(json_reply("429 Too Many Requests", limited))])
    };
    let mut world = World::start(&[], script).await;
    let options = asking("google/gemini-3.8-flash");
    let mut request = with_key(pb::ExtractTextRequest { image: image("image/png", PNG), options: options.clone() });
    request.metadata_mut().insert("x-google-api-key", "first-key".parse().unwrap());
    let read = world.client.extract_text(request).await.unwrap().into_inner().extraction.unwrap();
    assert_eq!(read.text, TEXT);
    let classes: Vec<_> = read.attempts.iter().map(|attempt| attempt.failure_class.is_some()).collect();
    assert_eq!(classes, [true, false]);

    let mut request = with_key(pb::StreamExtractTextRequest { image: image("image/png", PNG), options });
    request.metadata_mut().insert("x-google-api-key", "first-key".parse().unwrap());
    let mut stream = world.client.stream_extract_text(request).await.unwrap().into_inner();
    let mut kinds = Vec::new();
    while let Some(event) = stream.message().await.unwrap() {
        kinds.push(match event.event.unwrap() {
            Event::Attempt(_) => "attempt",
            Event::Started(_) => "started",
            Event::TextDelta(_) => "text",
            Event::Finished(end) => {
                assert_eq!(end.attempts.len(), 2);
                "finished"
            }
        });
    }
    assert_eq!(kinds, ["attempt", "started", "text", "text", "finished"]);
    world.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_off_is_no_short_success() {
    let script = |seen: &Seen| {
        seen.head.contains("alt=sse").then(|| [stream_of(&[gemini("Xin", None)]), vec![Act::Reset]].concat())
    };
    let mut world = World::start(&[], script).await;
    let options = asking("google/gemini-3.8-flash");
    let request = with_key(pb::StreamExtractTextRequest { image: image("image/png", PNG), options });
    let mut stream = world.client.stream_extract_text(request).await.unwrap().into_inner();
    let mut text = String::new();
    let status = loop {
        match stream.message().await {
            Ok(Some(event)) => {
                if let Some(Event::TextDelta(delta)) = event.event {
                    text += &delta.text;
                }
            }
            Ok(None) => panic!("a stream without an end"),
            Err(status) => break status,
        }
    };
    assert_eq!((text.as_str(), told(&status).1.as_str()), ("Xin", "STREAM_INTERRUPTED"), "{status:?}");
    assert_eq!(status.code(), Code::Aborted);
    world.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_changed_is_told_and_strict_refuses_it() {
    let mut world = World::start(&[], |_| None).await;
    let jpeg = || image("image/jpeg", PNG);
    let detailed = |strict| {
        let detail = pb::ImageDetail::High.into();
        Some(pb::ExtractionOptions { model: "sber/GigaChat-2-Pro".into(), detail, strict, ..Default::default() })
    };
    let read = world.extract(jpeg(), detailed(false)).await.unwrap();
    let fields: Vec<_> = read.warnings.iter().map(|warning| warning.field.as_str()).collect();
    assert_eq!(fields, ["image.mime_type", "options.detail"], "{:?}", read.warnings);
    let unsupported = (Code::InvalidArgument, "UNSUPPORTED_MEDIA_TYPE".to_owned(), "image.mime_type".to_owned());
    assert_eq!(told(&world.extract(jpeg(), detailed(true)).await.unwrap_err()), unsupported);
    let dropped = (Code::InvalidArgument, "UNSUPPORTED_BY_PROVIDER".to_owned(), "options.detail".to_owned());
    assert_eq!(told(&world.extract(image("", PNG), detailed(true)).await.unwrap_err()), dropped);
    let blind = world.extract(jpeg(), asking("sber/GigaChat-2")).await.unwrap_err();
    assert_eq!(told(&blind), (Code::InvalidArgument, "INVALID_REQUEST".to_owned(), "options.model".to_owned()));
    assert!(blind.message().contains("sber/GigaChat-2-Max"), "{}", blind.message());
    world.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_default_model_is_one_the_caller_has_a_key_for() {
    let none =
        ["GOOGLE_AI_STUDIO_API_KEY", "XAI_API_KEY", "PERPLEXITY_API_KEY", "GIGACHAT_AUTH_KEY"].map(|name| (name, ""));
    for (name, settings, header, want) in [
        ("of the environment", &[][..], None, ("google", "gemini-3.8-flash")),
        ("as chosen", &[("GEMINI_VISION_MODEL_NAME", "gemini-3.5-flash")], None, ("google", "gemini-3.5-flash")),
        ("none at all", &none, None, ("sandbox", "vision")),
        ("of the request", &none, Some("x-xai-api-key"), ("xai", "grok-4.3")),
    ] {
        let mut world = World::start(settings, |_| None).await;
        let mut request = with_key(pb::ExtractTextRequest { image: image("image/png", PNG), options: None });
        if let Some(header) = header {
            request.metadata_mut().insert(header, "own-key".parse().unwrap());
        }
        let read = world.client.extract_text(request).await.unwrap().into_inner().extraction.unwrap();
        assert_eq!((read.attempts[0].provider.as_str(), read.attempts[0].model.as_str()), want, "{name}");
        world.gateway.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_key_counts_for_the_default_model() {
    let none = [("GOOGLE_AI_STUDIO_API_KEY", ""), ("XAI_API_KEY", "")];
    let mut world = World::start(&none, |_| None).await;
    let channel = world.gateway.channel().await;
    let provider_key = pb::ProviderKey { provider: "xai".into(), name: "mine".into(), ..Default::default() };
    let request = pb::CreateProviderKeyRequest { provider_key: Some(provider_key), secret: "stored-key".into() };
    let mut keys = pb::key_service_client::KeyServiceClient::new(channel);
    keys.create_provider_key(with_key(request)).await.unwrap();
    let read = world.extract(image("image/png", PNG), None).await.unwrap();
    assert_eq!((read.provider.as_str(), read.attempts[0].key_alias.as_str()), ("xai", "mine"));
    world.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn chats_are_held_to_the_bytes_as_well() {
    let gateway = Gateway::start(&[]).await;
    for (data, status) in [(PNG, 200), (b"PK\x03\x04", 415), (b"hello", 415)] {
        let url = format!("data:image/png;base64,{}", STANDARD.encode(data));
        let part = serde_json::json!({"type": "image_url", "image_url": {"url": url}});
        let body = serde_json::json!({"model": "sandbox/vision", "messages": [{"role": "user", "content": [part]}]});
        let request = gateway.post("/v1/chat/completions", "application/json").body(body.to_string());
        assert_eq!(request.send().await.unwrap().status().as_u16(), status, "{data:?}");
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_is_healthy() {
    let gateway = Gateway::start(&[]).await;
    let channel = gateway.channel().await;
    let request = HealthCheckRequest { service: "aigateway.v1.VisionService".into() };
    let health = HealthClient::new(channel).check(request).await.unwrap().into_inner();
    assert_eq!(health.status(), ServingStatus::Serving);
    gateway.stop().await;
}
