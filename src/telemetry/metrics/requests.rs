//! Counts requests from their records, on the task that keeps these: no request waits for it.
//!
//! The library tells series apart by their values joined without a mark between them, so words of fixed lists stand
//! before names that people choose: what is joined that way can be read in one way only.

use std::{sync::Arc, time::Duration};

use prometheus::{CounterVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry, Result};

use super::{
    model_labels::ModelLabels,
    names::{
        ATTEMPT_SECONDS, ATTEMPTS, COST, DURATION, ERROR_TYPE, FAILOVERS, FIRST_CHUNK, GEN_AI_MODEL, GEN_AI_OPERATION,
        GEN_AI_PROVIDER, GEN_AI_TOKEN_TYPE, LOST, REQUESTS, RETRIES, SECONDS, TOKEN_COUNTS, TOKEN_USAGE, TOKENS,
        gen_ai_operation,
    },
};
use crate::{
    domain::{
        consumption::Outcome,
        usage::{Attempt, Usage},
    },
    metering::Record,
    routing::catalog::Catalog,
};

const NANO_USD: f64 = 1e9;

/// What is counted of requests.
pub struct RequestMetrics {
    models: ModelLabels,
    /// From our names of providers to OpenTelemetry's, where these are others.
    otel_names: &'static [(&'static str, &'static str)],
    requests: IntCounterVec,
    attempts: IntCounterVec,
    attempt_seconds: HistogramVec,
    failovers: IntCounterVec,
    retries: IntCounterVec,
    tokens: IntCounterVec,
    cost: CounterVec,
    duration: HistogramVec,
    first_chunk: HistogramVec,
    token_usage: HistogramVec,
    pub lost: LostRecords,
}

/// Counters of what could not be kept.
#[derive(Clone)]
pub struct LostRecords {
    /// Requests that came faster than they could be logged and counted.
    pub requests: IntCounter,
    /// Rows of usage.
    pub usage: IntCounter,
    /// Entries of activity.
    pub activity: IntCounter,
    /// What requests found out about keys.
    pub key_changes: IntCounter,
}

impl RequestMetrics {
    pub fn new(
        registry: &Registry,
        catalog: Arc<Catalog>,
        otel_names: &'static [(&'static str, &'static str)],
    ) -> Result<Self> {
        let lost = counter(LOST, &["kind"])?;
        let made = Self {
            models: ModelLabels::new(catalog),
            otel_names,
            requests: counter(REQUESTS, &["operation", "outcome", "provider", "model"])?,
            attempts: counter(ATTEMPTS, &["outcome", "provider"])?,
            attempt_seconds: histogram(ATTEMPT_SECONDS, &["provider"], &SECONDS)?,
            failovers: counter(FAILOVERS, &["reason", "provider"])?,
            retries: counter(RETRIES, &["reason", "provider"])?,
            tokens: counter(TOKENS, &["type", "provider", "model"])?,
            cost: CounterVec::new(opts(COST), &["provider", "model"])?,
            duration: histogram(DURATION, &[GEN_AI_OPERATION, ERROR_TYPE, GEN_AI_PROVIDER, GEN_AI_MODEL], &SECONDS)?,
            first_chunk: histogram(FIRST_CHUNK, &[GEN_AI_OPERATION, GEN_AI_PROVIDER, GEN_AI_MODEL], &SECONDS)?,
            token_usage: histogram(
                TOKEN_USAGE,
                &[GEN_AI_OPERATION, GEN_AI_TOKEN_TYPE, GEN_AI_PROVIDER],
                &TOKEN_COUNTS,
            )?,
            lost: LostRecords {
                requests: lost.with_label_values(&["request"]),
                usage: lost.with_label_values(&["usage"]),
                activity: lost.with_label_values(&["activity"]),
                key_changes: lost.with_label_values(&["key_change"]),
            },
        };
        for counters in [&made.requests, &made.attempts, &made.failovers, &made.retries, &made.tokens, &lost] {
            registry.register(Box::new(counters.clone()))?;
        }
        for times in [&made.attempt_seconds, &made.duration, &made.first_chunk, &made.token_usage] {
            registry.register(Box::new(times.clone()))?;
        }
        registry.register(Box::new(made.cost.clone()))?;
        Ok(made)
    }

