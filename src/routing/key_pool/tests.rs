use super::*;
use crate::{
    domain::{failure::FailureClass, health::KeyState},
    routing::fixtures::{disabled, failure, found, key, pool, selected},
};

fn order(pool: &KeyPool) -> Vec<String> {
    let ring = pool.ring("u", "p").expect("keys are stored");
    ring.in_order().map(|key| key.pool_key.stored.id.clone()).collect()
}

fn moved(pool: &KeyPool, from: &str, to: &str) -> Happening {
    let ((ring, from), (_, to)) = (found(pool, from), found(pool, to));
    assert!(ring.reselect(&from, &to, ring.shared.selection.choice()));
    let class = FailureClass::Quota;
    Happening {
        user_id: "u".into(),
        provider: "p".into(),
        caller: None,
        request_id: String::new(),
        model_id: String::new(),
        at_ms: 1,
        changes: vec![KeyChange::FailedOver { from: from.name(), to: to.name(), class, reselect: true }],
        attempts: Vec::new(),
    }
}

#[test]
fn keys_are_tried_in_the_order_of_the_contract() {
    let cases = [
        ("creation", vec![key("c"), key("a"), key("b")], "a b c"),
        ("after the selected one, wrapping", vec![key("a"), selected("b"), key("c")], "b c a"),
        ("the last one", vec![key("a"), key("b"), selected("c")], "c a b"),
        ("not the disabled ones", vec![disabled(key("a")), selected("b"), key("c")], "b c"),
        ("a disabled one holds the place", vec![key("a"), disabled(selected("b")), key("c")], "c a"),
    ];
    for (name, keys, want) in cases {
        let (pool, _queue) = pool(keys);
        assert_eq!(order(&pool).join(" "), want, "{name}");
    }
}

#[test]
fn nobody_sees_the_keys_of_others() {
    let (pool, _queue) = pool(vec![key("a")]);
    assert!(pool.ring("v", "p").is_none() && pool.ring("u", "q").is_none());
    assert!(pool.keys_of("v").is_empty() && pool.key("v", "a").is_none() && pool.key("u", "a").is_some());
}

#[test]
fn what_was_found_out_outlives_snapshots() {
    let (pool, _queue) = pool(vec![selected("a"), key("b")]);
    let (ring, a) = found(&pool, "a");
    assert_eq!(ring.failed(&a, &failure(FailureClass::Quota), 100).len(), 1);
    let known = pool.keys_of("u")[0].health.clone();
    pool.replace(2, vec![selected("a"), key("b")]);
    assert_eq!(pool.keys_of("u")[0].health, known, "what is stored is older");

    let mut tested = selected("a");
    tested.stored.health = Health::active(200);
    pool.replace(3, vec![tested.clone(), key("b")]);
    assert_eq!(pool.keys_of("u")[0].health, tested.stored.health, "another process has found it to work since");

    ring.failed(&a, &failure(FailureClass::Credential), 300);
    let mut replaced = tested;
    replaced.stored.secret_version = 2;
    pool.replace(4, vec![replaced, key("b")]);
    assert_eq!(pool.keys_of("u")[0].health.state, KeyState::Active, "a new secret begins anew");
    ring.failed(&a, &failure(FailureClass::Credential), 400);
    assert_eq!(pool.keys_of("u")[0].health.state, KeyState::Active, "a late verdict on the old one is void");

    pool.replace(3, vec![]);
    assert_eq!((pool.keys_of("u").len(), pool.revision()), (2, 4), "an older snapshot comes too late");
}

#[test]
fn a_moved_selection_stands_until_it_is_stored() {
    let (pool, _queue) = pool(vec![selected("a"), key("b")]);
    let happening = moved(&pool, "a", "b");
    pool.replace(2, vec![selected("a"), key("b")]);
    assert_eq!(order(&pool), ["b", "a"]);
    let KeyChange::FailedOver { from, to, .. } = &happening.changes[0] else { unreachable!() };
    assert!(pool.awaits_storing(&happening, from, to));
    pool.stored(&happening, Some(3));
    assert!(!pool.awaits_storing(&happening, from, to));
    pool.replace(3, vec![key("a"), selected("b")]);
    assert_eq!(pool.keys_of("u").iter().map(|key| key.selected).collect::<Vec<_>>(), [false, true]);

    let happening = moved(&pool, "b", "a");
    pool.owner_selects("u", "p");
    pool.replace(4, vec![key("a"), selected("b")]);
    assert_eq!(order(&pool), ["b", "a"], "the owner has chosen the same key again");
    let KeyChange::FailedOver { from, to, .. } = &happening.changes[0] else { unreachable!() };
    assert!(!pool.awaits_storing(&happening, from, to));
}

