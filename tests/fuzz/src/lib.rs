//! What must hold for any bytes a provider sends: no panic, no answer out of nothing, no growth without input.
//!
//! The first three bytes of an adapter's input say how the body is cut into pieces, which request it answers and as
//! what, and which status it has when it is an error; the rest is the provider's body.

use ai_model_gateway::{
    admin::{
        key_import::{self, MAX_ROWS, parse},
        key_kinds::{KeyKind, KeyKinds},
    },
    domain::{
        event::{ChatEvent, TokenLogprob, TopLogprob},
        failure::UpstreamFailure,
        fold::Fold,
    },
    providers::{
        adapter::{Adapter, Format, Memo, Reply, StreamDecoder, TokenExchange},
        sse::SseParser,
    },
};
use bytes::Bytes;
use http::HeaderMap;

/// Largest event, as in the gateway's default settings but smaller.
const MAX_EVENT: usize = 1 << 16;
/// Bytes of output that any input may bring: sources are repeated up to a limit, and a choice costs little to name.
const FREE: usize = 2 << 20;
/// Bytes of output per byte of input. JSON escapes and base64 only shrink; ids and structure around many tiny pieces
/// are what grows.
const GROWTH: usize = 128;

/// Bytes of the longest message: a provider's words are shortened to 300 letters, and ours may stand around them.
const MAX_MESSAGE: usize = 1500;

/// Runs what reads a provider's bytes: mostly as a stream, else as one of the other answers there are. To read each input
/// as all of them would make the search several times as slow.
pub fn check_adapter(adapter: &dyn Adapter, input: &[u8]) {
    let [size, request, status, body @ ..] = input else { return };
    let headers = HeaderMap::new();
    let reply = |status| Reply { status, headers: &headers, body };
    match request >> 5 {
        7 => check_lists(adapter, reply(200)),
        6 => check_failure(&adapter.decode_error(reply(400 + u16::from(*status)))),
        5 => match adapter.decode(&memo(*request), reply(200)) {
            Ok(events) => check_events(&events, body.len(), true),
            Err(failure) => check_failure(&failure),
        },
        _ => {
            let (memo, whole) = (memo(*request), Bytes::copy_from_slice(body));
            let streamed = read_stream(adapter, &memo, &whole, usize::from(*size) + 1);
            // How the bytes come must not matter.
            assert_eq!(
                streamed,
                read_stream(adapter, &memo, &whole, body.len().max(1)),
                "another split, another answer"
            );
        }
    }
}

fn check_lists(adapter: &dyn Adapter, reply: Reply<'_>) {
    if let Some(Ok(answer)) = adapter.embeddings().map(|embeddings| embeddings.decode_embeddings(reply)) {
        let numbers = answer.vectors.iter().map(Vec::len).sum::<usize>();
        assert!(numbers <= reply.body.len(), "more numbers than bytes");
    }
    if let Some(Ok(models)) = adapter.model_list().map(|list| list.decode_models(reply)) {
        assert!(models.len() <= reply.body.len(), "more models than bytes");
    }
    if let Some(Ok(id)) = adapter.files().map(|files| files.decode_upload(reply)) {
        assert!(!id.is_empty() && id.len() <= reply.body.len(), "an id out of nothing");
    }
}

/// Returns what the reader knows of the request: each of the lowest five bits is something the request had.
fn memo(request: u8) -> Memo {
    let has = |bit: u8| request >> bit & 1 == 1;
    Memo {
        format: if has(0) { Format::Responses } else { Format::ChatCompletions },
        tool_names: has(1).then(|| ("get_weather".into(), "weather.now".into())).into_iter().collect(),
        custom_tools: has(2).then(|| "get_time".into()).into_iter().collect(),
        answer_tool: has(3).then(|| "out".into()),
        bare_json: has(4),
    }
}

/// Runs everything that reads the answers of a token endpoint.
pub fn check_tokens(tokens: &dyn TokenExchange, input: &[u8]) {
    let [status, body @ ..] = input else { return };
    let headers = HeaderMap::new();
    let reply = |status| Reply { status, headers: &headers, body };
    match tokens.decode_token(reply(200), std::time::SystemTime::UNIX_EPOCH) {
        Ok(token) => assert!(!token.lifetime.is_zero(), "a token that never lives"),
        Err(failure) => check_failure(&failure),
    }
    check_failure(&tokens.decode_error(reply(400 + u16::from(*status))));
}

