use std::collections::HashMap;

use futures_util::FutureExt as _;

use super::*;
use crate::{
    domain::{
        error::ErrorKind,
        failure::FailureClass::{self, *},
        happening::{Happening, KeyChange},
        health::KeyState,
        model::Target,
    },
    routing::{
        fixtures::{found, key, plan, pool, provider, selected, sent, sources},
        happenings::HappeningQueue,
        key_pool::PoolKey,
        plan::{Asked, KeySources},
    },
};

/// Some day, in Unix milliseconds.
const NOW: i64 = 1_768_478_400_000;

/// Plays one prepared outcome per attempt with a key, the last one for ever, and remembers the keys it was shown.
struct Script {
    outcomes: HashMap<&'static str, Vec<Option<FailureClass>>>,
    deadline: Instant,
    keys: Vec<String>,
}

impl Attempts for Script {
    type Answer = &'static str;

    async fn attempt(&mut self, key: Option<&Arc<ProviderKey>>) -> Result<&'static str, UpstreamFailure> {
        let alias = key.map(|key| key.alias.clone()).unwrap_or_default();
        self.keys.push(alias.clone());
        let Some(outcomes) = self.outcomes.get_mut(alias.as_str()) else {
            tokio::time::sleep_until(self.deadline).await;
            return Err(UpstreamFailure::new(Timeout, "late"));
        };
        let outcome = if outcomes.len() > 1 { outcomes.remove(0) } else { outcomes[0] };
        outcome.map_or(Ok("it works"), |class| Err(UpstreamFailure::new(class, "no")))
    }
}

/// A gateway with these stored keys and a key in the environment.
struct Stage {
    failover: Failover,
    sources: KeySources,
    queue: HappeningQueue,
}

fn stage(keys: Vec<PoolKey>, environment: bool) -> Stage {
    let (pool, queue) = pool(keys);
    let pool = Arc::new(pool);
    let failover = Failover {
        limits: FailoverLimits { max_attempts: 3, first_pause: Duration::from_millis(200) },
        pool: pool.clone(),
        budgets: RetryBudgets::new(["p".to_owned()]),
        standings: Default::default(),
        now_ms: || NOW,
    };
    Stage { failover, sources: sources(&pool, environment), queue }
}

