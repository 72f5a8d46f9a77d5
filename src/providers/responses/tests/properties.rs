//! What holds for every stream: pieces do not matter, a cut is an error, and nothing panics.

use proptest::prelude::*;

use super::support::{FAILED_STREAMS, REPLIES, STREAMS, adapter_of, fixture, fold, memo, run};
use crate::providers::{
    adapter::{Adapter, Reply},
    responses::{Dialect, ResponsesAdapter},
    testing::{
        damage::damaged,
        streams::{check_cuts, check_splits, sse_body},
    },
};

#[test]
fn any_split_gives_the_same_events() {
    for name in STREAMS.iter().chain(FAILED_STREAMS) {
        let (adapter, body) = (adapter_of(name), sse_body(&fixture(name).provider).0);
        check_splits(name, &adapter, &memo(), &body);
    }
}

#[test]
fn a_cut_is_an_error() {
    for name in STREAMS {
        let (adapter, body) = (adapter_of(name), sse_body(&fixture(name).provider).0);
        // The blank line behind the last event may be missing.
        check_cuts(name, &adapter, &memo(), &body, body.len() - 2);
    }
}

fn bodies() -> Vec<Vec<u8>> {
    let streams = STREAMS.iter().chain(FAILED_STREAMS).map(|name| sse_body(&fixture(name).provider).0);
    let wholes = REPLIES.iter().map(|name| fixture(name).provider["body"].to_string().into_bytes());
    streams.chain(wholes).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn nothing_panics(
        body in damaged(bodies()),
        dialect in prop::sample::select(vec![Dialect::OPENAI, Dialect::XAI, Dialect::AGENT]),
        size in 1usize..200,
        status in 100u16..600,
    ) {
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
