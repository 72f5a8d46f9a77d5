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

/// Sends requests every 20 ms, each taking 100 ms an attempt, with a key in the header, stored keys and a key in the
/// environment or without. Returns attempts and what was told at the end.
fn storm([header, stored, environment]: [bool; 3], class: FailureClass) -> (u32, Vec<ErrorKind>) {
    let mut dice = Dice(7);
    let mut world = World::new(&mut dice, 1);
    world.rows.clear();
    if stored {
        world.rows.extend(["a", "b", "c", "d", "e"].map(fixtures::key));
        world.rows[0].stored.selected = true;
    }
    let always = Truth { class, wait: None, from: 0, to: i64::MAX };
    world.truths = vec![always.clone(); world.rows.len()];
    (world.header, world.environment) = (always.clone(), always);
    world.outage = (0, if class == FailureClass::ServerError { i64::MAX } else { 0 });
    let (pool, mut queue) = fixtures::pool(world.rows.clone());
    let pool = Arc::new(pool);
    let sources = fixtures::sources(&pool, environment);
    let budget = RetryBudget::default();
    let (mut attempts, mut told) = (0, Vec::new());
    for at in 0..REQUESTS {
        let plan = fixtures::plan(&sources, &fixtures::sent(header));
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
    const STORED: [bool; 3] = [false, true, false];
    const ENVIRONMENT: [bool; 3] = [false, false, true];
    const HEADER_AND_ENVIRONMENT: [bool; 3] = [true, false, true];
    let cases = [
        ("429, five stored keys", STORED, RateLimit, ErrorKind::ProviderKeysExhausted),
        ("429, and the environment's", [false, true, true], RateLimit, ErrorKind::ProviderKeysExhausted),
        ("429, and the header's", [true; 3], RateLimit, ErrorKind::ProviderKeysExhausted),
        ("429, the environment's alone", ENVIRONMENT, RateLimit, ErrorKind::RateLimited),
        ("429, the header's and the environment's", HEADER_AND_ENVIRONMENT, RateLimit, ErrorKind::RateLimited),
        ("401, the header's and the environment's", HEADER_AND_ENVIRONMENT, Credential, ErrorKind::UpstreamError),
        ("401, five stored keys", STORED, Credential, ErrorKind::ProviderKeysExhausted),
        ("quota, five stored keys", STORED, Quota, ErrorKind::ProviderKeysExhausted),
        ("500, five stored keys", STORED, ServerError, ErrorKind::UpstreamError),
        ("500, the environment's alone", ENVIRONMENT, ServerError, ErrorKind::UpstreamError),
    ];
    for (name, keys, class, want) in cases {
        let (attempts, told) = storm(keys, class);
        println!("{name}: {} attempts for {REQUESTS} requests", attempts);
        assert!(attempts <= REQUESTS as u32 * 12 / 10, "{name}: {attempts}");
        assert_eq!(told, [want], "{name}");
    }
}