    /// Counts a request that is over.
    pub fn count(&mut self, record: &Record) {
        let model = self.models.of(record);
        let provider = record.target.as_ref().map_or("", |target| target.provider.as_str());
        let operation = record.request.operation;
        self.requests.with_label_values(&[operation.name(), record.outcome.name(), provider, model]).inc();
        self.count_attempts(&record.attempts);
        self.count_tokens(provider, model, record.usage.as_ref());
        if let Some(nano_usd) = record.cost.and_then(|cost| cost.nano_usd).filter(|nano_usd| *nano_usd > 0) {
            self.cost.with_label_values(&[provider, model]).inc_by(nano_usd as f64 / NANO_USD);
        }
        self.observe(record, provider, model);
    }

    fn count_attempts(&self, attempts: &[Attempt]) {
        for attempt in attempts {
            let outcome = attempt.failure.map_or("completed", |class| class.name());
            self.attempts.with_label_values(&[outcome, &attempt.provider]).inc();
            let seconds = Duration::from_millis(attempt.duration_ms).as_secs_f64();
            self.attempt_seconds.with_label_values(&[&attempt.provider]).observe(seconds);
        }
        for (before, after) in attempts.iter().zip(attempts.iter().skip(1)) {
            let Some(reason) = before.failure else { continue };
            let same = before.key_alias == after.key_alias && before.provider == after.provider;
            let moves = if same { &self.retries } else { &self.failovers };
            moves.with_label_values(&[reason.name(), &before.provider]).inc();
        }
    }

    fn count_tokens(&self, provider: &str, model: &str, usage: Option<&Usage>) {
        for (kind, tokens) in usage.into_iter().flat_map(token_kinds) {
            if let Some(tokens) = tokens {
                self.tokens.with_label_values(&[kind, provider, model]).inc_by(tokens);
            }
        }
    }

    /// OpenTelemetry's histograms.
    fn observe(&self, record: &Record, provider: &str, model: &str) {
        let operation = gen_ai_operation(record.request.operation);
        let provider =
            self.otel_names.iter().find(|(ours, _)| *ours == provider).map_or(provider, |(_, theirs)| theirs);
        let failed = record.outcome != Outcome::Completed;
        let (shown, error) = if failed { ("", record.outcome.name()) } else { (model, "") };
        self.duration.with_label_values(&[operation, error, provider, shown]).observe(record.total.as_secs_f64());
        if let Some(first) = record.first_output.filter(|_| record.request.streamed) {
            self.first_chunk.with_label_values(&[operation, provider, model]).observe(first.as_secs_f64());
        }
        let Some(usage) = &record.usage else { return };
        for (kind, tokens) in [("input", usage.input_tokens), ("output", usage.output_tokens)] {
            if let Some(tokens) = tokens {
                self.token_usage.with_label_values(&[operation, kind, provider]).observe(tokens as f64);
            }
        }
    }
}

fn token_kinds(usage: &Usage) -> [(&'static str, Option<u64>); 4] {
    [
        ("input", usage.input_tokens),
        ("output", usage.output_tokens),
        ("cached_input", usage.cached_input_tokens),
        ("reasoning", usage.reasoning_tokens),
    ]
}

fn opts([name, help]: [&str; 2]) -> Opts {
    Opts::new(name, help)
}

fn counter(named: [&str; 2], labels: &[&str]) -> Result<IntCounterVec> {
    IntCounterVec::new(opts(named), labels)
}

fn histogram([name, help]: [&str; 2], labels: &[&str], buckets: &[f64]) -> Result<HistogramVec> {
    HistogramVec::new(HistogramOpts::new(name, help).buckets(buckets.to_vec()), labels)
}
