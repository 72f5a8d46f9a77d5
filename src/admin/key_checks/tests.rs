use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};
use secrecy::ExposeSecret as _;
use tokio::time::Instant;

use super::*;
use crate::{
    access::{Directory, OWNER_ID},
    activity::activity_log,
    admin::{
        actor::Actor,
        data_keys::DataKeys,
        gateway_keys::GatewayKeys,
        happenings::HappeningKeeper,
        key_kinds::{KeyKind, KeyKinds},
        provider_keys::{EditKey, NewKey, ProviderKeys},
    },
    domain::{
        error::ErrorKind,
        failure::{FailureClass, UpstreamFailure},
        health::KeyState,
        key::{Caller, ProviderKey, StoredKey},
    },
    routing::{
        happenings::{HappeningQueue, happenings},
        key_pool::KeyPool,
        transport::KeyCheck,
    },
    storage::{DatabaseUrl, Store},
};

const NOW: i64 = 1_790_000_000_000;

/// Answers by the beginning of the secret, and counts.
#[derive(Default)]
struct Script {
    running: AtomicUsize,
    most: AtomicUsize,
    asked: Mutex<Vec<String>>,
    /// What keys that begin with `later` get.
    later: Mutex<Option<UpstreamFailure>>,
}

fn failure(class: FailureClass, http_status: Option<u16>) -> UpstreamFailure {
    UpstreamFailure { http_status, ..UpstreamFailure::new(class, "said the provider.") }
}

impl KeyCheck for Script {
    fn check<'a>(
        &'a self,
        _: &'a str,
        key: &'a ProviderKey,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Vec<String>, UpstreamFailure>> {
        async move {
            let secret = key.secret.expose_secret();
            self.asked.lock().unwrap().push(secret.to_owned());
            self.most.fetch_max(self.running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(10)).await;
            let outcome = match secret.split('-').next().unwrap_or_default() {
                "good" => Ok((0..150).map(|n| format!("m{n}")).collect()),
                "refused" => Err(failure(FailureClass::Credential, Some(401))),
                "empty" => Err(failure(FailureClass::Quota, Some(402))),
                "fast" => {
                    let retry_after = Some(Duration::from_secs(7));
                    Err(UpstreamFailure { retry_after, ..failure(FailureClass::RateLimit, Some(429)) })
                }
                "busy" => Err(failure(FailureClass::RateLimit, None)),
                "away" => Err(failure(FailureClass::Network, None)),
                "silent" => {
                    tokio::time::sleep_until(deadline).await;
                    Err(failure(FailureClass::Timeout, None))
                }
                "later" => self.later.lock().unwrap().clone().map_or(Ok(Vec::new()), Err),
                _ => Err(failure(FailureClass::Model, Some(404))),
            };
            self.running.fetch_sub(1, Ordering::SeqCst);
            outcome
        }
        .boxed()
    }
}

/// One process of the gateway.
struct Process {
    checks: KeyChecks,
    script: Arc<Script>,
    happened: HappeningQueue,
    keeper: HappeningKeeper,
}

impl Process {
    async fn start(dir: &tempfile::TempDir, data_keys: Option<Arc<DataKeys>>) -> Self {
        let url = DatabaseUrl::parse(&format!("sqlite://{}/gateway.db", dir.path().display())).unwrap();
        let store = Store::open(&url, 1).await.unwrap();
        let data_keys = data_keys.unwrap_or_else(|| Arc::new(DataKeys::detached(store.clone()).unwrap()));
        GatewayKeys::new(store.clone(), Arc::new(Directory::new())).bootstrap(None, NOW).await.unwrap();
        let (happenings, happened) = happenings(100);
        let (log, _) = activity_log(100);
        let kind = KeyKind { console: "https://keys.example", ..KeyKind::default() };
        let kinds = KeyKinds(BTreeMap::from([("p".to_owned(), kind), ("q".to_owned(), KeyKind::default())]));
        let pool = Arc::new(KeyPool::new(happenings));
        let keys = Arc::new(ProviderKeys::new(store, data_keys, pool, log, Arc::new(kinds)));
        keys.publish().await.unwrap();
        let (script, keeper) = (Arc::new(Script::default()), HappeningKeeper::new(keys.clone()));
        let checks = KeyChecks { keys, provider: script.clone() };
        Self { checks, script, happened, keeper }
    }

