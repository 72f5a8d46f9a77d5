//! The real pool under real threads, and what a choice costs.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::{
    domain::{failure::FailureClass, happening::KeyChange},
    routing::{
        chooser::{Chooser, FailoverLimits, Next},
        findings::Findings,
        fixtures::{failure, found, key, plan, pool, provider, selected, sent, sources},
        key_pool::Claim,
        plan::Plan,
    },
};

const LIMITS: FailoverLimits = FailoverLimits { max_attempts: 3, first_pause: Duration::ZERO };
const NOW: i64 = 1_768_478_400_000;
const LEFT: Duration = Duration::from_secs(60);
const CALLERS: usize = 50;

#[test]
fn one_key_is_selected_while_fifty_fail_over_at_once() {
    for round in 0..20 {
        let (pool, mut queue) = pool(vec![selected("a"), key("b"), key("c"), key("d"), key("e")]);
        let pool = Arc::new(pool);
        let sources = sources(&pool, false);
        let (ready, over) = (Barrier::new(CALLERS + 1), AtomicBool::new(false));
        // All but one of the keys are refused; which one is good differs from round to round.
        let good = ["b", "c", "d", "e"][round % 4];
        std::thread::scope(|scope| {
            let watcher = scope.spawn(|| {
                let mut looks = 0;
                while !over.load(Ordering::Relaxed) || looks == 0 {
                    let selected = pool.keys_of("u").iter().filter(|key| key.selected).count();
                    assert_eq!(selected, 1);
                    looks += 1;
                }
            });
            let call = || {
                ready.wait();
                let plan = plan(&sources, &sent(false));
                let (mut chooser, mut findings) = (Chooser::new(&plan, LIMITS, None), Findings::new(&pool, &plan));
                loop {
                    let Next::Try(turn) = chooser.next(NOW, LEFT) else { panic!("a good key is left") };
                    let alias = turn.candidate.map(|key| key.key().alias.clone()).unwrap_or_default();
                    std::thread::yield_now();
                    if alias == good {
                        findings.succeeded(&turn, Duration::ZERO, NOW);
                        break;
                    }
                    chooser.failed(FailureClass::Credential, None);
                    findings.failed(&turn, failure(FailureClass::Credential), Duration::ZERO, NOW);
                }
            };
            let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(call)).collect();
            ready.wait();
            let results: Vec<_> = callers.into_iter().map(|caller| caller.join().is_ok()).collect();
            over.store(true, Ordering::Relaxed);
            assert!(watcher.join().is_ok() && results.iter().all(|fine| *fine));
        });
        let told = std::iter::from_fn(|| queue.happenings.try_recv().ok());
        let changes: Vec<_> = told.flat_map(|happening| happening.changes).collect();
        let moves = changes.iter().filter(|change| matches!(change, KeyChange::FailedOver { reselect: true, .. }));
        let rests = changes.iter().filter(|change| matches!(change, KeyChange::Rested { .. }));
        assert_eq!(pool.keys_of("u").iter().find(|key| key.selected).map(|key| key.id.as_str()), Some(good));
        assert_eq!(moves.count(), 1, "the selection moves once");
        assert!(rests.count() <= 4, "each key is told of once");
    }
}

#[test]
fn one_of_many_probes() {
    let (pool, _queue) = pool(vec![selected("a")]);
    let pool = Arc::new(pool);
    pool.tested("a", 1, Err(&failure(FailureClass::RateLimit)), NOW - 40_000);
    let (_, key) = found(&pool, "a");
    let claims: Vec<_> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..CALLERS).map(|_| scope.spawn(|| key.live.claim(NOW))).collect();
        handles.into_iter().filter_map(|handle| handle.join().ok()).collect()
    });
    let probes = claims.iter().filter(|claim| **claim == Claim::Probe).count();
    assert_eq!((probes, claims.len()), (1, CALLERS));
}

/// Time this thread was given, whatever else the machine does; Linux tells it.
fn time_on_a_core() -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("this is Linux");
    Duration::from_nanos(told.split(' ').next().and_then(|text| text.parse().ok()).expect("a number"))
}

/// Prints what one request pays for its keys: `cargo test --release … -- --ignored --nocapture what_a_choice_costs`.
#[test]
#[ignore = "a measurement"]
fn what_a_choice_costs() {
    const TIMES: u32 = 1_000_000;
    let five = || vec![selected("a"), key("b"), key("c"), key("d"), key("e")];
    for (name, keys) in [("no stored keys", vec![]), ("5 stored keys", five())] {
        let (pool, _queue) = pool(keys);
        let pool = Arc::new(pool);
        let (sources, provider, no_keys) = (sources(&pool, true), provider(), sent(false));
        let Plan { target, asked, .. } = plan(&sources, &no_keys);
        let measure = |what: &str, act: &dyn Fn()| {
            let began = time_on_a_core();
            (0..TIMES).for_each(|_| act());
            println!("{name}: {what} {:?} a request", (time_on_a_core() - began) / TIMES);
        };
        measure("copies of what is asked", &|| drop(std::hint::black_box((target.clone(), asked.clone()))));
        measure("the same with a plan", &|| {
            let plan = sources.plan(target.clone(), &provider, asked.clone(), &no_keys);
            assert!(std::hint::black_box(plan).is_ok());
        });
        let plan = plan(&sources, &no_keys);
        measure("choice", &|| {
            let mut chooser = Chooser::new(&plan, LIMITS, None);
            assert!(matches!(std::hint::black_box(chooser.next(NOW, LEFT)), Next::Try(_)));
        });
        measure("choice, findings and trace", &|| {
            let (mut chooser, findings) = (Chooser::new(&plan, LIMITS, None), Findings::new(&pool, &plan));
            let Next::Try(turn) = chooser.next(NOW, LEFT) else { panic!("a key is there") };
            std::hint::black_box(findings.succeeded(&turn, Duration::ZERO, NOW));
        });
    }
}
