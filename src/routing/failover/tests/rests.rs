//! What a failure leaves behind for the requests after it.

use super::*;

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
            assert_eq!(stage.told().iter().map(short).collect::<Vec<_>>(), told, "once");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_key_that_rests_when_its_owner_selects_it_stays_selected() {
    let mut stage = stage(vec![selected("a"), key("b")], true);
    stage.failover.pool.tested("a", 1, Err(&UpstreamFailure::new(Quota, "no")), NOW);
    stage.told();
    let (result, tried) = stage.run(false, &[("b", WORKS)]).await;
    assert!(result.is_ok());
    assert_eq!((tried.as_str(), stage.selected().as_deref()), ("b", Some("a")));
    assert!(stage.told().is_empty(), "it did not fail in this request");
}

#[tokio::test(start_paused = true)]
async fn a_request_does_not_undo_a_choice_that_was_made_since_it_began() {
    let mut stage = stage(vec![selected("a"), key("b")], false);
    let plan = plan(&stage.sources, &sent(false));
    stage.failover.pool.owner_selects("u", "p");
    let deadline = Instant::now() + Duration::from_secs(10);
    let outcomes = HashMap::from([("a", vec![Some(Credential)]), ("b", vec![None])]);
    let mut script = Script { outcomes, deadline, keys: Vec::new() };
    assert!(stage.failover.run(&mut script, &plan, deadline).await.is_ok());
    assert_eq!(stage.selected().as_deref(), Some("a"), "its owner has chosen it anew");
    assert_eq!(stage.told().iter().map(short).collect::<Vec<_>>(), ["a rests, a to b"]);
}

#[tokio::test(start_paused = true)]
async fn the_environments_key_rests_in_favour_of_others_and_comes_back_by_itself() {
    let refused: [Outcomes; 2] = [
        &[("a", &[Some(Quota)]), ("header", &[Some(Quota)]), ("environment", &[Some(Credential)])],
        &[("a", &[Some(RateLimit)]), ("header", &[Some(RateLimit)]), ("environment", &[Some(Quota)])],
    ];
    for outcomes in refused {
        let cases = [
            ("stored", vec![key("a")], false, ["a environment", "", "a environment"]),
            ("header", vec![], true, ["header environment", "header", "header environment"]),
        ];
        for (name, keys, header, [first, at_once, later]) in cases {
            let mut stage = stage(keys, true);
            for want in [first, at_once] {
                let (result, tried) = stage.run(header, outcomes).await;
                assert!(result.is_err());
                assert_eq!(tried, want, "{name}");
            }
            stage.failover.now_ms = || NOW + 2 * 3_600_000;
            let back: Outcomes = &[("a", &[Some(Quota)]), ("header", &[Some(Quota)]), ("environment", WORKS)];
            let (result, tried) = stage.run(header, back).await;
            assert!(result.is_ok(), "{name}");
            assert_eq!(tried, later, "{name}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn exhaustion_is_told_once_until_something_changes() {
    let mut stage = stage(vec![key("a"), key("b")], false);
    let dead: Outcomes = &[("a", &[Some(RateLimit)]), ("b", &[Some(RateLimit)])];
    let mut told = async |outcomes: Outcomes, now_ms: fn() -> i64| {
        stage.failover.now_ms = now_ms;
        let _ = stage.run(false, outcomes).await;
        stage.told().iter().filter(|happening| short(happening).contains("exhausted")).count()
    };
    assert_eq!(told(dead, || NOW).await, 1);
    assert_eq!(told(dead, || NOW + 10_000).await, 0, "the same storm");
    assert_eq!(told(dead, || NOW + 31_000).await, 1, "tried again in vain");
    assert_eq!(told(&[("a", WORKS)], || NOW + 100_000).await, 0);
    assert_eq!(told(dead, || NOW + 110_000).await, 1, "another storm");
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
