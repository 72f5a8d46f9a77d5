use futures_util::stream;

use super::*;

const LIMIT: ImageLimit = ImageLimit(10);
const IDLE: UploadLimits = UploadLimits { idle: Duration::from_secs(30) };

type Message = Result<pb::UploadAndExtractTextRequest, Status>;

fn header(size_bytes: Option<u64>) -> Message {
    let header = pb::ExtractionUploadHeader { size_bytes, mime_type: "image/png".into(), ..Default::default() };
    Ok(pb::UploadAndExtractTextRequest { payload: Some(Payload::Header(header)) })
}

fn chunk(bytes: &'static [u8]) -> Message {
    Ok(pb::UploadAndExtractTextRequest { payload: Some(Payload::Chunk(Bytes::from_static(bytes))) })
}

fn late_options(model: &str) -> Message {
    let options = pb::ExtractionOptions { model: model.into(), ..Default::default() };
    Ok(pb::UploadAndExtractTextRequest { payload: Some(Payload::LateOptions(options)) })
}

/// Returns the picture, or the field that is complained about.
async fn received(messages: Vec<Message>, pause_at_end: bool) -> Result<Bytes, String> {
    let end = stream::once(tokio::time::sleep(if pause_at_end { IDLE.idle * 2 } else { Duration::ZERO }));
    let mut messages = stream::iter(messages).chain(end.filter_map(|()| std::future::ready(None))).boxed();
    let field = |error: Error| {
        let limit = error.metadata.iter().any(|(name, value)| *name == "limit_bytes" && value == "10");
        let field = error.field.unwrap_or_default();
        Status::invalid_argument(if limit { format!("{field}, limit") } else { field })
    };
    let result = receive(&mut messages, IDLE, LIMIT, field).await;
    result.map(|(_, data)| data).map_err(|status| status.message().to_owned())
}

#[tokio::test(start_paused = true)]
async fn a_picture_comes_in_pieces() {
    let empty = || Ok(pb::UploadAndExtractTextRequest { payload: None });
    let cases: Vec<(&str, Vec<Message>, Result<&str, &str>)> = vec![
        ("in pieces", vec![header(None), chunk(b"ab"), chunk(b""), chunk(b"c")], Ok("abc")),
        ("of a known size", vec![header(Some(3)), chunk(b"ab"), chunk(b"c")], Ok("abc")),
        ("as large as may be", vec![header(Some(10)), chunk(b"0123456789")], Ok("0123456789")),
        ("nothing at all", vec![], Err("header")),
        ("no header", vec![chunk(b"a")], Err("header")),
        ("an empty message first", vec![empty()], Err("header")),
        ("a second header", vec![header(None), header(None)], Err("chunk")),
        ("an empty message later", vec![header(None), empty()], Err("chunk")),
        ("no chunk", vec![header(None)], Err("chunk")),
        ("no chunk of a known size", vec![header(Some(3))], Err("header.size_bytes")),
        ("shorter than said", vec![header(Some(3)), chunk(b"ab")], Err("header.size_bytes")),
        ("longer than said", vec![header(Some(3)), chunk(b"abcd")], Err("header.size_bytes")),
        ("too large as said", vec![header(Some(11))], Err("header.size_bytes, limit")),
        ("far too large as said", vec![header(Some(u64::MAX))], Err("header.size_bytes, limit")),
        ("too large as sent", vec![header(None), chunk(b"0123456789"), chunk(b"a")], Err("chunk, limit")),
        ("options at the end", vec![header(None), chunk(b"a"), late_options("m")], Ok("a")),
        ("options without a picture", vec![header(None), late_options("m")], Err("chunk")),
        ("options twice", vec![header(None), chunk(b"a"), late_options("m"), late_options("m")], Err("late_options")),
        ("a chunk after options", vec![header(None), chunk(b"a"), late_options("m"), chunk(b"b")], Err("late_options")),
        ("no options but late ones", vec![late_options("m")], Err("header")),
        ("broken off", vec![header(None), chunk(b"a"), Err(Status::cancelled("gone"))], Err("gone")),
    ];
    for (name, messages, want) in cases {
        let want = want.map(|text| Bytes::from_static(text.as_bytes())).map_err(str::to_owned);
        assert_eq!(received(messages, false).await, want, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn late_options_are_those_of_the_header_and_come_once() {
    let ours = |error: Error| Status::invalid_argument(error.field.unwrap_or_default());
    let early = Some(pb::ExtractionOptions { model: "early".into(), ..Default::default() });
    for (options, want) in [(None, Ok("late".to_owned())), (early, Err("late_options".to_owned()))] {
        let header = pb::ExtractionUploadHeader { options, ..Default::default() };
        let header = Ok(pb::UploadAndExtractTextRequest { payload: Some(Payload::Header(header)) });
        let mut messages = stream::iter([header, chunk(b"a"), late_options("late")]);
        let result = receive(&mut messages, IDLE, LIMIT, ours).await;
        let model = result.map(|(header, _)| header.options.unwrap().model);
        assert_eq!(model.map_err(|status| status.message().to_owned()), want);
    }
}

#[tokio::test(start_paused = true)]
async fn a_silent_upload_ends() {
    for messages in [vec![], vec![header(None)], vec![header(None), chunk(b"a")]] {
        assert_eq!(received(messages, true).await, Err("chunk".to_owned()));
    }
}

#[test]
fn room_is_made_for_what_may_come_and_no_more() {
    for (size, room) in [(Some(3), 3), (None, 10), (Some(u64::MAX), 10)] {
        let picture = Picture::new(size, LIMIT);
        assert!(picture.data.capacity() >= room && picture.data.capacity() < 100, "{size:?}");
    }
}
