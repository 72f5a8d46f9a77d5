//! Reads the answer to a unary request.

use bytes::Bytes;

use super::{
    errors::answered,
    reader::Reader,
    stream::StreamReader,
    whole::{decode_whole, trim},
};
use crate::{
    domain::{
        event::ChatEvent,
        failure::{FailureClass, UpstreamFailure},
    },
    providers::{
        adapter::{Reply, StreamDecoder},
        sse::SseParser,
    },
};

/// Returns the events of an answer. Servers that stream regardless are read all the same.
pub fn decode(answer: Reply<'_>, mut reader: Reader) -> Result<Vec<ChatEvent>, UpstreamFailure> {
    let body = trim(answer.body);
    let mut out = Vec::new();
    if body.starts_with(b"data:") || body.starts_with(b"event:") {
        decode_stream(body, reader, &mut out)?;
    } else {
        decode_whole(answer, &mut reader, &mut out)?;
    }
    Ok(out)
}

fn decode_stream(body: &[u8], reader: Reader, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure> {
    let mut parser = SseParser::new(body.len());
    let mut stream = StreamReader::new(reader);
    let too_long = |_| answered(FailureClass::BadResponse, "the provider's answer is too long", None);
    parser.feed(Bytes::copy_from_slice(body));
    while let Some(event) = parser.next_event().map_err(too_long)? {
        stream.feed(&event, out)?;
    }
    if let Some(event) = parser.finish().map_err(too_long)? {
        stream.feed(&event, out)?;
    }
    stream.finish(parser.stray(), out)
}
