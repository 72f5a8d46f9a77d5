use std::{collections::VecDeque, sync::Mutex, time::Duration};

use futures_util::{FutureExt as _, future::BoxFuture};

use super::*;
use crate::{
    domain::{
        embedding::EmbeddingInput,
        error::ErrorKind,
        key::{Caller, RequestKeyScope, RequestKeys},
        model::{ProviderInfo, Target},
        scope::ModelPatterns,
        usage::{Cost, CostBasis, Warning, WarningAction},
    },
    metering::{Outcome, Records, recorder},
    routing::{
        catalog::{Sources, read},
        failover::FailoverLimits,
        fixtures,
        happenings::happenings,
        key_pool::KeyPool,
        plan::FallbackKeys,
    },
};

/// Plays one outcome per attempt.
struct Script(Mutex<VecDeque<Result<EmbeddingReply, UpstreamFailure>>>);

impl EmbeddingTransport for Script {
    type Prepared = Vec<Warning>;

    fn prepare(&self, _: &Target, request: &EmbeddingRequest) -> Result<Vec<Warning>> {
        let warning = |_| Warning { field: "dimensions".into(), action: WarningAction::Dropped, message: "no".into() };
        Ok(request.dimensions.map(warning).into_iter().collect())
    }

    fn warnings(prepared: &mut Vec<Warning>) -> Vec<Warning> {
        std::mem::take(prepared)
    }

    fn embed<'a>(
        &'a self,
        _: &'a Vec<Warning>,
        _: Option<&'a ProviderKey>,
        _: Instant,
    ) -> BoxFuture<'a, Result<EmbeddingReply, UpstreamFailure>> {
        let outcome = self.0.lock().unwrap().pop_front();
        let none = || Err(UpstreamFailure::new(FailureClass::Caller, "nothing left in the script"));
        async move { outcome.unwrap_or_else(none) }.boxed()
    }
}

fn embedder(outcomes: Vec<Result<EmbeddingReply, UpstreamFailure>>) -> (Embedder<Script>, Records) {
    let provider = ProviderInfo { name: "acme".into(), prefix: "acme".into(), ..fixtures::provider() };
    let file = r#"{"models": [
        {"provider": "acme", "name": "vectors", "capabilities": ["embeddings"], "prices": [{"input": 1}]},
        {"provider": "acme", "name": "talker"}
    ]}"#;
    let sources = Sources { providers: vec![provider], file: read(file).unwrap(), ..Sources::default() };
    let fallback = FallbackKeys::new([("acme".to_owned(), Arc::new(ProviderKey::new("environment", "e")))]);
    let pool = Arc::new(KeyPool::new(happenings(1).0));
    let (recorder, records) = recorder(16);
    let embedder = Embedder {
        catalog: Arc::new(Catalog::new(sources).unwrap()),
        keys: KeySources { pool: pool.clone(), fallback: Arc::new(fallback) },
        transport: Arc::new(Script(Mutex::new(outcomes.into()))),
        failover: Arc::new(Failover {
            limits: FailoverLimits { max_attempts: 3, first_pause: Duration::ZERO },
            pool,
            budgets: Default::default(),
            standings: Default::default(),
            now_ms: || 1_000_000,
        }),
        recorder,
    };
    (embedder, records)
}

fn context() -> CallContext {
    CallContext {
        caller: Arc::new(Caller { user_id: "u".into(), key_id: "k".into(), ..Caller::default() }),
        request_id: "r".into(),
        deadline: Instant::now() + Duration::from_secs(10),
        request_keys: RequestKeys(vec![(RequestKeyScope::Provider("acme".into()), "h".into())]),
    }
}

fn request(model: &str) -> EmbeddingRequest {
    let inputs = ["a", "b"].map(|text| EmbeddingInput::Text(text.into())).to_vec();
    EmbeddingRequest { model: model.into(), inputs, ..EmbeddingRequest::default() }
}

fn reply(vectors: usize) -> Result<EmbeddingReply, UpstreamFailure> {
    let usage = Usage { input_tokens: Some(2_000_000), total_tokens: Some(2_000_000), ..Usage::default() };
    Ok(EmbeddingReply { model: String::new(), vectors: vec![vec![0.5]; vectors], usage: Some(usage) })
}

fn fails(class: FailureClass) -> Result<EmbeddingReply, UpstreamFailure> {
    Err(UpstreamFailure::new(class, "no"))
}

#[tokio::test]
async fn fails_over_prices_and_records_once() {
    let (embedder, mut records) = embedder(vec![fails(FailureClass::RateLimit), reply(2)]);
    let request = EmbeddingRequest { dimensions: Some(1), ..request("acme/vectors") };
    let embeddings = embedder.embed(context(), request).await.unwrap();
    let cost = Cost { nano_usd: Some(2_000_000_000), basis: CostBasis::Catalog };
    assert_eq!((embeddings.model.as_str(), embeddings.provider.as_str()), ("vectors", "acme"));
    assert_eq!((embeddings.vectors.len(), embeddings.cost), (2, Some(cost)));
    assert_eq!(embeddings.usage.unwrap().output_tokens, None, "what nobody said stays unknown");
    let aliases: Vec<_> = embeddings.attempts.iter().map(|a| (a.key_alias.as_str(), a.failure)).collect();
    assert_eq!(aliases, [("header", Some(FailureClass::RateLimit)), ("environment", None)]);
    assert_eq!(embeddings.warnings.len(), 1);

    let records: Vec<_> = records.drain().collect();
    assert_eq!(records.len(), 1);
    assert_eq!((records[0].outcome, records[0].cost, records[0].attempts.len()), (Outcome::Completed, Some(cost), 2));
    assert_eq!(records[0].request.operation, Operation::Embeddings);
}

#[tokio::test]
async fn refuses_and_records_why() {
    let cases = [
        ("nobody/none", vec![], ErrorKind::ModelNotFound, Some("model"), 0),
        ("acme/talker", vec![], ErrorKind::InvalidRequest, Some("model"), 0),
        ("acme/unknown", vec![fails(FailureClass::Model)], ErrorKind::ModelNotFound, None, 1),
        ("acme/vectors", vec![reply(1), reply(3), reply(0)], ErrorKind::UpstreamError, None, 3),
    ];
    for (model, outcomes, kind, field, attempts) in cases {
        let (embedder, mut records) = embedder(outcomes);
        let error = embedder.embed(context(), request(model)).await.unwrap_err();
        assert_eq!((error.kind, error.field.as_deref(), error.attempts.len()), (kind, field, attempts), "{model}");
        let recorded: Vec<_> = records.drain().map(|record| record.outcome).collect();
        assert_eq!(recorded, [Outcome::Failed(kind)], "{model}");
    }
}

#[tokio::test]
async fn a_gateway_key_may_use_the_models_it_names_only() {
    for (pattern, allowed) in [("acme/vectors", true), ("other/*", false)] {
        let (embedder, _records) = embedder(vec![reply(2)]);
        let models = ModelPatterns::new([pattern.to_owned()]);
        let caller = Arc::new(Caller { user_id: "u".into(), models, ..Caller::default() });
        let result = embedder.embed(CallContext { caller, ..context() }, request("acme/vectors")).await;
        let error = result.err().map(|error| (error.kind, error.field));
        assert_eq!(error, (!allowed).then_some((ErrorKind::NotAllowed, Some("model".to_owned()))), "{pattern}");
    }
}
