use proptest::prelude::*;

use super::*;

/// Some day at noon.
const NOON: i64 = 1_768_478_400_000;

fn failure(class: FailureClass, wait: Option<Duration>) -> UpstreamFailure {
    UpstreamFailure { retry_after: wait, ..UpstreamFailure::new(class, "no.") }
}

fn seconds(wait: u64) -> Option<Duration> {
    Some(Duration::from_secs(wait))
}

#[test]
fn a_failure_leads_to_a_rest() {
    use FailureClass::*;
    use KeyState::*;
    let cases = [
        ("rate limit", RateLimit, None, Cooling, 30),
        ("as the provider asks", RateLimit, seconds(7), Cooling, 7),
        ("a second at least", RateLimit, Some(Duration::from_millis(3)), Cooling, 1),
        ("five minutes at most", RateLimit, seconds(9999), Cooling, 300),
        ("quota", Quota, None, QuotaExhausted, 3600),
        ("quota as the provider asks", Quota, seconds(90_000), QuotaExhausted, 90_000),
        ("31 days at most", Quota, Some(Duration::MAX), QuotaExhausted, 31 * 86_400),
        ("refused", Credential, None, Invalid, 30),
        ("a refused key is tried when we think fit", Credential, seconds(9999), Invalid, 30),
    ];
    for (name, class, wait, state, rest) in cases {
        let health = Health::active(NOON - 5).failed(&failure(class, wait), NOON);
        assert_eq!((health.state, health.until_ms), (state, Some(NOON + rest * SECOND)), "{name}");
        assert_eq!((health.since_ms, health.class, health.strikes), (NOON, Some(class), 1), "{name}");
        assert!(health.reason.contains("(no)") && health.reason.ends_with('.'), "{name}: {}", health.reason);
    }
    for class in FailureClass::ALL.into_iter().filter(|class| KeyState::after(*class).is_none()) {
        assert_eq!(Health::active(1).failed(&failure(class, None), NOON), Health::active(1), "{class:?}");
    }
    let daily = UpstreamFailure { resets: Some(QuotaReset::MidnightPacific), ..failure(Quota, None) };
    assert_eq!(Health::active(0).failed(&daily, NOON).until_ms, Some(pacific::next_midnight_ms(NOON)));
}

#[test]
fn rests_grow_while_it_fails_and_begin_anew_after_a_success() {
    use FailureClass::*;
    let cases = [
        (RateLimit, vec![30, 60, 120, 240, 300, 300]),
        (Quota, vec![3600, 7200, 14_400, 28_800, 57_600, 86_400, 86_400]),
        (Credential, vec![30, 120, 480, 1920, 7680, 21_600, 21_600]),
    ];
    for (class, rests) in cases {
        let (mut health, mut now) = (Health::active(0), NOON);
        for rest in &rests {
            health = health.failed(&failure(class, None), now);
            assert_eq!(health.until_ms, Some(now + rest * SECOND), "{class:?} {rest}");
            now += rest * SECOND;
        }
        let again = health.succeeded(now).failed(&failure(class, None), now);
        assert_eq!(again.until_ms, Some(now + rests[0] * SECOND), "{class:?}");
    }
}

#[test]
fn a_refused_key_is_not_tried_for_ever() {
    let (mut health, mut now, mut tries) = (Health::active(0), NOON, 0);
    loop {
        health = health.failed(&failure(FailureClass::Credential, None), now);
        let Some(until) = health.until_ms else { break };
        assert!(!health.is_due(until - 1) && health.is_due(until) && health.readiness(until) == Readiness::Invalid);
        (now, tries) = (until, tries + 1);
    }
    assert_eq!(tries, MAX_PROBES);
    assert!((now - NOON) > DAY && !health.is_due(i64::MAX));
    assert_eq!(health.failed(&failure(FailureClass::Credential, None), now + 5), health);
    assert_eq!(health.succeeded(now).state, KeyState::Active);
}

#[test]
fn a_failure_while_it_rests_changes_what_is_worse_or_later() {
    use FailureClass::*;
    use KeyState::*;
    let cases = [
        ("the same again", RateLimit, None, RateLimit, None, Cooling, 30),
        ("a longer wait", RateLimit, None, RateLimit, seconds(60), Cooling, 61),
        ("a shorter wait", RateLimit, seconds(60), RateLimit, seconds(5), Cooling, 60),
        ("quota is longer", RateLimit, None, Quota, None, QuotaExhausted, 3601),
        ("a short quota", RateLimit, seconds(300), Quota, seconds(5), Cooling, 300),
        ("a rate limit is shorter", Quota, None, RateLimit, None, QuotaExhausted, 3600),
        ("refused is worse", Quota, None, Credential, None, Invalid, 3600),
        ("refused stays refused", Credential, None, RateLimit, seconds(300), Invalid, 30),
    ];
    for (name, first, wait, second, then, state, rest) in cases {
        let before = Health::active(0).failed(&failure(first, wait), NOON);
        let after = before.failed(&failure(second, then), NOON + SECOND);
        assert_eq!((after.state, after.until_ms, after.strikes), (state, Some(NOON + rest * SECOND), 1), "{name}");
        assert!(after == before || after.since_ms == NOON + SECOND, "{name}");
    }
}

