//! What holds for every stream: pieces do not matter, a cut is an error, and nothing panics.

use proptest::prelude::*;

use super::support::{FAILED_STREAMS, REPLIES, STREAMS, adapter_of, fixture, fold, memo, run, sse_body};
use crate::providers::{
    adapter::{Adapter, Reply},
    responses::{Dialect, ResponsesAdapter},
};

#[test]
fn any_split_gives_the_same_events() {
    for name in STREAMS.iter().chain(FAILED_STREAMS) {
        let (adapter, body) = (adapter_of(name), sse_body(&fixture(name).provider));
        let whole = run(&adapter, &body, usize::MAX);
        for size in 1..48 {
            assert_eq!(run(&adapter, &body, size), whole, "{name} in pieces of {size}");
        }
    }
}

#[test]
fn a_cut_is_an_error() {
    for name in STREAMS {
        let (adapter, body) = (adapter_of(name), sse_body(&fixture(name).provider));
        // The blank line behind the last event may be missing.
        let end = body.len() - 2;
        for cut in 0..=body.len() {
            let (events, result) = run(&adapter, &body[..cut], usize::MAX);
            assert_eq!(result.is_ok(), cut >= end, "{name} cut at {cut}: {result:?}");
            assert_eq!(fold(&events).is_some(), result.is_ok(), "{name} cut at {cut}");
        }
    }
}

fn bodies() -> Vec<Vec<u8>> {
    let streams = STREAMS.iter().chain(FAILED_STREAMS).map(|name| sse_body(&fixture(name).provider));
    let wholes = REPLIES.iter().map(|name| fixture(name).provider["body"].to_string().into_bytes());
    streams.chain(wholes).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn nothing_panics(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec(
            (any::<prop::sample::Index>(), 0usize..24, prop::sample::select(vec![
                "", "\"", "{", "}", "[", "]", ",", ":", "null", "0", "-1", "1e400", "4294967296", "\u{e9}", "\\ud83d",
                "[1]", "\n\n", "data: ", "\"type\":", "\"id\":", "\"output\":", "\"\"", "true", "\u{0}", "response.done",
            ])),
            0..12,
        ),
        dialect in prop::sample::select(vec![Dialect::OPENAI, Dialect::XAI, Dialect::AGENT]),
        size in 1usize..200,
        status in 100u16..600,
    ) {
        thread_local!(static BODIES: Vec<Vec<u8>> = bodies());
        let mut body = BODIES.with(|bodies| bodies[which.index(bodies.len())].clone());
        for (place, length, text) in edits {
            let from = place.index(body.len() + 1);
            let to = (from + length).min(body.len());
            body.splice(from..to, text.bytes());
        }
        let adapter = ResponsesAdapter::new(dialect);
        let (events, result) = run(&adapter, &body, size);
        prop_assert_eq!(fold(&events).is_some(), result.is_ok(), "finished exactly when it succeeded");
        let reply = Reply { status, headers: &http::HeaderMap::new(), body: &body };
        if let Ok(events) = adapter.decode(&memo(), reply) {
            prop_assert!(fold(&events).is_some());
        }
        adapter.decode_error(reply);
    }
}
