use std::{collections::VecDeque, sync::Mutex, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture, stream};

use super::*;
use crate::{
    domain::{
        chat::{Message, Part, ProviderState, Role, ToolCall, ToolKind},
        event::{ChatEvent, FinishReason, Finished},
        failure::{FailureClass, UpstreamFailure},
        health::KeyState,
        key::{Caller, ProviderKey, RequestKeyScope, RequestKeys},
        model::{ProviderInfo, Target},
        scope::ModelPatterns,
        usage::{Cost, CostBasis, Warning, WarningAction},
    },
    metering::{Records, recorder},
    routing::{
        catalog::Sources,
        failover::FailoverLimits,
        fixtures,
        happenings::happenings,
        key_pool::{KeyPool, PoolKey},
        plan::FallbackKeys,
        transport::EventStream,
    },
    states::key_scope,
};

type Outcome = Result<Vec<ChatEvent>, FailureClass>;

/// Plays one outcome per attempt, and remembers what was sent with which key and how often it was translated.
#[derive(Default)]
struct Script {
    outcomes: Mutex<VecDeque<Outcome>>,
    sent: Mutex<Vec<(String, ChatRequest)>>,
    translated: Mutex<usize>,
    /// How every stream breaks off after its events.
    broken: Mutex<Option<FailureClass>>,
}

impl Transport for Script {
    type Prepared = (ChatRequest, Vec<Warning>);

    fn prepare(&self, _: &Target, request: &ChatRequest, _: Delivery) -> Result<Self::Prepared> {
        *self.translated.lock().unwrap() += 1;
        let warning = Warning { field: "prompt.seed".into(), action: WarningAction::Dropped, message: "no".into() };
        Ok((request.clone(), vec![warning]))
    }

    fn warnings(prepared: &mut Self::Prepared) -> Vec<Warning> {
        std::mem::take(&mut prepared.1)
    }

    fn refuses_states(_: &Self::Prepared, failure: &UpstreamFailure) -> bool {
        failure.class == FailureClass::Blocked
    }

    fn open<'a>(
        &'a self,
        prepared: &'a Self::Prepared,
        key: Option<&'a ProviderKey>,
        _: tokio::time::Instant,
    ) -> BoxFuture<'a, Result<EventStream, UpstreamFailure>> {
        let alias = key.map(|key| key.alias.clone()).unwrap_or_default();
        self.sent.lock().unwrap().push((alias, prepared.0.clone()));
        let outcome = self.outcomes.lock().unwrap().pop_front();
        let broken = *self.broken.lock().unwrap();
        async move {
            match outcome {
                Some(Ok(events)) => {
                    let broken = broken.map(|class| Err(UpstreamFailure::new(class, "no")));
                    Ok(stream::iter(events.into_iter().map(Ok).chain(broken)).boxed())
                }
                Some(Err(class)) => Err(UpstreamFailure::new(class, "no")),
                None => Err(UpstreamFailure::new(FailureClass::Caller, "nothing left in the script")),
            }
        }
        .boxed()
    }
}

fn chat(outcomes: Vec<Outcome>) -> (Chat<Script>, Records) {
    let provider = ProviderInfo { name: "acme".into(), prefix: "acme".into(), ..fixtures::provider() };
    let file = r#"{"models": [{"provider": "acme", "name": "vectors", "capabilities": ["embeddings"]}]}"#;
    let file = crate::routing::catalog::read(file).unwrap();
    let sources = Sources { providers: vec![provider], file, ..Sources::default() };
    let fallback = FallbackKeys::new([("acme".to_owned(), Arc::new(ProviderKey::new("environment", "e")))]);
    let pool = Arc::new(KeyPool::new(happenings(1).0));
    let (recorder, records) = recorder(16);
    let chat = Chat {
        catalog: Arc::new(Catalog::new(sources).unwrap()),
        keys: KeySources { pool: pool.clone(), fallback: Arc::new(fallback) },
        transport: Arc::new(Script { outcomes: Mutex::new(outcomes.into()), ..Script::default() }),
        failover: Arc::new(Failover {
            limits: FailoverLimits { max_attempts: 3, first_pause: Duration::ZERO },
            pool,
            budgets: Default::default(),
            standings: Default::default(),
            now_ms: || 1_000_000,
        }),
        memory: Arc::default(),
        recorder,
        image_limit: ImageLimit(1000),
    };
    (chat, records)
}

/// A call with a key of the caller's own, which is tried before that of the environment.
fn context(caller: &str) -> CallContext {
    CallContext {
        caller: Arc::new(Caller { user_id: "u".into(), key_id: caller.into(), ..Caller::default() }),
        request_id: "r".into(),
        deadline: tokio::time::Instant::now() + Duration::from_secs(10),
        request_keys: RequestKeys(vec![(RequestKeyScope::Provider("acme".into()), "h".into())]),
    }
}

fn scope(secret: &str) -> String {
    key_scope(Some(&ProviderKey::new("", secret)))
}

