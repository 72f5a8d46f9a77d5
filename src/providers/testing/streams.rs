//! Runs streams in pieces, and what must hold for every one of them.

use bytes::Bytes;
use serde_json::Value;

use crate::{
    domain::{
        completion::ChatCompletion,
        event::ChatEvent,
        failure::{FailureClass, UpstreamFailure},
        fold::Fold,
    },
    providers::{
        adapter::{Adapter, Memo, StreamDecoder},
        sse::{SseEvent, SseParser},
    },
};

/// The events of a stream and how it ended.
pub type Read = (Vec<ChatEvent>, Result<(), UpstreamFailure>);

/// Writes the provider's side of a stream fixture as it would come over the wire, with the place behind each chunk.
/// Texts among the chunks are comments.
pub fn sse_body(side: &Value) -> (Vec<u8>, Vec<usize>) {
    let (mut body, mut ends) = (String::new(), Vec::new());
    for chunk in side["chunks"].as_array().expect("chunks") {
        if side["event_lines"] == true {
            body += &format!("event: {}\n", chunk["type"].as_str().expect("a type"));
        }
        match chunk {
            Value::String(comment) => body += comment,
            chunk => body += &format!("data: {chunk}"),
        }
        ends.push(body.len());
        body += "\n\n";
    }
    if side["done"] == true {
        body += "data: [DONE]\n\n";
    }
    (body.into_bytes(), ends)
}

/// Reads a body that comes in pieces, as the driver does.
pub fn read<'a>(adapter: &dyn Adapter, memo: &Memo, pieces: impl IntoIterator<Item = &'a [u8]>) -> Read {
    let (mut out, mut decoder) = (Vec::new(), adapter.stream_decoder(memo));
    let end = drive(&mut *decoder, pieces, &mut out);
    (out, end)
}

fn drive<'a>(
    decoder: &mut dyn StreamDecoder,
    pieces: impl IntoIterator<Item = &'a [u8]>,
    out: &mut Vec<ChatEvent>,
) -> Result<(), UpstreamFailure> {
    let mut parser = SseParser::new(1 << 20);
    for piece in pieces {
        parser.feed(Bytes::copy_from_slice(piece));
        while let Some(event) = parser.next_event().expect("under the limit") {
            feed(decoder, &event, out)?;
        }
    }
    if let Some(event) = parser.finish().expect("under the limit") {
        feed(decoder, &event, out)?;
    }
    decoder.finish(parser.stray(), out)
}

/// The driver stops when the decoder is done, so nothing that is said later may count.
fn feed(decoder: &mut dyn StreamDecoder, event: &SseEvent, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
    let (was_done, before) = (decoder.is_done(), out.len());
    let result = decoder.feed(event, out);
    assert!(!was_done || out.len() == before, "done, but then came {event:?}");
    result
}

/// Adds events up, and sees that there is one start and one end at most, with nothing behind the end.
pub fn fold(events: impl AsRef<[ChatEvent]>) -> Option<ChatCompletion> {
    let events = events.as_ref();
    let count = |wanted: fn(&ChatEvent) -> bool| events.iter().filter(|event| wanted(event)).count();
    let finished = count(|event| matches!(event, ChatEvent::Finished(_)));
    assert!(finished <= 1, "finished {finished} times");
    if finished == 1 {
        assert!(matches!(events.last(), Some(ChatEvent::Finished(_))), "something follows the end: {events:?}");
    }
    assert!(count(|event| matches!(event, ChatEvent::Started(_))) <= 1, "started twice");
    let mut fold = Fold::default();
    events.iter().for_each(|event| fold.push(event.clone()));
    fold.into_completion()
}

/// Any split of a body gives the same events.
pub fn check_splits(name: &str, adapter: &dyn Adapter, memo: &Memo, body: &[u8]) {
    let whole = read(adapter, memo, [body]);
    for size in 1..body.len().min(300) {
        assert_eq!(read(adapter, memo, body.chunks(size)), whole, "{name} in pieces of {size}");
    }
    for at in 0..body.len() {
        let (a, b) = body.split_at(at);
        assert_eq!(read(adapter, memo, [a, b]), whole, "{name} split at {at}");
    }
}

/// A body that is cut before `end`, where its answer is whole, is a failure.
pub fn check_cuts(name: &str, adapter: &dyn Adapter, memo: &Memo, body: &[u8], end: usize) {
    for cut in 0..=body.len() {
        let (events, result) = read(adapter, memo, [&body[..cut]]);
        assert_eq!(result.is_ok(), cut >= end, "{name} cut at {cut}: {result:?}");
        assert_eq!(fold(&events).is_some(), cut >= end, "{name} cut at {cut}");
        if let Err(failure) = result {
            assert!(matches!(failure.class, FailureClass::Network | FailureClass::BadResponse), "{name} cut at {cut}");
        }
    }
}