/// Runs the parser of server-sent events alone.
pub fn check_sse(input: &[u8]) {
    let [size, body @ ..] = input else { return };
    let whole = Bytes::copy_from_slice(body);
    let read = |size: usize| {
        let (mut parser, mut events) = (SseParser::new(MAX_EVENT), Vec::new());
        for piece in pieces(&whole, size) {
            parser.feed(piece);
            while let Some(event) = parser.next_event().ok()? {
                events.push(event);
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

/// Runs the readers of imported keys: the first byte chooses the format, or that it is to be recognized.
pub fn check_import(input: &[u8]) {
    let [format, content @ ..] = input else { return };
    let formats = key_import::Format::ALL;
    let format = formats.get(usize::from(*format) % (formats.len() + 1)).copied();
    let kind = KeyKind { variables: vec!["XAI_API_KEY".into()], ..KeyKind::default() };
    let kinds = KeyKinds([("xai".to_owned(), kind)].into());
    let Ok(rows) = parse(content, format, &kinds) else { return };
    assert!(rows.len() <= MAX_ROWS, "more rows than may be");
    let lines = content.iter().filter(|byte| **byte == b'\n').count() + 1;
    assert!(rows.is_sorted_by_key(|row| row.line), "rows out of order");
    for row in &rows {
        assert!((1..=lines).contains(&(row.line as usize)), "a row beyond the text");
        assert!(row.problem.is_none() || row.secret.is_empty(), "a secret of a row that cannot be read");
    }
    let kept: usize = rows.iter().map(|row| row.secret.len() + row.name.len() + row.quota_owner.len()).sum();
    assert!(kept <= content.len(), "{kept} bytes of keys from {} bytes", content.len());
}

fn pieces(whole: &Bytes, size: usize) -> impl Iterator<Item = Bytes> {
    (0..whole.len()).step_by(size).map(move |from| whole.slice(from..whole.len().min(from + size)))
}

/// Returns the events of a stream, without the ids, and whether it ended well.
fn read_stream(adapter: &dyn Adapter, memo: &Memo, whole: &Bytes, size: usize) -> (Vec<ChatEvent>, bool) {
    let (mut decoder, mut out) = (adapter.stream_decoder(memo), Vec::new());
    let ended = run(decoder.as_mut(), whole, size, &mut out);
    check_events(&out, whole.len(), ended.is_ok());
    if let Err(Some(failure)) = &ended {
        check_failure(failure);
    }
    out.iter_mut().for_each(remove_ids);
    (out, ended.is_ok())
}

/// Runs a decoder as the driver does: whatever a piece holds is read, and behind a complete answer no further piece.
/// `None` is an event that is too long.
fn run(
    decoder: &mut dyn StreamDecoder,
    whole: &Bytes,
    size: usize,
    out: &mut Vec<ChatEvent>,
) -> Result<(), Option<UpstreamFailure>> {
    let mut parser = SseParser::new(MAX_EVENT);
    for piece in pieces(whole, size) {
        parser.feed(piece);
        while let Some(event) = parser.next_event().map_err(|_| None)? {
            decoder.feed(&event, out)?;
        }
        if decoder.is_done() {
            break;
        }
    }
    if let Some(event) = parser.finish().map_err(|_| None)? {
        decoder.feed(&event, out)?;
    }
    decoder.finish(parser.stray(), out)?;
    Ok(())
}

/// Ids that were made up differ from run to run.
fn remove_ids(event: &mut ChatEvent) {
    match event {
        ChatEvent::ToolCallStarted { id, .. } => id.clear(),
        ChatEvent::ProviderState { state, .. } => state.tool_call_id.clear(),
        _ => {}
    }
}

fn check_failure(failure: &UpstreamFailure) {
    assert!(!failure.message.is_empty(), "a failure without words");
    assert!(failure.message.len() <= MAX_MESSAGE, "a failure of {} bytes", failure.message.len());
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
    size_of::<ChatEvent>()
        + match event {
            ChatEvent::Started(started) => {
                started.completion_id.len() + started.model.len() + started.service_tier.len()
            }
            ChatEvent::Text { text, logprobs, .. } | ChatEvent::Refusal { text, logprobs, .. } => {
                text.len() + logprobs.iter().map(weight_of_token).sum::<usize>()
            }
            ChatEvent::Reasoning { text, .. } => text.len(),
            ChatEvent::Audio { audio, .. } => audio.data.len() + audio.transcript.len(),
            ChatEvent::ToolCallStarted { id, name, .. } => id.len() + name.len(),
            ChatEvent::ToolCallArguments { arguments, .. } => arguments.len(),
            ChatEvent::Citation { citation, .. } => citation.url.len() + citation.title.len() + citation.snippet.len(),
            ChatEvent::ProviderState { state, .. } => state.data.len() + state.tool_call_id.len(),
            ChatEvent::Finished(finished) => {
                finished.provider_metadata.len()
                    + finished.native_reason.len()
                    + finished.other_choices.iter().map(|other| other.native_reason.len() + 32).sum::<usize>()
            }
            ChatEvent::Warning(_) | ChatEvent::Attempt(_) | ChatEvent::Usage(_) => 0,
        }
}

fn weight_of_token(token: &TokenLogprob) -> usize {
    size_of::<TokenLogprob>()
        + 2 * token.token.len()
        + token.top.iter().map(|top| size_of::<TopLogprob>() + 2 * top.token.len()).sum::<usize>()
}
