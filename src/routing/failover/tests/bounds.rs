//! Where the loop ends: hang-ups, deadlines, budgets, providers without keys.

use super::*;

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

#[test]
fn a_provider_that_asks_for_time_gets_it() {
    let left = Duration::from_secs(60);
    let [one, two] = [vec![selected("a")], vec![selected("a"), key("b")]];
    // Keys, what is asked for in milliseconds, the pause that follows, the key that is tried then.
    let rows = [
        (&one, 0, Some((200, "a"))),
        (&one, 100, Some((200, "a"))),
        (&one, 2000, Some((2500, "a"))),
        (&one, 5000, Some((6250, "a"))),
        (&one, 5001, None),
        (&two, 0, Some((200, "a"))),
        (&two, 2000, Some((200, "b"))),
        (&two, 60_000, Some((200, "b"))),
    ];
    for (keys, asked, want) in rows {
        let stage = stage(keys.clone(), false);
        let plan = plan(&stage.sources, &sent(false));
        let mut chooser = Chooser::new(&plan, stage.failover.limits, None);
        assert!(matches!(chooser.next(NOW, left), Next::Try(_)));
        chooser.failed(Overload, Some(Duration::from_millis(asked)));
        let paused = match chooser.next(NOW, left) {
            Next::Pause(pause) => Some(pause.as_millis()),
            _ => None,
        };
        let tried = match chooser.next(NOW, left) {
            Next::Try(turn) => turn.candidate.map(|key| key.key().alias.clone()),
            _ => None,
        };
        let want = want.map(|(pause, key)| (pause, key.to_owned()));
        assert_eq!(paused.zip(tried), want, "{} keys, {asked} ms", keys.len());
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
