//! Pictures, sound and documents.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::{
    domain::chat::{Audio, ChatRequest, File, Image, MediaSource, Message, Part, Role},
    providers::{
        adapter::{Adapter, EncodeError, Encoded, Mode},
        gigachat::GigaChatAdapter,
    },
};

const MODEL: &str = "GigaChat-2-Pro";
const MB: usize = 1 << 20;

fn data(mime_type: &str, size: usize) -> MediaSource {
    MediaSource::Data { mime_type: mime_type.to_owned(), data: Bytes::from(vec![7; size]) }
}

fn image(source: MediaSource) -> Part {
    Part::Image(Image { source, detail: None })
}

fn audio(source: MediaSource) -> Part {
    Part::Audio(Audio { source: Some(source), audio_id: String::new() })
}

fn file(source: MediaSource, filename: &str) -> Part {
    Part::File(File { source, filename: filename.to_owned() })
}

fn chat(messages: Vec<Vec<Part>>) -> ChatRequest {
    let message = |parts| Message { role: Role::User, parts, name: String::new() };
    let answered = |parts| {
        let answer = Message { role: Role::Assistant, parts: vec![Part::Text("ok".into())], name: String::new() };
        [message(parts), answer]
    };
    ChatRequest { messages: messages.into_iter().flat_map(answered).collect(), ..ChatRequest::default() }
}

fn encode(messages: Vec<Vec<Part>>) -> Result<Encoded, EncodeError> {
    GigaChatAdapter::default().encode(&chat(messages), MODEL, Mode::Unary)
}

fn attachments(encoded: &Encoded, ids: &[&str]) -> Vec<Value> {
    let ids: Vec<_> = ids.iter().map(|id| (*id).to_owned()).collect();
    let body = GigaChatAdapter::default().files().unwrap().attach(encoded, &ids);
    let body: Value = serde_json::from_slice(&body).unwrap();
    body["messages"].as_array().unwrap().iter().map(|message| message["attachments"].clone()).collect()
}

#[test]
fn uploads_each_file_once() {
    let known = MediaSource::FileId("0".into());
    let encoded = encode(vec![
        vec![image(data("image/png", 1)), file(data("application/pdf", 2), "a.pdf"), audio(data("audio/mpeg", 3))],
        vec![image(data("IMAGE/PNG; x=y", 1)), file(known.clone(), "")],
        vec![image(known), Part::Text("\"attachments\":[0]".into())],
    ])
    .unwrap();
    let uploads: Vec<_> = encoded.uploads.iter().map(|u| (u.filename.as_str(), u.mime_type.as_str())).collect();
    assert_eq!(uploads, [("image.png", "image/png"), ("a.pdf", "application/pdf"), ("audio.mp3", "audio/mp3")]);
    let want = [json!(["x", "y", "z"]), Value::Null, json!(["x", "0"]), Value::Null, json!(["0"]), Value::Null];
    assert_eq!(attachments(&encoded, &["x", "y", "z"]), want);
    // Two uploads may turn out to be one file.
    assert_eq!(attachments(&encoded, &["x", "x", "z"])[0], json!(["x", "z"]));
}

#[test]
fn keeps_everything_else_of_the_body() {
    let options = r#"{"storage":{"messages":[1],"attachments":[0]},"repetition_penalty":1.10}"#;
    let request = ChatRequest { provider_options: options.to_owned(), ..chat(vec![vec![image(data("image/png", 1))]]) };
    let adapter = GigaChatAdapter::default();
    let encoded = adapter.encode(&request, MODEL, Mode::Unary).unwrap();
    let attached = adapter.files().unwrap().attach(&encoded, &["id".to_owned()]);
    let (before, after) = (String::from_utf8_lossy(&encoded.body), String::from_utf8_lossy(&attached));
    assert_eq!(before.replacen(r#""attachments":[0]"#, r#""attachments":["id"]"#, 1), after);
    assert!(after.contains(r#""storage":{"messages":[1],"attachments":[0]},"repetition_penalty":1.10"#), "{after}");
}

#[test]
fn refuses_what_the_service_does_not_take() {
    let check = |messages: Vec<Vec<Part>>, field: &str| {
        let error = encode(messages).map(|_| ()).expect_err(field);
        assert_eq!(error.field, format!("prompt.messages{field}"), "{error}");
    };
    let picture = || image(data("image/png", 1));
    check(vec![vec![image(data("image/webp", 1))]], "[0].parts[0].image.source.mime_type");
    check(vec![vec![image(data("application/pdf", 1))]], "[0].parts[0].image.source.mime_type");
    check(vec![vec![audio(data("audio/flac", 1))]], "[0].parts[0].audio.source.mime_type");
    check(vec![vec![file(data("application/zip", 1), "")]], "[0].parts[0].file.source.mime_type");
    check(vec![vec![image(data("image/png", 15 * MB + 1))]], "[0].parts[0].image.source.data");
    check(vec![vec![file(data("text/plain", 40 * MB + 1), "")]], "[0].parts[0].file.source.data");
    check(vec![vec![picture(), picture()]], "[0].parts[1].image");
    check(vec![vec![picture(), file(data("image/png", 1), "b.png")]], "[0].parts[1].file");
    check((0..11).map(|_| vec![picture()]).collect(), "[20].parts[0].image");
    check((1..=3).map(|n| vec![audio(data("audio/wav", 27 * MB + n))]).collect(), "[4].parts[0].audio.source.data");
    let url = MediaSource::Url { url: "https://example.com/a.wav".into(), mime_type: String::new() };
    check(vec![vec![audio(url.clone())]], "[0].parts[0].audio.source.url");
    check(vec![vec![image(url)]], "[0].parts[0].image.source.url");
    check(vec![vec![image(MediaSource::FileId(String::new()))]], "[0].parts[0].image.source.file_id");
}

#[test]
fn tells_that_only_the_first_document_is_read() {
    let document = |name: &str| file(data("text/plain", 1), name);
    let encoded = encode(vec![vec![document("a.txt")], vec![document("b.txt")]]).unwrap();
    let fields: Vec<_> = encoded.warnings.iter().map(|warning| warning.field.as_str()).collect();
    assert_eq!(fields, ["prompt.messages[2].parts[0].file"]);
}

#[test]
fn needs_the_bytes_of_every_address() {
    let adapter = GigaChatAdapter::default();
    for (url, needed) in [("https://a/b", true), ("HTTP://a/b", true), ("gs://a/b", false), ("", false)] {
        assert_eq!(adapter.needs_bytes_of(MODEL, url), needed, "{url}");
    }
}
