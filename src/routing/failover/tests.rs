use std::{collections::VecDeque, sync::Mutex};

use futures_util::{FutureExt as _, future::BoxFuture, stream};

use super::*;
use crate::{
    domain::{
        chat::ChatRequest,
        event::{FinishReason, Finished, Started},
        model::Target,
        usage::Warning,
    },
    routing::transport::Delivery,
};

/// Plays one prepared outcome per attempt and remembers the keys it was shown.
#[derive(Default)]
struct Script {
    outcomes: Mutex<VecDeque<Vec<Result<ChatEvent, UpstreamFailure>>>>,
    keys: Mutex<Vec<String>>,
}

impl Transport for Script {
    type Prepared = ();

    fn prepare(&self, _: &Target, _: &ChatRequest, _: Delivery) -> Result<(), Error> {
        Ok(())
    }

    fn warnings(_: &mut ()) -> Vec<Warning> {
        Vec::new()
    }

    fn open<'a>(
        &'a self,
        _: &'a (),
        key: Option<&'a ProviderKey>,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<EventStream, UpstreamFailure>> {
        self.keys.lock().unwrap().push(key.map(|k| k.alias.clone()).unwrap_or_default());
        match self.outcomes.lock().unwrap().pop_front() {
            Some(events) => async { Ok(stream::iter(events).boxed()) }.boxed(),
            None => async move {
                tokio::time::sleep_until(deadline).await;
                Err(UpstreamFailure::new(FailureClass::Timeout, "late"))
            }
            .boxed(),
        }
    }
}

fn fails(class: FailureClass) -> Vec<Result<ChatEvent, UpstreamFailure>> {
    vec![Ok(ChatEvent::Started(Started::default())), Err(UpstreamFailure::new(class, "no"))]
}

fn works() -> Vec<Result<ChatEvent, UpstreamFailure>> {
    vec![
        Ok(ChatEvent::Started(Started::default())),
        Ok(ChatEvent::Text { choice: 0, text: "hi".into(), logprobs: Vec::new() }),
        Ok(ChatEvent::Finished(Finished::new(FinishReason::Stop, "stop"))),
    ]
}

async fn run(outcomes: Vec<Vec<Result<ChatEvent, UpstreamFailure>>>) -> (Result<Committed, Error>, Vec<String>) {
    let script = Script { outcomes: Mutex::new(outcomes.into()), ..Script::default() };
    let key = |alias: &str| Arc::new(ProviderKey { alias: alias.into(), secret: "s".into() });
    let plan = Plan { target: Target { provider: "p".into(), model: "m".into() }, keys: vec![key("a"), key("b")] };
    let limits = FailoverLimits { max_attempts: 3, first_pause: Duration::from_millis(200) };
    let deadline = Instant::now() + Duration::from_secs(10);
    let result = failover(&script, &(), &plan, limits, deadline).await;
    (result, script.keys.into_inner().unwrap())
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
        let outcomes = failures.iter().map(|c| fails(*c)).chain([works()]).collect();
        let (result, keys) = run(outcomes).await;
        let committed = result.unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(keys, want_keys, "{name}");
        assert_eq!(committed.head.len(), 2, "{name}: up to the first visible event");
        let trace: Vec<_> = committed.attempts.iter().map(|a| a.failure).collect();
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
        let (result, _) = run(failures.into_iter().map(fails).collect()).await;
        let error = result.err().unwrap_or_else(|| panic!("{name} must fail"));
        assert_eq!((error.kind, error.attempts.len()), (kind, attempts), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_output_is_a_failure() {
    let (result, _) = run(vec![Vec::new(), Vec::new(), Vec::new()]).await;
    assert_eq!(result.err().and_then(|e| e.failure), Some(FailureClass::BadResponse));
}
