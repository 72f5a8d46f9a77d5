//! A provider that refuses or fails everybody is asked little more than once for each request.

use std::sync::Arc;

use super::{
    request::{Request, Step},
    world::{Dice, Truth, World},
};
use crate::{
    domain::{error::ErrorKind, failure::FailureClass},
    routing::{fixtures, retry_budget::RetryBudget},
};

const REQUESTS: i64 = 10_000;
const BEGIN: i64 = 1_768_478_400_000;

/// Sends requests every 20 ms, each taking 100 ms an attempt. Returns attempts and what was told at the end.
fn storm(stored: bool, environment: bool, class: FailureClass) -> (u32, Vec<ErrorKind>) {
    let mut dice = Dice(7);
    let mut world = World::new(&mut dice, 1);
    world.rows.clear();
    if stored {
        world.rows.extend(["a", "b", "c", "d", "e"].map(fixtures::key));
        world.rows[0].stored.selected = true;
    }
    let always = Truth { class, wait: None, from: 0, to: i64::MAX };
    world.truths = vec![always.clone(); world.rows.len()];
    world.environment = always;
    world.outage = (0, if class == FailureClass::ServerError { i64::MAX } else { 0 });
    let (pool, mut queue) = fixtures::pool(world.rows.clone());
    let pool = Arc::new(pool);
    let sources = fixtures::sources(&pool, environment);
    let budget = RetryBudget::default();
    let (mut attempts, mut told) = (0, Vec::new());
    for at in 0..REQUESTS {
        let plan = fixtures::plan(&sources, &fixtures::sent(false));
        let mut request = Request::new(&pool, &plan, Some(&budget), BEGIN + at * 20);
        while !request.is_over() {
            let now = request.at;
            if let Step::GaveUp(error) = request.step(&world, now, 100) {
                told.push(error.kind);
            }
        }
        attempts += request.attempts;
        while let Ok(happening) = queue.happenings.try_recv() {
            world.store(&pool, &happening);
        }
    }
    told.dedup();
    (attempts, told)
}

#[test]
fn a_storm_is_not_made_worse() {
    use FailureClass::*;
    let cases = [
        ("429, five stored keys", true, false, RateLimit, vec![ErrorKind::ProviderKeysExhausted]),
        ("429, and the environment's", true, true, RateLimit, vec![ErrorKind::ProviderKeysExhausted]),
        ("429, the environment's alone", false, true, RateLimit, vec![ErrorKind::RateLimited]),
        ("401, five stored keys", true, false, Credential, vec![ErrorKind::ProviderKeysExhausted]),
        ("quota, five stored keys", true, false, Quota, vec![ErrorKind::ProviderKeysExhausted]),
        ("500, five stored keys", true, false, ServerError, vec![ErrorKind::UpstreamError]),
        ("500, the environment's alone", false, true, ServerError, vec![ErrorKind::UpstreamError]),
    ];
    for (name, stored, environment, class, want) in cases {
        let (attempts, told) = storm(stored, environment, class);
        println!("{name}: {} attempts for {REQUESTS} requests", attempts);
        assert!(attempts <= REQUESTS as u32 * 12 / 10, "{name}: {attempts}");
        assert_eq!(told, want, "{name}");
    }
}
