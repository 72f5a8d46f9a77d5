use super::*;
use crate::domain::{
    chat::{Message, Role},
    completion::Choice,
    usage::WarningAction,
};

fn bytes(mime_type: &str, data: &'static [u8]) -> Option<pb::MediaSource> {
    let source = Some(pb::media_source::Source::Data(Bytes::from_static(data)));
    Some(pb::MediaSource { source, mime_type: mime_type.into() })
}

fn address(url: &str) -> Option<pb::MediaSource> {
    let source = Some(pb::media_source::Source::Url(url.into()));
    Some(pb::MediaSource { source, ..Default::default() })
}

#[test]
fn fields_have_the_path_of_the_request() {
    for (field, message, upload) in [
        ("prompt.model", "options.model", "header.options.model"),
        ("prompt.temperature", "options.temperature", "header.options.temperature"),
        ("prompt.messages[0].parts[0].image.source.mime_type", "image.mime_type", "header.mime_type"),
        ("prompt.messages[0].parts[0].file.source.data", "image.data", "header.data"),
        ("prompt.messages[0].parts[0].image.detail", "options.detail", "header.options.detail"),
        ("prompt.messages[0].parts[0].file.filename", "image.filename", "header.filename"),
        ("prompt.messages[0].parts[1]", "options.prompt", "header.options.prompt"),
        ("prompt.messages.parts.image.source.url", "image", "header"),
        ("prompt.messages", "image", "header"),
        ("image.data", "image.data", "chunk"),
    ] {
        assert_eq!((Fields::Message.path(field), Fields::Upload.path(field)), (message.into(), upload.into()));
    }
}

#[test]
fn refuses_by_field() {
    let png = || bytes("image/png", b"x");
    let options = |change: fn(&mut pb::ExtractionOptions)| {
        let mut options = pb::ExtractionOptions::default();
        change(&mut options);
        Some(options)
    };
    let cases = [
        (None, None, "image"),
        (Some(pb::MediaSource::default()), None, "image"),
        (bytes("image/png", b""), None, "image.data"),
        (address(""), None, "image.url"),
        (address("file:///a.png"), None, "image.url"),
        (address("a.example/b.png"), None, "image.url"),
        (address("data:image/png;base64,AA"), None, "image.url"),
        (png(), options(|o| o.temperature = Some(2.5)), "options.temperature"),
        (png(), options(|o| o.max_output_tokens = Some(0)), "options.max_output_tokens"),
        (png(), options(|o| o.provider_options = "[]".into()), "options.provider_options"),
        (png(), options(|o| o.metadata = [("k".into(), "v".repeat(513))].into()), "options.metadata"),
    ];
    for (image, options, field) in cases {
        let error = extraction_of(image, options).unwrap_err();
        assert_eq!((error.kind, error.field.as_deref()), (ErrorKind::InvalidRequest, Some(field)), "{error}");
        assert!(error.message.contains(field), "{error}");
    }
    let header = pb::ExtractionUploadHeader {
        options: options(|o| o.temperature = Some(-1.0)),
        ..pb::ExtractionUploadHeader::default()
    };
    let error = uploaded(header, Bytes::from_static(b"x")).unwrap_err();
    assert_eq!(error.field.as_deref(), Some("header.options.temperature"));
}

#[test]
fn absent_options_stay_absent() {
    let asked = extraction_of(bytes("image/png", b"x"), None).unwrap();
    assert_eq!((asked.temperature, asked.max_output_tokens, asked.detail), (None, None, None));
    assert_eq!((asked.model.as_str(), asked.prompt.as_str()), ("", ""));
    let zero = pb::ExtractionOptions { temperature: Some(0.0), ..Default::default() };
    assert_eq!(extraction_of(bytes("", b"x"), Some(zero)).unwrap().temperature, Some(0.0));
}

#[test]
fn of_the_answer_only_the_text_counts() {
    let answer = |parts| {
        let choice = Choice {
            index: 0,
            message: Message { role: Role::Assistant, parts, name: String::new() },
            finish_reason: FinishReason::Stop,
            native_finish_reason: "stop".into(),
            citations: Vec::new(),
            logprobs: Vec::new(),
            refusal_logprobs: Vec::new(),
            audio: None,
        };
        let warning =
            Warning { field: "prompt.model".into(), action: WarningAction::Rewritten, message: "another".into() };
        ChatCompletion { choices: vec![choice], warnings: vec![warning], ..ChatCompletion::default() }
    };
    let read = vec![Part::Reasoning("hm".into()), Part::Text("a".into()), Part::Text("b".into())];
    let read = extraction_to_pb(answer(read), Fields::Upload).unwrap();
    assert_eq!((read.text.as_str(), read.finish_reason()), ("ab", pb::FinishReason::Stop));
    assert_eq!(read.warnings[0].field, "header.options.model");
    let refused = extraction_to_pb(answer(vec![Part::Refusal("no".into())]), Fields::Message).unwrap();
    assert_eq!((refused.text.as_str(), refused.finish_reason()), ("", pb::FinishReason::ContentFilter));
    assert!(extraction_to_pb(ChatCompletion::default(), Fields::Message).is_err());
}
