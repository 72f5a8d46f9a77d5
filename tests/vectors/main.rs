//! Every vector through a whole gateway: a client's JSON goes in at the REST face, an upstream that answers what the
//! vector says stands behind it, and both sides are compared with the file.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and waits for its tasks itself")]

#[path = "../support/mod.rs"]
mod support;

mod case;
mod compare;
mod gateways;
mod known;
mod play;
mod stream;
mod upstream;

use std::collections::BTreeMap;

use known::{DISAGREE, ELSEWHERE};
use serde_json::json;

/// The precondition of one vector: the answer before it was given here.
#[tokio::test(flavor = "multi_thread")]
async fn what_came_before_is_remembered() {
    let gateways = gateways::Gateways::start().await;
    let case = case::all().into_iter().find(|case| case.name.ends_with("deepseek-reasoning-echo")).unwrap();
    let call = case.openai["body"]["messages"][1]["tool_calls"].clone();
    let message =
        json!({"role": "assistant", "content": "", "reasoning_content": "Need the weather.", "tool_calls": call});
    let choice = json!({"index": 0, "message": message, "finish_reason": "tool_calls"});
    let before = json!({"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]});
    assert_eq!(play::answer_with(&gateways, &case, &before).await, 200);
    assert_eq!(play::play(&gateways, &case).await, Vec::<String>::new());
    gateways.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_vector_passes_on_both_sides() {
    let gateways = gateways::Gateways::start().await;
    let mut counts: BTreeMap<String, [usize; 4]> = BTreeMap::new();
    let mut wrong = Vec::new();
    for case in case::all() {
        let count = counts.entry(format!("{} {}", case.folder(), case.direction)).or_default();
        count[0] += 1;
        if ELSEWHERE.iter().any(|(name, _)| *name == case.name) {
            count[3] += 1;
            continue;
        }
        let found = play::play(&gateways, &case).await;
        match (found.is_empty(), DISAGREE.iter().any(|(name, _)| *name == case.name)) {
            (true, false) => count[1] += 1,
            (false, true) => count[2] += 1,
            (true, true) => wrong.push(format!("{} passes: take it off the list of disagreements", case.name)),
            (false, false) => wrong.push(format!("{}\n    {}", case.name, found.join("\n    "))),
        }
    }
    println!("vectors: folder and direction, files, passed, disagreed, run elsewhere");
    for (what, [files, passed, disagreed, elsewhere]) in &counts {
        println!("  {what}: {files}, {passed}, {disagreed}, {elsewhere}");
    }
    let sum = |at: usize| counts.values().map(|count| count[at]).sum::<usize>();
    println!("  all: {}, {}, {}, {}", sum(0), sum(1), sum(2), sum(3));
    for (name, why) in DISAGREE.iter().chain(ELSEWHERE) {
        println!("  {name}: {why}");
    }
    assert!(wrong.is_empty(), "{} of {} vectors differ:\n{}", wrong.len(), sum(0), wrong.join("\n"));
    gateways.stop().await;
}