type Outcomes = &'static [(&'static str, &'static [Option<FailureClass>])];
type Ran = (Result<Succeeded<&'static str>, Error>, String);

impl Stage {
    async fn run(&self, header: bool, outcomes: Outcomes) -> Ran {
        let plan = plan(&self.sources, &sent(header));
        let deadline = Instant::now() + Duration::from_secs(10);
        let outcomes = outcomes.iter().map(|(alias, outcomes)| (*alias, outcomes.to_vec())).collect();
        let mut script = Script { outcomes, deadline, keys: Vec::new() };
        let result = self.failover.run(&mut script, &plan, deadline).await;
        (result, script.keys.join(" "))
    }

    fn told(&mut self) -> Vec<Happening> {
        std::iter::from_fn(|| self.queue.happenings.try_recv().ok()).collect()
    }

    fn selected(&self) -> Option<String> {
        let keys = self.failover.pool.keys_of("u");
        keys.into_iter().find(|key| key.selected).map(|key| key.id)
    }

    fn state(&self, id: &str) -> KeyState {
        found(&self.failover.pool, id).1.live.health().state
    }
}

/// A happening in short: `a rests, a to b`; an arrow says that the selection moves.
fn short(happening: &Happening) -> String {
    let change = |change: &KeyChange| match change {
        KeyChange::Rested { key, .. } => format!("{} rests", key.name),
        KeyChange::Recovered { key, .. } => format!("{} recovers", key.name),
        KeyChange::FailedOver { from, to, reselect: true, .. } => format!("{} -> {}", from.name, to.name),
        KeyChange::FailedOver { from, to, reselect: false, .. } => format!("{} to {}", from.name, to.name),
        KeyChange::Exhausted { retry_ms } => format!("exhausted {retry_ms:?}"),
        KeyChange::Failed { key, class, .. } => format!("{} {class:?}", key.name),
    };
    happening.changes.iter().map(change).collect::<Vec<_>>().join(", ")
}

const WORKS: &[Option<FailureClass>] = &[None];

#[tokio::test(start_paused = true)]
async fn finds_a_key_that_works() {
    let three = || vec![key("a"), selected("b"), key("c")];
    type Case = (&'static str, Vec<PoolKey>, bool, Outcomes, &'static str, &'static str, &'static str);
    let cases: Vec<Case> = vec![
        ("the header's first", three(), true, &[("header", WORKS)], "header", "", "b"),
        ("the selected one", three(), false, &[("b", WORKS)], "b", "", "b"),
        (
            "the ones after it, wrapping",
            three(),
            false,
            &[("b", &[Some(Credential)]), ("c", &[Some(Quota)]), ("a", WORKS)],
            "b c a",
            "b rests, c rests, b -> a",
            "a",
        ),
        (
            "the environment's last",
            three(),
            true,
            &[
                ("header", &[Some(Credential)]),
                ("b", &[Some(RateLimit)]),
                ("c", &[Some(RateLimit)]),
                ("a", &[Some(Quota)]),
                ("environment", WORKS),
            ],
            "header b c a environment",
            "b rests, c rests, a rests, a to environment",
            "b",
        ),
        (
            "a header's failure changes nothing stored",
            three(),
            true,
            &[("header", &[Some(Credential)]), ("b", WORKS)],
            "header b",
            "header to b",
            "b",
        ),
        (
            "none selected, none gets selected",
            vec![key("a"), key("b")],
            false,
            &[("a", &[Some(Credential)]), ("b", WORKS)],
            "a b",
            "a rests, a to b",
            "",
        ),
        ("the same key again", three(), false, &[("b", &[Some(Network), None])], "b b", "", "b"),
        ("then the next", three(), false, &[("b", &[Some(Overload)]), ("c", WORKS)], "b b c", "", "b"),
        (
            "refused keys cost no retry",
            vec![selected("a"), key("b"), key("c"), key("d")],
            false,
            &[
                ("a", &[Some(ServerError), Some(Credential)]),
                ("b", &[Some(Timeout), Some(Quota)]),
                ("c", &[Some(RateLimit)]),
                ("d", WORKS),
            ],
            "a a b b c d",
            "a rests, b rests, c rests, a -> d",
            "d",
        ),
    ];
    for (name, keys, header, outcomes, tried, told, selected) in cases {
        let mut stage = stage(keys, true);
        let (result, keys) = stage.run(header, outcomes).await;
        let succeeded = result.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(keys, tried, "{name}");
        let trace: Vec<_> = succeeded.attempts.iter().map(|attempt| attempt.key_alias.as_str()).collect();
        assert_eq!(trace.join(" "), tried, "{name}");
        assert_eq!(succeeded.key.as_ref().map(|key| key.key().alias.as_str()), trace.last().copied(), "{name}");
        assert!(succeeded.attempts.iter().rev().skip(1).all(|attempt| attempt.failure.is_some()), "{name}");
        let happened = stage.told();
        assert_eq!(happened.iter().map(short).collect::<Vec<_>>().join("; "), told, "{name}");
        assert!(happened.iter().all(|h| h.attempts == succeeded.attempts && h.model_id == "p/m"), "{name}");
        assert_eq!(stage.selected().unwrap_or_default(), selected, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn gives_up() {
    type Case = (&'static str, Vec<PoolKey>, Outcomes, ErrorKind, &'static str, &'static str);
    let two = || vec![selected("a"), key("b")];
    let cases: Vec<Case> = vec![
        ("caller's fault", two(), &[("a", &[Some(Caller)])], ErrorKind::InvalidRequest, "a", ""),
        ("unknown model", two(), &[("a", &[Some(Model)])], ErrorKind::ModelNotFound, "a", ""),
        (
            "every key refused",
            two(),
            &[("a", &[Some(Credential)]), ("b", &[Some(Credential)]), ("environment", &[Some(RateLimit)])],
            ErrorKind::ProviderKeysExhausted,
            "a b environment",
            "a rests, b rests, exhausted Some(30000)",
        ),
        (
            "the environment's key alone answers for itself",
            vec![],
            &[("environment", &[Some(RateLimit)])],
            ErrorKind::RateLimited,
            "environment",
            "",
        ),
        (
            "no attempt left",
            two(),
            &[("a", &[Some(Overload)]), ("b", &[Some(Overload)])],
            ErrorKind::UpstreamError,
            "a a b",
            "b Overload",
        ),
        (
            "one key, no attempt left",
            vec![],
            &[("environment", &[Some(BadResponse)])],
            ErrorKind::UpstreamError,
            "environment environment environment",
            "",
        ),
        ("silence until the deadline", two(), &[], ErrorKind::UpstreamTimeout, "a", "a Timeout"),
    ];
    for (name, keys, outcomes, kind, tried, told) in cases {
        let mut stage = stage(keys, true);
        let (result, keys) = stage.run(false, outcomes).await;
        let error = result.err().unwrap_or_else(|| panic!("{name} must fail"));
        assert_eq!((error.kind, keys.as_str()), (kind, tried), "{name}");
        assert_eq!(error.attempts.len(), tried.split(' ').count(), "{name}");
        assert_eq!(stage.told().iter().map(short).collect::<Vec<_>>().join("; "), told, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn when_all_keys_rest_nothing_is_tried() {
    for (class, wait, retry) in [(RateLimit, 30, Some(30_000)), (Credential, 60, None)] {
        let mut stage = stage(vec![selected("a"), key("b")], false);
        let (pool, failure) = (&stage.failover.pool, UpstreamFailure::new(class, "no"));
        pool.tested("a", 1, Err(&failure), NOW);
        pool.tested("b", 1, Err(&failure), NOW);
        stage.told();
        for told in [vec![format!("exhausted {retry:?}")], vec![]] {
            let (result, tried) = stage.run(false, &[]).await;
            let error = result.unwrap_err();
            assert_eq!((error.kind, tried.as_str()), (ErrorKind::ProviderKeysExhausted, ""));
            assert_eq!(error.retry_after, Some(Duration::from_secs(wait)), "{error}");
            assert_eq!(stage.told().iter().map(short).collect::<Vec<_>>(), told, "once a second at most");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_selected_key_that_is_passed_over_is_selected_no_more() {
    let mut stage = stage(vec![selected("a"), key("b")], true);
    stage.failover.pool.tested("a", 1, Err(&UpstreamFailure::new(Quota, "no")), NOW);
    stage.told();
    let (result, tried) = stage.run(false, &[("b", WORKS)]).await;
    assert!(result.is_ok());
    assert_eq!((tried.as_str(), stage.selected().as_deref()), ("b", Some("b")));
    assert_eq!(stage.told().iter().map(short).collect::<Vec<_>>(), ["a -> b"]);
}

#[tokio::test(start_paused = true)]
async fn a_rest_that_is_over_ends_with_a_probe() {
    for (outcomes, state, told) in [
        (&[("a", WORKS)] as Outcomes, KeyState::Active, "a recovers"),
        (&[("a", &[Some(RateLimit)]), ("b", WORKS)], KeyState::Cooling, "a rests, a -> b"),
        (&[("a", &[Some(ServerError), None])], KeyState::Active, "a recovers"),
    ] {
        let mut stage = stage(vec![selected("a"), key("b")], true);
        stage.failover.pool.tested("a", 1, Err(&UpstreamFailure::new(RateLimit, "no")), NOW - 40_000);
        stage.told();
        assert!(stage.run(false, outcomes).await.0.is_ok());
        assert_eq!(stage.state("a"), state);
        assert_eq!(stage.told().iter().map(short).collect::<Vec<_>>(), [told]);
    }
}

/// Holds its attempt until it is told to end it.
struct Slow(tokio::sync::oneshot::Receiver<Option<FailureClass>>);

impl Attempts for Slow {
    type Answer = ();

    async fn attempt(&mut self, _: Option<&Arc<ProviderKey>>) -> Result<(), UpstreamFailure> {
        let outcome = (&mut self.0).await.expect("it is told");
        outcome.map_or(Ok(()), |class| Err(UpstreamFailure::new(class, "no")))
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_no_other_key_waits_for_the_probe() {
    enum Probe {
        Ends(Option<FailureClass>),
        IsAbandoned,
        Lasts,
    }
    let cases = [
        ("it works", Probe::Ends(None), None),
        ("it does not", Probe::Ends(Some(RateLimit)), Some(ErrorKind::ProviderKeysExhausted)),
        ("its caller hangs up", Probe::IsAbandoned, None),
        ("it takes too long", Probe::Lasts, Some(ErrorKind::ProviderKeysExhausted)),
    ];
    for (name, probe, want) in cases {
        let stage = stage(vec![selected("a")], false);
        stage.failover.pool.tested("a", 1, Err(&UpstreamFailure::new(RateLimit, "no")), NOW - 40_000);
        let (end, ended) = tokio::sync::oneshot::channel();
        let (mut slow, probing) = (Slow(ended), plan(&stage.sources, &sent(false)));
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut first = Box::pin(stage.failover.run(&mut slow, &probing, deadline));
        assert!((&mut first).now_or_never().is_none());
        let second = async {
            let started = Instant::now();
            (stage.run(false, &[("a", WORKS)]).await.0, started.elapsed())
        };
        let other = async {
            sleep(Duration::from_millis(500)).await;
            match probe {
                Probe::Ends(outcome) => {
                    end.send(outcome).expect("the probe waits for it");
                    drop(first.await);
                }
                Probe::IsAbandoned => drop(first),
                Probe::Lasts => sleep(Duration::from_secs(10)).await,
            }
        };
        let ((result, waited), ()) = tokio::join!(second, other);
        assert_eq!(result.err().map(|error| error.kind), want, "{name}");
        assert!(waited <= Duration::from_millis(2001), "{name}: {waited:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_who_hangs_up_leaves_behind_what_was_found_out() {
    let mut stage = stage(vec![selected("a"), key("b")], false);
    let deadline = Instant::now() + Duration::from_secs(10);
    let refused = HashMap::from([("a", vec![Some(Credential)])]);
    let mut script = Script { outcomes: refused, deadline, keys: Vec::new() };
    let abandoned = plan(&stage.sources, &sent(false));
    let mut run = Box::pin(stage.failover.run(&mut script, &abandoned, deadline));
    assert!((&mut run).now_or_never().is_none(), "it waits for b");
    drop(run);
    assert_eq!(stage.told().iter().map(short).collect::<Vec<_>>(), ["a rests"]);
    assert_eq!(stage.state("a"), KeyState::Invalid);
}

#[tokio::test(start_paused = true)]
async fn no_attempt_begins_that_cannot_end() {
    let stage = stage(vec![], true);
    let plan = plan(&stage.sources, &sent(true));
    for (left, tried, kind) in [(49, "", ErrorKind::UpstreamTimeout), (230, "header", ErrorKind::UpstreamError)] {
        let deadline = Instant::now() + Duration::from_millis(left);
        let outcomes = HashMap::from([("header", vec![Some(ServerError)])]);
        let mut script = Script { outcomes, deadline, keys: Vec::new() };
        let error = stage.failover.run(&mut script, &plan, deadline).await.unwrap_err();
        assert_eq!((error.kind, script.keys.join(" ").as_str()), (kind, tried), "{left} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn a_provider_that_fails_everybody_is_asked_little_more_than_once() {
    let stage = stage(vec![], true);
    let mut attempts = 0;
    for _ in 0..1000 {
        let error = stage.run(false, &[("environment", &[Some(ServerError)])]).await.0.unwrap_err();
        attempts += error.attempts.len();
    }
    assert!((1110..=1121).contains(&attempts), "{attempts}");
}

#[tokio::test(start_paused = true)]
async fn a_provider_without_keys_is_tried_without() {
    let mut stage = stage(vec![], false);
    let open = crate::domain::model::ProviderInfo { needs_key: false, ..provider() };
    let target = Target { provider: "p".into(), model: "m".into() };
    let plan = stage.sources.plan(target, &open, Asked::default(), &sent(false)).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    let outcomes = HashMap::from([("", vec![Some(Network), None])]);
    let mut script = Script { outcomes, deadline, keys: Vec::new() };
    let succeeded = stage.failover.run(&mut script, &plan, deadline).await.unwrap();
    assert_eq!((succeeded.attempts.len(), succeeded.key.is_none()), (2, true));
    assert!(stage.told().is_empty());
}

#[tokio::test]
async fn an_answer_that_breaks_off_says_something_of_its_key() {
    for (class, told) in [(Quota, vec!["a rests"]), (Network, vec![])] {
        let mut stage = stage(vec![selected("a")], false);
        let plan = plan(&stage.sources, &sent(false));
        stage.failover.broke_off(&plan, plan.keys.first(), &UpstreamFailure::new(class, "no"), &[]);
        assert_eq!(stage.told().iter().map(short).collect::<Vec<_>>(), told, "{class:?}");
    }
}
