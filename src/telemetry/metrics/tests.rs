//! What a request adds to the metrics, line by line.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use prometheus::{Registry, TextEncoder};

use super::RequestMetrics;
use crate::{
    domain::{
        consumption::{Operation, Outcome},
        error::ErrorKind,
        failure::FailureClass,
        key::Caller,
        model::{Model, ProviderInfo, Target},
        usage::{Attempt, Cost, CostBasis, Usage},
    },
    metering::{Record, Request},
    routing::catalog::{Catalog, Sources},
};

const OTEL_NAMES: &[(&str, &str)] = &[("known", "known.to.otel")];

fn metrics() -> (Registry, RequestMetrics) {
    let provider = ProviderInfo {
        name: "known".into(),
        prefix: "known".into(),
        name_hints: Vec::new(),
        passes_unknown_models: true,
        needs_key: true,
        key_hint: String::new(),
        configured: true,
    };
    let model = Model {
        id: "known/listed".into(),
        provider: "known".into(),
        upstream_name: "listed".into(),
        ..Model::default()
    };
    let sources = Sources {
        providers: vec![provider],
        configured: vec![model],
        file: Vec::new(),
        default_model: "known/listed".into(),
    };
    let registry = Registry::new();
    let metrics = RequestMetrics::new(&registry, Arc::new(Catalog::new(sources).unwrap()), OTEL_NAMES).unwrap();
    (registry, metrics)
}

fn record(model: &str) -> Record {
    Record {
        request: Request {
            operation: Operation::Chat,
            request_id: "secret-request".into(),
            caller: Arc::new(Caller {
                user_id: "secret-user".into(),
                key_name: "secret-key".into(),
                ..Caller::default()
            }),
            streamed: true,
            deadline: tokio::time::Instant::now(),
        },
        started_ms: 1,
        target: Some(Target { provider: "known".into(), model: model.into() }),
        model_id: format!("known/{model}"),
        outcome: Outcome::Completed,
        attempts: vec![attempt("secret-a", None)],
        first_output: Some(Duration::from_millis(15)),
        total: Duration::from_millis(1500),
        usage: Some(Usage { input_tokens: Some(5), output_tokens: Some(70), ..Usage::default() }),
        cost: Some(Cost { nano_usd: Some(250_000_000), basis: CostBasis::Catalog }),
    }
}

fn attempt(key: &str, failure: Option<FailureClass>) -> Attempt {
    Attempt {
        provider: "known".into(),
        model: "listed".into(),
        key_alias: key.into(),
        failure,
        http_status: None,
        duration_ms: 30,
        message: "secret-message".into(),
    }
}

/// Returns the lines that tell something: no buckets, no zeros.
fn lines(registry: &Registry) -> BTreeSet<String> {
    let text = TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
    assert!(!text.contains("secret"), "{text}");
    let told = |line: &&str| !line.starts_with('#') && !line.contains("_bucket") && !line.ends_with(" 0");
    text.lines().filter(told).map(str::to_owned).collect()
}