    async fn add(&self, provider: &str, secret: &str) -> StoredKey {
        let new = NewKey {
            provider: provider.to_owned(),
            name: secret.to_owned(),
            secret: secret.into(),
            active: !secret.ends_with("off"),
            quota_owner: String::new(),
            parameters: BTreeMap::new(),
        };
        self.checks.keys.create(&actor(NOW), new).await.unwrap()
    }

    fn health(&self, id: &str) -> crate::domain::health::Health {
        self.checks.keys.get(OWNER_ID, id, "id").unwrap().health
    }

    /// Stores what happened, as the gateway does in the background.
    async fn store(&mut self) {
        while let Ok(happening) = self.happened.happenings.try_recv() {
            self.keeper.store(&happening).await;
        }
        self.checks.keys.refresh().await.unwrap();
    }
}

fn actor(now_ms: i64) -> Actor {
    let caller = Arc::new(Caller { user_id: OWNER_ID.into(), ..Caller::default() });
    Actor { caller, request_id: "r".into(), now_ms }
}

fn within(time: Duration) -> Instant {
    Instant::now() + time
}

fn soon() -> Instant {
    within(Duration::from_secs(5))
}

async fn process() -> (tempfile::TempDir, Process) {
    let dir = tempfile::tempdir().unwrap();
    let process = Process::start(&dir, None).await;
    (dir, process)
}

#[tokio::test]
async fn verdicts_follow_what_the_provider_says() {
    use FailureClass::{Credential, Model, Network, Quota, RateLimit};
    use KeyState::{Active, Cooling, Invalid, QuotaExhausted};
    let (_dir, process) = process().await;
    for (secret, verdict, class, status, state, words) in [
        ("good", Verdict::Passed, None, None, Active, "The provider takes the key."),
        ("good-off", Verdict::Passed, None, None, Active, "it stays switched off"),
        ("refused", Verdict::Failed, Some(Credential), Some(401), Invalid, "create a new one at https://keys.example"),
        ("refused-off", Verdict::Failed, Some(Credential), Some(401), Invalid, "refuses the key (said the provider):"),
        ("empty", Verdict::Failed, Some(Quota), Some(402), QuotaExhausted, "it is tried again in 60 minutes."),
        ("fast", Verdict::Inconclusive, Some(RateLimit), Some(429), Cooling, "test it again in 7 s."),
        ("busy", Verdict::Inconclusive, Some(RateLimit), None, Active, "test it again in a minute."),
        ("away", Verdict::Inconclusive, Some(Network), None, Active, "check the address"),
        ("other", Verdict::Inconclusive, Some(Model), Some(404), Active, "default model"),
    ] {
        let key = process.add("p", secret).await;
        let tested = process.checks.test(&actor(NOW), &key.id, soon()).await.unwrap();
        assert_eq!((tested.verdict, tested.class, tested.http_status), (verdict, class, status), "{secret}");
        assert_eq!((tested.key.health.state, tested.key.active), (state, !secret.ends_with("off")), "{secret}");
        assert!(tested.message.contains(words), "{secret}: {}", tested.message);
        assert!(!tested.message.contains('\n') && tested.message.ends_with('.'), "{}", tested.message);
        assert_eq!(tested.models.len(), if class.is_none() { 100 } else { 0 }, "{secret}");
        assert!(tested.duration >= Duration::from_millis(10), "{secret}");
        assert!(tested.key.last_used_ms.is_some(), "{secret} was sent");
    }
}