#[test]
fn a_rest_ends_by_itself() {
    let cooling = Health::active(0).failed(&failure(FailureClass::RateLimit, None), NOON);
    let end = NOON + 30 * SECOND;
    assert_eq!(cooling.readiness(end - 1), Readiness::Rests(1));
    assert_eq!(cooling.readiness(end), Readiness::Probe);
    assert_eq!((cooling.state_at(end - 1), cooling.state_at(end)), (KeyState::Cooling, KeyState::Active));
    assert_eq!(cooling.readiness(NOON - DAY), Readiness::Probe, "the clock was set back");
    let works = cooling.succeeded(end);
    assert_eq!((works.readiness(end), works.since_ms, works.strikes), (Readiness::Ready, end, 0));
    assert_eq!(works.succeeded(end + 1), works, "nothing changes");
    assert!(cooling.succeeded(0).since_ms > cooling.since_ms, "whatever the clock says");
}

#[test]
fn the_newer_of_two_knows_better_and_the_longer_rest_stands() {
    let rest = |class, since, wait| Health::active(0).failed(&failure(class, seconds(wait)), since * SECOND);
    let active = |since| Health::active(since * SECOND);
    use FailureClass::*;
    use KeyState::*;
    let cases = [
        ("a later success", rest(RateLimit, 100, 60), active(110), Active, 110, None),
        ("an earlier success", rest(RateLimit, 100, 60), active(90), Cooling, 100, Some(160)),
        ("two rests", rest(RateLimit, 100, 60), rest(RateLimit, 110, 20), Cooling, 110, Some(160)),
        ("of two kinds", rest(Quota, 100, 900), rest(RateLimit, 110, 20), QuotaExhausted, 110, Some(1000)),
        ("refused since", rest(Quota, 100, 900), rest(Credential, 110, 0), Invalid, 110, Some(1000)),
        ("recognized since", rest(Credential, 100, 0), rest(RateLimit, 110, 50), Cooling, 110, Some(160)),
    ];
    for (name, one, other, state, since, until) in cases {
        for merged in [one.merge(&other), other.merge(&one)] {
            let want = (state, since * SECOND, until.map(|until| until * SECOND));
            assert_eq!((merged.state, merged.since_ms, merged.until_ms), want, "{name}");
        }
    }
}

fn any_class() -> impl Strategy<Value = FailureClass> {
    (0..FailureClass::ALL.len()).prop_map(|at| FailureClass::ALL[at])
}

/// What may happen to a key: seconds pass, then it fails or works.
fn any_story() -> impl Strategy<Value = Vec<(i64, Option<(FailureClass, Option<u64>)>)>> {
    let outcome = prop::option::of((any_class(), prop::option::of(0u64..10_000)));
    prop::collection::vec((0i64..4000, outcome), 0..30)
}

fn play(story: &[(i64, Option<(FailureClass, Option<u64>)>)]) -> Vec<(i64, Health)> {
    let (mut now, mut health) = (NOON, Health::active(NOON));
    let mut past = vec![(now, health.clone())];
    for (wait, outcome) in story {
        now += wait * SECOND / 4;
        health = match outcome {
            Some((class, asked)) => health.failed(&failure(*class, asked.and_then(seconds)), now),
            None => health.succeeded(now),
        };
        past.push((now, health.clone()));
    }
    past
}

proptest! {
    #[test]
    fn a_deadline_never_moves_earlier_and_time_never_goes_back(story in any_story()) {
        for pair in play(&story).windows(2) {
            let ((_, before), (now, after)) = (&pair[0], &pair[1]);
            prop_assert!(after.since_ms > before.since_ms || after == before);
            if before.state != KeyState::Active && after.state != KeyState::Active {
                prop_assert!(after.until_ms.is_none_or(|until| Some(until) >= before.until_ms), "{before:?} {after:?}");
            }
            prop_assert_eq!(after.state == KeyState::Active, after.reason.is_empty());
            prop_assert_eq!(after.state == KeyState::Active, after.class.is_none());
            prop_assert!(after.until_ms.is_none_or(|until| until > *now || after == before));
        }
    }

    #[test]
    fn merging_is_fair_and_forgets_no_deadline(one in any_story(), other in any_story()) {
        let last = |story: &[_]| play(story).pop().map(|(_, health)| health).unwrap_or_default();
        let (one, other) = (last(&one), last(&other));
        let merged = one.merge(&other);
        prop_assert_eq!(merged.state, other.merge(&one).state);
        prop_assert_eq!(merged.until_ms, other.merge(&one).until_ms);
        prop_assert_eq!(merged.merge(&one).until_ms, merged.until_ms);
        prop_assert_eq!(one.merge(&one), one.clone());
        prop_assert_eq!(merged.since_ms, one.since_ms.max(other.since_ms));
        if one.state != KeyState::Active && other.state != KeyState::Active && merged.until_ms.is_some() {
            prop_assert!(merged.until_ms >= one.until_ms && merged.until_ms >= other.until_ms);
        }
    }
}