/// What is said of it, what is different, lines that are there, and what no line contains.
type Case = (&'static str, fn(&mut Record), &'static [&'static str], &'static [&'static str]);

#[test]
fn what_a_request_adds() {
    let cases: [Case; 8] = [
        (
            "completed",
            |_| {},
            &[
                r#"aigw_requests_total{model="known/listed",operation="chat",outcome="completed",provider="known"} 1"#,
                r#"aigw_attempts_total{outcome="completed",provider="known"} 1"#,
                r#"aigw_attempt_duration_seconds_sum{provider="known"} 0.03"#,
                r#"aigw_tokens_total{model="known/listed",provider="known",type="input"} 5"#,
                r#"aigw_tokens_total{model="known/listed",provider="known",type="output"} 70"#,
                r#"aigw_cost_usd_total{model="known/listed",provider="known"} 0.25"#,
                r#"gen_ai_client_operation_duration_seconds_sum{error_type="",gen_ai_operation_name="chat",gen_ai_provider_name="known.to.otel",gen_ai_request_model="known/listed"} 1.5"#,
                r#"gen_ai_client_operation_time_to_first_chunk_seconds_sum{gen_ai_operation_name="chat",gen_ai_provider_name="known.to.otel",gen_ai_request_model="known/listed"} 0.015"#,
                r#"gen_ai_client_token_usage_sum{gen_ai_operation_name="chat",gen_ai_provider_name="known.to.otel",gen_ai_token_type="output"} 70"#,
            ],
            &["aigw_failovers_total", "aigw_retries_total", "reasoning"],
        ),
        (
            "moved on to another key, and tried that twice",
            |r| {
                use FailureClass::{Overload, RateLimit};
                let tries = [("a", Some(RateLimit)), ("b", Some(Overload)), ("b", None)];
                r.attempts = tries.map(|(key, failure)| attempt(key, failure)).into();
            },
            &[
                r#"aigw_attempts_total{outcome="rate_limit",provider="known"} 1"#,
                r#"aigw_attempts_total{outcome="overload",provider="known"} 1"#,
                r#"aigw_attempts_total{outcome="completed",provider="known"} 1"#,
                r#"aigw_failovers_total{provider="known",reason="rate_limit"} 1"#,
                r#"aigw_retries_total{provider="known",reason="overload"} 1"#,
            ],
            &[],
        ),
        (
            "failed",
            |r| r.outcome = Outcome::Failed(ErrorKind::UpstreamError),
            &[
                r#"aigw_requests_total{model="known/listed",operation="chat",outcome="upstream_error",provider="known"} 1"#,
                r#"gen_ai_client_operation_duration_seconds_count{error_type="upstream_error",gen_ai_operation_name="chat",gen_ai_provider_name="known.to.otel",gen_ai_request_model=""} 1"#,
            ],
            &[],
        ),
        (
            "refused before it had a target",
            |r| {
                (r.target, r.model_id, r.usage, r.cost) = (None, String::new(), None, None);
                (r.attempts, r.outcome) = (Vec::new(), Outcome::Failed(ErrorKind::ModelNotFound));
            },
            &[r#"aigw_requests_total{model="",operation="chat",outcome="model_not_found",provider=""} 1"#],
            &["aigw_attempts_total", "aigw_tokens_total", "aigw_cost_usd_total", "token_usage"],
        ),
        (
            "a model nobody knows",
            |r| {
                r.target = Some(Target { provider: "known".into(), model: "made-up".into() });
                (r.model_id, r.outcome) = ("known/made-up".into(), Outcome::Cancelled);
            },
            &[r#"aigw_requests_total{model="other",operation="chat",outcome="cancelled",provider="known"} 1"#],
            &["made-up"],
        ),
        (
            "a model that is not listed but answers",
            |r| {
                r.target = Some(Target { provider: "known".into(), model: "new".into() });
                r.model_id = "known/new".into();
            },
            &[r#"aigw_requests_total{model="known/new",operation="chat",outcome="completed",provider="known"} 1"#],
            &[],
        ),
        (
            "vision",
            |r| (r.request.operation, r.request.streamed) = (Operation::Vision, false),
            &[
                r#"aigw_requests_total{model="known/listed",operation="vision",outcome="completed",provider="known"} 1"#,
                r#"gen_ai_client_operation_duration_seconds_count{error_type="",gen_ai_operation_name="generate_content",gen_ai_provider_name="known.to.otel",gen_ai_request_model="known/listed"} 1"#,
            ],
            &["first_chunk"],
        ),
        ("no price", |r| r.cost = Some(Cost { nano_usd: None, basis: CostBasis::Unpriced }), &[], &["aigw_cost"]),
    ];
    for (name, change, there, missing) in cases {
        let (registry, mut metrics) = metrics();
        let mut record = record("listed");
        change(&mut record);
        metrics.count(&record);
        let lines = lines(&registry);
        for line in there {
            assert!(lines.contains(*line), "{name}: {line} is not in {lines:#?}");
        }
        for part in missing {
            assert!(!lines.iter().any(|line| line.contains(part)), "{name}: {part} is in {lines:#?}");
        }
    }
}

#[test]
fn callers_cannot_fill_it_with_models() {
    let (registry, mut metrics) = metrics();
    for n in 0..1000 {
        metrics.count(&record(&format!("model-{n}")));
    }
    let lines = lines(&registry);
    let models = lines.iter().filter(|line| line.starts_with("aigw_requests_total")).count();
    assert_eq!(models, 101);
    let others = r#"aigw_requests_total{model="other",operation="chat",outcome="completed",provider="known"} 900"#;
    assert!(lines.contains(others));
}

#[test]
fn a_model_has_at_most_fifty_series() {
    let (registry, mut metrics) = metrics();
    metrics.count(&record("listed"));
    let mut failed = record("listed");
    failed.outcome = Outcome::Failed(ErrorKind::UpstreamError);
    metrics.count(&failed);
    let text = TextEncoder::new().encode_to_string(&registry.gather()).unwrap();
    let series = text.lines().filter(|line| line.contains("known/listed")).count();
    assert!((30..=50).contains(&series), "{series}");
}