fn request(parts: Vec<Part>) -> ChatRequest {
    let message = Message { role: Role::Assistant, parts, name: String::new() };
    ChatRequest { model: "acme/m".into(), messages: vec![message], ..ChatRequest::default() }
}

fn state(provider: &str, key_scope: &str, tool_call_id: &str) -> ProviderState {
    ProviderState {
        provider: provider.into(),
        key_scope: key_scope.into(),
        kind: "signature".into(),
        data: "d".into(),
        tool_call_id: tool_call_id.into(),
    }
}

fn tool_call() -> Part {
    Part::ToolCall(ToolCall { id: "c1".into(), name: "f".into(), arguments: "{}".into(), kind: ToolKind::Function })
}

/// An answer that calls a tool, as an adapter gives it: without a stamp.
fn calls() -> Outcome {
    let (id, name) = ("c1".to_owned(), "f".to_owned());
    Ok(vec![
        ChatEvent::ToolCallStarted { choice: 0, index: 0, id, name, kind: ToolKind::Function },
        ChatEvent::ToolCallArguments { choice: 0, index: 0, arguments: "{}".into() },
        ChatEvent::ProviderState { choice: 0, state: state("", "", "c1") },
        ChatEvent::ProviderState { choice: 0, state: state("", "", "") },
        ChatEvent::Finished(Finished::new(FinishReason::ToolCalls, "tool_calls")),
    ])
}

fn text() -> ChatEvent {
    ChatEvent::Text { choice: 0, text: "hi".into(), logprobs: Vec::new() }
}

fn says() -> Outcome {
    Ok(vec![text(), ChatEvent::Finished(Finished::new(FinishReason::Stop, "stop"))])
}

#[tokio::test]
async fn stamps_states_with_the_provider_and_the_key_that_answered() {
    for (outcomes, secret) in [(vec![calls()], "h"), (vec![Err(FailureClass::Credential), calls()], "e")] {
        let (chat, _records) = chat(outcomes);
        let completion = chat.complete(context("me"), request(vec![Part::Text("hi".into())])).await.unwrap();
        let stamped = [state("acme", &scope(secret), "c1"), state("acme", &scope(secret), "")];
        let wanted: Vec<_> = [tool_call()].into_iter().chain(stamped.map(Part::ProviderState)).collect();
        assert_eq!(completion.choices[0].message.parts, wanted, "{secret}");
    }
}

#[tokio::test]
async fn gives_back_what_a_client_has_lost() {
    let (chat, _records) = chat(vec![Err(FailureClass::Credential), calls(), says(), says()]);
    chat.complete(context("me"), request(vec![Part::Text("hi".into())])).await.unwrap();
    chat.complete(context("me"), request(vec![tool_call()])).await.unwrap();
    chat.complete(context("somebody else"), request(vec![tool_call()])).await.unwrap();

    let sent = chat.transport.sent.lock().unwrap();
    let (key, turn) = &sent[2];
    assert_eq!(key, "environment", "the key the state is bound to goes first");
    assert_eq!(turn.messages[0].parts, [tool_call(), Part::ProviderState(state("acme", &scope("e"), "c1"))]);
    let (key, turn) = &sent[3];
    assert_eq!((key.as_str(), &turn.messages[0].parts[..]), ("header", &[tool_call()][..]));
}

#[tokio::test]
async fn translates_again_only_for_a_key_that_cannot_take_a_state() {
    let own = || Part::ProviderState(state("acme", &scope("h"), ""));
    let free = || Part::ProviderState(state("acme", "", ""));
    let cases = [
        ("no states", vec![Part::Text("a".into())], 1, None),
        ("a state for any key", vec![free()], 1, None),
        ("a state for one key", vec![free(), own()], 2, Some("prompt.messages[0].parts[1].provider_state")),
    ];
    for (name, parts, translated, warned) in cases {
        let (chat, _records) = chat(vec![Err(FailureClass::RateLimit), says()]);
        let completion = chat.complete(context("me"), request(parts.clone())).await.unwrap();
        assert_eq!(*chat.transport.translated.lock().unwrap(), translated, "{name}");
        let fields: Vec<_> = completion.warnings.iter().map(|w| w.field.as_str()).collect();
        assert_eq!(fields, warned.into_iter().chain(["prompt.seed"]).collect::<Vec<_>>(), "{name}");
        let sent = chat.transport.sent.lock().unwrap();
        assert_eq!(sent[0].1.messages[0].parts, parts, "{name}");
        let kept: Vec<_> = parts.into_iter().filter(|part| *part != own()).collect();
        assert_eq!(sent[1].1.messages[0].parts, kept, "{name}");
    }
}

/// The script's way to say that the provider refused its own state.
const REFUSED: Outcome = Err(FailureClass::Blocked);

