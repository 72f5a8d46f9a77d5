use std::collections::BTreeMap;

use bytes::Bytes;

use super::*;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

fn asked(picture: MediaSource) -> Extraction {
    Extraction {
        picture,
        filename: "scan.pdf".into(),
        model: "m".into(),
        prompt: String::new(),
        detail: None,
        max_output_tokens: Some(7),
        temperature: Some(0.0),
        metadata: BTreeMap::new(),
        end_user_id: None,
        provider_options: String::new(),
        strict: true,
    }
}

#[test]
fn a_picture_is_a_picture_and_a_pdf_is_a_file() {
    let data =
        |mime_type: &str, data| MediaSource::Data { mime_type: mime_type.into(), data: Bytes::from_static(data) };
    let url = |url: &str, mime_type: &str| MediaSource::Url { url: url.into(), mime_type: mime_type.into() };
    let cases = [
        (data("image/png", PNG), false),
        (data("application/pdf", PNG), false),
        (data("image/png", b"%PDF-1.7"), true),
        (url("https://a/b", ""), false),
        (url("https://a/b", "application/pdf"), true),
        (url("https://a/b.PDF?c=d", ""), true),
        (url("https://a/b.pdf", "image/png"), false),
        (url("https://a/b?c=d.pdf", ""), false),
        (MediaSource::FileId("f".into()), false),
    ];
    for (picture, is_file) in cases {
        let request = chat_of(asked(picture.clone()));
        let parts = &request.messages[0].parts;
        let found = match &parts[0] {
            Part::File(File { source, filename }) => (source, filename == "scan.pdf"),
            Part::Image(Image { source, .. }) => (source, false),
            other => panic!("{other:?}"),
        };
        assert_eq!(found, (&picture, is_file));
        assert_eq!(parts[1], Part::Text(READ_ALL.into()));
        assert_eq!((request.sampling.max_output_tokens, request.sampling.temperature), (Some(7), Some(0.0)));
        assert!(request.strict && request.operation == Operation::Vision);
    }
}

#[test]
fn the_callers_prompt_counts() {
    let picture = MediaSource::Data { mime_type: "image/png".into(), data: Bytes::from_static(PNG) };
    let request = chat_of(Extraction { prompt: "only the date".into(), ..asked(picture) });
    assert_eq!(request.messages[0].parts[1], Part::Text("only the date".into()));
}
