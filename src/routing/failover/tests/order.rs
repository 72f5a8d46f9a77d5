//! Which keys are tried, and what is told when none works.

use super::*;

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
