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