#[tokio::test]
async fn a_key_of_nobody_is_not_found() {
    let (_dir, process) = process().await;
    let key = process.add("p", "good").await;
    let caller = Arc::new(Caller { user_id: "other".into(), ..Caller::default() });
    for (actor, id) in [(actor(NOW), "none"), (Actor { caller, ..actor(NOW) }, key.id.as_str())] {
        let error = process.checks.test(&actor, id, soon()).await.unwrap_err();
        assert_eq!((error.kind, error.field.as_deref()), (ErrorKind::NotFound, Some("id")));
    }
    assert!(process.script.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn all_are_tested_in_order_and_some_at_once() {
    let (_dir, process) = process().await;
    let secrets = ["good-1", "refused-2", "good-off", "good-4", "away-5", "good-6", "good-7", "good-8", "good-9"];
    for secret in secrets {
        process.add("p", secret).await;
    }
    process.add("q", "good-1").await;
    let results = process.checks.test_all(&actor(NOW), "p", soon()).await.unwrap();
    assert_eq!(results.iter().map(|r| r.key.name.as_str()).collect::<Vec<_>>(), secrets);
    for result in &results {
        let want = match result.key.name.as_str() {
            "refused-2" => Verdict::Failed,
            "away-5" => Verdict::Inconclusive,
            "good-off" => Verdict::NotTested,
            _ => Verdict::Passed,
        };
        assert_eq!(result.verdict, want, "{}", result.key.name);
    }
    assert_eq!(process.script.most.load(Ordering::SeqCst), 4);
    assert!(!process.script.asked.lock().unwrap().contains(&"good-off".to_owned()));
    assert_eq!(process.checks.test_all(&actor(NOW), "", soon()).await.unwrap().len(), secrets.len() + 1);
    let unknown = process.checks.test_all(&actor(NOW), "none", soon()).await.unwrap_err();
    assert_eq!(unknown.field.as_deref(), Some("provider"));
}

#[tokio::test]
async fn the_deadline_of_the_call_ends_tests() {
    let (_dir, process) = process().await;
    for number in 0..6 {
        process.add("p", &format!("silent-{number}")).await;
    }
    let began = Instant::now();
    let results = process.checks.test_all(&actor(NOW), "", within(Duration::from_secs(2))).await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(10), "nobody waits for the silent ones");
    let verdicts: Vec<_> = results.iter().map(|result| result.verdict).collect();
    assert_eq!(verdicts, [[Verdict::Inconclusive; 4].as_slice(), &[Verdict::NotTested; 2]].concat());
    assert!(results[5].message.contains("longer deadline"), "{}", results[5].message);
}

#[tokio::test]
async fn what_cannot_be_tested_says_why() {
    let dir = tempfile::tempdir().unwrap();
    let process = Process::start(&dir, None).await;
    let key = process.add("p", "good").await;
    let other = Process::start(&dir, None).await;
    let tested = other.checks.test(&actor(NOW), &key.id, soon()).await.unwrap();
    assert_eq!(tested.verdict, Verdict::NotTested);
    assert!(tested.message.contains("cannot open its stored secret"), "{}", tested.message);
}

#[tokio::test]
async fn a_success_or_a_new_secret_brings_a_refused_key_back() {
    let (_dir, process) = process().await;
    let key = process.add("p", "later").await;
    *process.script.later.lock().unwrap() = Some(failure(FailureClass::Credential, Some(401)));
    process.checks.test(&actor(NOW), &key.id, soon()).await.unwrap();
    assert_eq!(process.health(&key.id).state, KeyState::Invalid);
    *process.script.later.lock().unwrap() = None;
    let tested = process.checks.test(&actor(NOW), &key.id, soon()).await.unwrap();
    assert_eq!((tested.verdict, tested.key.health.state), (Verdict::Passed, KeyState::Active));
}

/// One of two processes tries a refused key, later each time, until there is no hope.
#[tokio::test]
async fn refused_keys_are_tried_again_by_one_process() {
    let (dir, mut one) = process().await;
    let mut two = Process::start(&dir, Some(one.checks.keys.data_keys.clone())).await;
    let refused = || Some(failure(FailureClass::Credential, Some(401)));
    let (key, off) = (one.add("p", "later").await, one.add("p", "later-2").await);
    for process in [&one, &two] {
        *process.script.later.lock().unwrap() = refused();
    }
    for id in [&key.id, &off.id] {
        one.checks.test(&actor(NOW), id, soon()).await.unwrap();
    }
    one.checks.keys.edit(&actor(NOW), &off.id, EditKey { active: Some(false), ..EditKey::default() }).await.unwrap();
    one.store().await;
    two.store().await;
    let tries = |one: &Process, two: &Process| {
        one.script.asked.lock().unwrap().len() + two.script.asked.lock().unwrap().len() - 2
    };

    let (mut now_ms, mut waits) = (NOW, Vec::new());
    while let Some(until_ms) = one.health(&key.id).until_ms {
        let before = tries(&one, &two);
        let early = until_ms - 1000;
        futures_util::join!(one.checks.probe_due(early), two.checks.probe_due(early));
        assert_eq!(tries(&one, &two), before, "it is not time yet");
        waits.push((until_ms - now_ms) / 1000);
        now_ms = until_ms + 1;
        futures_util::join!(one.checks.probe_due(now_ms), two.checks.probe_due(now_ms));
        assert_eq!(tries(&one, &two), before + 1, "one of them tries");
        one.store().await;
        two.store().await;
        one.store().await;
        assert!(waits.len() <= 20, "it must come to an end: {waits:?}");
    }
    assert!(waits.len() >= 5 && waits.is_sorted(), "each wait is longer than the one before: {waits:?}");
    assert_eq!(one.health(&key.id).state, KeyState::Invalid);
    assert_eq!(one.health(&off.id).state, KeyState::Invalid, "one that is switched off is left alone");
}

#[tokio::test]
async fn a_probe_that_succeeds_or_learns_nothing() {
    let (_dir, mut process) = process().await;
    let key = process.add("p", "later").await;
    *process.script.later.lock().unwrap() = Some(failure(FailureClass::Credential, Some(401)));
    process.checks.test(&actor(NOW), &key.id, soon()).await.unwrap();
    process.store().await;
    let due_ms = process.health(&key.id).until_ms.unwrap() + 1;

    *process.script.later.lock().unwrap() = Some(failure(FailureClass::Network, None));
    process.checks.probe_due(due_ms).await;
    process.store().await;
    let after = process.health(&key.id);
    assert_eq!((after.state, after.strikes, after.until_ms), (KeyState::Invalid, 1, Some(due_ms + 60_000)));

    *process.script.later.lock().unwrap() = None;
    process.checks.probe_due(due_ms + 60_001).await;
    process.store().await;
    assert_eq!(process.health(&key.id).state, KeyState::Active);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_waited_for_its_turn_has_its_whole_lease() {
    let (_dir, mut process) = process().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        let key = process.add("p", &format!("silent-{number}")).await;
        process.checks.keys.pool.tested(&key.id, 1, Err(&failure(FailureClass::Credential, Some(401))), NOW);
        ids.push(key.id);
    }
    process.store().await;
    let due_ms = process.health(&ids[0]).until_ms.unwrap() + 1;
    process.checks.probe_due(due_ms).await;
    process.checks.keys.publish().await.unwrap();
    let mut leases: Vec<_> = ids.iter().map(|id| process.health(id).until_ms.unwrap() - due_ms).collect();
    leases.sort_unstable();
    assert_eq!(leases[..4], [60_000; 4]);
    assert!((70_000..71_000).contains(&leases[4]), "four are silent for ten seconds each: {leases:?}");
}
