//! What must hold for any bytes a provider sends: no panic, no answer out of nothing, no growth without input.
//!
//! The first two bytes of an input say how it is cut into pieces; the rest is the provider's body.

use ai_model_gateway::{
    domain::{event::ChatEvent, fold::Fold},
    providers::{
        adapter::{Adapter, Memo, Reply, TokenExchange},
        sse::SseParser,
    },
};
use bytes::Bytes;
use http::HeaderMap;

/// Largest event, as in the gateway's default settings but smaller.
const MAX_EVENT: usize = 1 << 16;
/// Bytes of output that any input may bring: names, ids and empty structures.
const FREE: usize = 1 << 14;
/// Bytes of output per byte of input. JSON escapes and base64 only shrink; ids and structure around many tiny pieces
/// are what grows.
const GROWTH: usize = 512;

/// Runs everything that reads a chat provider's bytes.
pub fn check_adapter(adapter: &dyn Adapter, input: &[u8]) {
    let [size, status, body @ ..] = input else { return };
    let memos = [Memo::default(), Memo { answer_tool: Some("out".into()), ..Memo::default() }];
    let memo = &memos[usize::from(*size >> 7)];
    let headers = HeaderMap::new();
    let reply = |status| Reply { status, headers: &headers, body };
    let _ = adapter.decode_error(reply(400 + u16::from(*status)));
    if let Ok(events) = adapter.decode(memo, reply(200)) {
        check_events(&events, body.len(), true);
    }
    let streamed = read_stream(adapter, memo, body, usize::from(*size & 0x7f) + 1);
    // How the bytes come must not matter.
    assert_eq!(streamed, read_stream(adapter, memo, body, body.len().max(1)), "another split, another answer");
    if let Some(embeddings) = adapter.embeddings() {
        let _ = embeddings.decode_embeddings(reply(200));
    }
    if let Some(list) = adapter.model_list() {
        let _ = list.decode_models(reply(200));
    }
    if let Some(files) = adapter.files() {
        let _ = files.decode_upload(reply(200));
    }
}

/// Runs everything that reads the answers of a token endpoint.
pub fn check_tokens(tokens: &dyn TokenExchange, input: &[u8]) {
    let [status, body @ ..] = input else { return };
    let headers = HeaderMap::new();
    let reply = |status| Reply { status, headers: &headers, body };
    if let Ok(token) = tokens.decode_token(reply(200), std::time::SystemTime::UNIX_EPOCH) {
        assert!(!token.lifetime.is_zero(), "a token that never lives");
    }
    let _ = tokens.decode_error(reply(400 + u16::from(*status)));
}

/// Runs the parser of server-sent events alone.
pub fn check_sse(input: &[u8]) {
    let [size, body @ ..] = input else { return };
    let read = |size: usize| {
        let (mut parser, mut events) = (SseParser::new(MAX_EVENT), Vec::new());
        for piece in body.chunks(size) {
            parser.feed(Bytes::copy_from_slice(piece));
            loop {
                match parser.next_event() {
                    Ok(Some(event)) => events.push(event),
                    Ok(None) => break,
                    Err(_) => return None,
                }
            }
        }
        events.extend(parser.finish().ok()?);
        Some((events, parser.stray().to_vec()))
    };
    let one = read(body.len().max(1));
    assert_eq!(read(usize::from(*size) + 1), one, "another split, other events");
    let said = one.iter().flat_map(|(events, _)| events).map(|event| event.data.len()).sum::<usize>();
    assert!(said <= body.len(), "more data than bytes");
}

/// Returns the events of a stream and whether it ended well.
fn read_stream(adapter: &dyn Adapter, memo: &Memo, body: &[u8], size: usize) -> (String, bool) {
    let (mut parser, mut decoder, mut out) = (SseParser::new(MAX_EVENT), adapter.stream_decoder(memo), Vec::new());
    let mut ended = Ok(());
    'pieces: for piece in body.chunks(size) {
        parser.feed(Bytes::copy_from_slice(piece));
        loop {
            match parser.next_event() {
                Ok(Some(event)) if !decoder.is_done() => ended = decoder.feed(&event, &mut out),
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(_) => return (String::new(), false),
            }
            if ended.is_err() {
                break 'pieces;
            }
        }
    }
    if ended.is_ok()
        && !decoder.is_done()
        && let Ok(Some(event)) = parser.finish()
    {
        ended = decoder.feed(&event, &mut out);
    }
    if ended.is_ok() {
        ended = decoder.finish(parser.stray(), &mut out);
    }
    check_events(&out, body.len(), ended.is_ok());
    // Ids that were made up differ from run to run.
    (text_of(&out), ended.is_ok())
}

fn text_of(events: &[ChatEvent]) -> String {
    let text = |event: &ChatEvent| match event {
        ChatEvent::Text { choice, text, .. } => format!("[{choice}]{text}"),
        ChatEvent::ToolCallArguments { choice, index, arguments } => format!("({choice}.{index}){arguments}"),
        _ => String::new(),
    };
    events.iter().map(text).collect()
}

fn check_events(events: &[ChatEvent], input: usize, success: bool) {
    let finished = events.iter().filter(|event| matches!(event, ChatEvent::Finished(_))).count();
    assert_eq!(finished, usize::from(success), "exactly one end, and only of a success");
    if success {
        assert!(matches!(events.last(), Some(ChatEvent::Finished(_))), "nothing comes after the end");
        let mut fold = Fold::default();
        events.iter().cloned().for_each(|event| fold.push(event));
        let completion = fold.into_completion().expect("a success adds up to a completion");
        assert!(!completion.choices.is_empty(), "a success has a choice");
    }
    let output: usize = events.iter().map(weight).sum();
    assert!(output <= FREE + GROWTH * input, "{output} bytes of events from {input} bytes");
}

/// About how many bytes an event holds.
fn weight(event: &ChatEvent) -> usize {
    std::mem::size_of::<ChatEvent>()
        + match event {
            ChatEvent::Text { text, .. } | ChatEvent::Refusal { text, .. } | ChatEvent::Reasoning { text, .. } => {
                text.len()
            }
            ChatEvent::Audio { audio, .. } => audio.data.len() + audio.transcript.len(),
            ChatEvent::ToolCallStarted { id, name, .. } => id.len() + name.len(),
            ChatEvent::ToolCallArguments { arguments, .. } => arguments.len(),
            ChatEvent::Citation { citation, .. } => citation.url.len() + citation.title.len() + citation.snippet.len(),
            ChatEvent::ProviderState { state, .. } => state.data.len() + state.tool_call_id.len(),
            ChatEvent::Finished(finished) => finished.provider_metadata.len() + finished.native_reason.len(),
            _ => 0,
        }
}