#[test]
fn a_move_that_is_lost_is_undone() {
    let (pool, queue) = pool(vec![selected("a"), key("b")]);
    drop(queue);
    pool.tell(moved(&pool, "a", "b"));
    pool.replace(2, vec![selected("a"), key("b")]);
    assert_eq!(order(&pool), ["a", "b"]);
}

#[test]
fn a_quota_that_is_shared_is_used_up_for_all() {
    let of = |id: &str, owner: &str| {
        let mut key = key(id);
        key.stored.quota_owner = owner.into();
        key
    };
    for (class, want) in [(FailureClass::Quota, "a c"), (FailureClass::RateLimit, "a")] {
        let (pool, _queue) = pool(vec![of("a", "team"), of("b", ""), of("c", "team"), of("d", "other")]);
        let (ring, a) = found(&pool, "a");
        let changes = ring.failed(&a, &failure(class), 10);
        let rested: Vec<_> = changes
            .iter()
            .map(|change| match change {
                KeyChange::Rested { key, .. } => key.id.as_str(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(rested.join(" "), want, "{class:?}");
    }
    let (pool, _queue) = pool(vec![of("a", ""), of("b", "")]);
    let (ring, a) = found(&pool, "a");
    assert_eq!(ring.failed(&a, &failure(FailureClass::Quota), 10).len(), 1, "no owner is no group");
}

#[test]
fn tests_change_what_they_tell_of() {
    let (pool, mut queue) = pool(vec![key("a")]);
    let state = |health: Option<Health>| health.map(|health| health.state);
    let server = failure(FailureClass::ServerError);
    let refused = failure(FailureClass::Credential);
    assert_eq!(state(pool.tested("a", 1, Ok(()), 5)), Some(KeyState::Active));
    assert_eq!(state(pool.tested("a", 1, Err(&server), 5)), Some(KeyState::Active));
    assert!(queue.happenings.try_recv().is_err(), "nothing has changed");
    assert_eq!(state(pool.tested("a", 1, Err(&refused), 5)), Some(KeyState::Invalid));
    assert_eq!(state(pool.tested("a", 1, Err(&server), 6)), Some(KeyState::Invalid));
    assert_eq!(state(pool.tested("a", 2, Ok(()), 7)), None, "another secret");
    assert_eq!(state(pool.tested("b", 1, Ok(()), 7)), None, "no such key");
    let caller = Arc::new(Caller { key_id: "k".into(), ..Caller::default() });
    let test = KeyTest { id: "a", secret_version: 1, outcome: Ok(()), asked: Some((&caller, "r")) };
    assert_eq!(state(pool.tested_by(test, 8)), Some(KeyState::Active));

    let told: Vec<_> = std::iter::from_fn(|| queue.happenings.try_recv().ok()).collect();
    assert!(matches!(told[0].changes[..], [KeyChange::Rested { .. }]) && told[0].caller.is_none());
    assert!(matches!(told[1].changes[..], [KeyChange::Recovered { .. }]));
    assert_eq!((told[1].caller.as_ref(), told[1].request_id.as_str(), told.len()), (Some(&caller), "r", 2));
}

#[test]
fn use_is_handed_over_once() {
    let (pool, _queue) = pool(vec![key("a"), key("b")]);
    found(&pool, "a").1.live.used(70);
    assert_eq!(pool.take_used(), [("a".to_owned(), 70)]);
    assert!(pool.take_used().is_empty());
    assert_eq!(pool.keys_of("u")[0].last_used_ms, Some(70));
}

#[test]
fn every_change_is_told() {
    let (pool, _queue) = pool(vec![selected("a"), key("b")]);
    let mut watch = pool.watch();
    let mut changed = |what: &str, want: bool| {
        assert_eq!(watch.has_changed().unwrap(), want, "{what}");
        watch.mark_unchanged();
    };
    changed("nothing yet", false);
    let ((ring, a), (_, b)) = (found(&pool, "a"), found(&pool, "b"));
    ring.failed(&a, &failure(FailureClass::RateLimit), 1);
    changed("a rest", true);
    ring.failed(&a, &failure(FailureClass::RateLimit), 1);
    changed("the same again", false);
    ring.recovered(&a, 2);
    changed("a recovery", true);
    ring.reselect(&a, &b, ring.shared.selection.choice());
    changed("a selection", true);
    pool.replace(2, vec![]);
    changed("a snapshot", true);
}