#[tokio::test]
async fn a_state_that_its_provider_refuses_is_left_out_once() {
    let turn = || request(vec![Part::ProviderState(state("acme", "", "")), Part::Text("a".into())]);
    let (chat, _records) = chat(vec![REFUSED, says()]);
    let completion = chat.complete(context("me"), turn()).await.unwrap();
    let warned = |w: &Warning| w.field == "prompt.messages" && w.action == WarningAction::Dropped;
    assert!(completion.warnings.iter().any(warned), "{:?}", completion.warnings);
    assert_eq!(completion.attempts.len(), 1, "the same attempt goes on");
    {
        let sent = chat.transport.sent.lock().unwrap();
        assert_eq!((sent[0].1.stateless, sent[1].1.stateless), (false, true));
        assert_eq!(sent[1].1.messages[0].parts, [Part::Text("a".into())]);
    }
    chat.transport.outcomes.lock().unwrap().extend([REFUSED, REFUSED]);
    assert!(chat.complete(context("me"), turn()).await.is_err(), "not a second time");
    chat.transport.outcomes.lock().unwrap().extend([REFUSED, says()]);
    let strict = ChatRequest { strict: true, ..turn() };
    assert!(chat.complete(context("me"), strict).await.is_err(), "a strict caller decides itself");
}

#[tokio::test]
async fn a_state_of_another_provider_is_dropped_or_refused() {
    let (chat, mut records) = chat(vec![says()]);
    let stranger = request(vec![Part::ProviderState(state("other", "", "")), Part::Text("a".into())]);
    let completion = chat.complete(context("me"), stranger.clone()).await.unwrap();
    assert_eq!(completion.warnings[0].field, "prompt.messages[0].parts[0].provider_state");
    assert_eq!(chat.transport.sent.lock().unwrap()[0].1.messages[0].parts, [Part::Text("a".into())]);

    let strict = ChatRequest { strict: true, ..stranger };
    let error = chat.complete(context("me"), strict).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::UnsupportedByProvider);
    assert_eq!(chat.transport.sent.lock().unwrap().len(), 1, "nothing was sent");
    assert_eq!(records.drain().count(), 2);
}

#[tokio::test]
async fn what_the_provider_says_of_the_cost_stands() {
    let stated = Cost { nano_usd: Some(42), basis: CostBasis::Provider };
    let finished = Finished { cost: Some(stated), ..Finished::new(FinishReason::Stop, "stop") };
    let (chat, mut records) = chat(vec![Ok(vec![ChatEvent::Finished(finished)])]);
    let completion = chat.complete(context("me"), request(vec![Part::Text("hi".into())])).await.unwrap();
    assert_eq!(completion.cost, Some(stated));
    assert_eq!(records.drain().next().and_then(|record| record.cost), Some(stated));
}

#[tokio::test]
async fn a_model_for_embeddings_completes_no_conversations() {
    let (chat, _records) = chat(Vec::new());
    let request = ChatRequest { model: "acme/vectors".into(), ..request(vec![Part::Text("hi".into())]) };
    let error = chat.complete(context("me"), request).await.unwrap_err();
    assert_eq!((error.kind, error.field.as_deref()), (ErrorKind::InvalidRequest, Some("prompt.model")));
}

#[tokio::test]
async fn a_gateway_key_may_use_the_models_it_names_only() {
    let cases = [(&[][..], true), (&["acme/*"], true), (&["acme/m"], true), (&["other/*", "acme/x"], false)];
    for (patterns, allowed) in cases {
        let (chat, _records) = chat(vec![says()]);
        let mut context = context("me");
        let models = ModelPatterns::new(patterns.iter().map(|pattern| (*pattern).to_owned()));
        context.caller = Arc::new(Caller { models, ..Caller::clone(&context.caller) });
        let result = chat.complete(context, request(vec![Part::Text("hi".into())])).await;
        let error = result.err().map(|error| (error.kind, error.field, error.message.contains("`acme/m`")));
        let refused = (ErrorKind::NotAllowed, Some("prompt.model".to_owned()), true);
        assert_eq!(error, (!allowed).then_some(refused), "{patterns:?}");
    }
}

fn stored(id: &str) -> PoolKey {
    let mut key = fixtures::key(id);
    key.stored.provider = "acme".into();
    key
}

#[tokio::test]
async fn a_stored_key_rests_when_its_answer_breaks_off() {
    for (class, want) in [(FailureClass::Quota, KeyState::QuotaExhausted), (FailureClass::Network, KeyState::Active)] {
        let (chat, _records) = chat(vec![Ok(vec![text()])]);
        *chat.transport.broken.lock().unwrap() = Some(class);
        chat.keys.pool.replace(1, vec![stored("a")]);
        let mut context = context("me");
        context.request_keys = RequestKeys::default();
        let error = chat.complete(context, request(vec![Part::Text("hi".into())])).await.unwrap_err();
        assert_eq!(error.attempts.len(), 1, "{error}");
        assert_eq!(chat.keys.pool.keys_of("u")[0].health.state, want);
    }
}
