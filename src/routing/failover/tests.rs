use super::*;
use crate::domain::model::Target;

/// Plays one prepared outcome per attempt and remembers the keys it was shown.
struct Script {
    outcomes: std::vec::IntoIter<Option<FailureClass>>,
    deadline: Instant,
    keys: Vec<String>,
}

impl Attempts for Script {
    type Answer = &'static str;

    async fn attempt(&mut self, key: Option<&Arc<ProviderKey>>) -> Result<&'static str, UpstreamFailure> {
        self.keys.push(key.map(|k| k.alias.clone()).unwrap_or_default());
        match self.outcomes.next() {
            Some(None) => Ok("it works"),
            Some(Some(class)) => Err(UpstreamFailure::new(class, "no")),
            None => {
                tokio::time::sleep_until(self.deadline).await;
                Err(UpstreamFailure::new(FailureClass::Timeout, "late"))
            }
        }
    }
}

async fn run(outcomes: Vec<Option<FailureClass>>) -> (Result<Succeeded<&'static str>, Error>, Vec<String>) {
    let key = |alias: &str| Arc::new(ProviderKey::new(alias, "s"));
    let plan = Plan { target: Target { provider: "p".into(), model: "m".into() }, keys: vec![key("a"), key("b")] };
    let limits = FailoverLimits { max_attempts: 3, first_pause: Duration::from_millis(200) };
    let deadline = Instant::now() + Duration::from_secs(10);
    let mut script = Script { outcomes: outcomes.into_iter(), deadline, keys: Vec::new() };
    let result = failover(&mut script, &plan, limits, deadline).await;
    (result, script.keys)
}

#[tokio::test(start_paused = true)]
async fn finds_an_attempt_that_works() {
    use FailureClass::*;
    let cases: Vec<(&str, Vec<FailureClass>, Vec<&str>)> = vec![
        ("first", vec![], vec!["a"]),
        ("next key at once", vec![Credential], vec!["a", "b"]),
        ("quota moves on", vec![Quota], vec!["a", "b"]),
        ("same key again", vec![Network], vec!["a", "a"]),
        ("same key, then the next", vec![ServerError, RateLimit], vec!["a", "a", "b"]),
    ];
    for (name, failures, want_keys) in cases {
        let outcomes = failures.iter().copied().map(Some).chain([None]).collect();
        let (result, keys) = run(outcomes).await;
        let succeeded = result.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(keys, want_keys, "{name}");
        assert_eq!(succeeded.answer, "it works");
        assert_eq!(succeeded.key.map(|key| key.alias.clone()).as_ref(), keys.last(), "{name}: the key that worked");
        let trace: Vec<_> = succeeded.attempts.iter().map(|a| a.failure).collect();
        let want: Vec<_> = failures.into_iter().map(Some).chain([None]).collect();
        assert_eq!(trace, want, "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn gives_up() {
    use FailureClass::*;
    let cases = [
        ("caller's fault", vec![Caller], ErrorKind::InvalidRequest, 1),
        ("unknown model", vec![Model], ErrorKind::ModelNotFound, 1),
        ("every key refused", vec![Credential, Credential], ErrorKind::UpstreamError, 2),
        ("every key limited", vec![RateLimit, RateLimit], ErrorKind::RateLimited, 2),
        ("no attempt left", vec![Overload, Overload, Overload, Overload], ErrorKind::UpstreamError, 3),
        ("silence until the deadline", vec![], ErrorKind::UpstreamTimeout, 1),
    ];
    for (name, failures, kind, attempts) in cases {
        let (result, _) = run(failures.into_iter().map(Some).collect()).await;
        let error = result.err().unwrap_or_else(|| panic!("{name} must fail"));
        assert_eq!((error.kind, error.attempts.len()), (kind, attempts), "{name}");
    }
}
