//! One record per request, also when the caller hangs up: what was asked, what was tried, what it took.

use std::time::Instant;

use crate::domain::{
    error::{Error, ErrorKind},
    event::{ChatEvent, Finished},
    key::Caller,
    model::{Model, Target},
    usage::{Attempt, Cost, CostBasis, Usage, UsageSource},
};

/// Who asked for what; fixed when the request begins.
#[derive(Debug)]
pub struct Request {
    pub request_id: String,
    pub caller: Caller,
    pub streamed: bool,
}

/// How a request ended. One without an outcome was left by its caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Completed,
    Failed(ErrorKind),
}

/// Watches one request from admission to its end and writes the record exactly once.
#[derive(Debug)]
pub struct Meter {
    request: Request,
    target: Option<Target>,
    started: Instant,
    first_output_ms: Option<u64>,
    usage: Option<Usage>,
    cost: Option<Cost>,
    attempts: Vec<Attempt>,
    outcome: Option<Outcome>,
}

impl Meter {
    pub fn start(request: Request) -> Self {
        let (target, first_output_ms, usage, cost, outcome) = (None, None, None, None, None);
        let (started, attempts) = (Instant::now(), Vec::new());
        Self { request, target, started, first_output_ms, usage, cost, attempts, outcome }
    }

    pub fn routed(&mut self, target: &Target) {
        self.target = Some(target.clone());
    }

    pub fn attempted(&mut self, attempts: &[Attempt]) {
        self.attempts = attempts.to_vec();
    }

    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// Takes note of an event on its way to the caller.
    pub fn saw(&mut self, event: &ChatEvent) {
        if self.first_output_ms.is_none() && event.is_visible() {
            self.first_output_ms = Some(self.elapsed_ms());
        }
        match event {
            ChatEvent::Usage(usage) => self.usage = Some(usage.clone()),
            ChatEvent::Finished(finished) => {
                self.usage.clone_from(&finished.usage);
                self.cost = finished.cost;
                self.outcome = Some(Outcome::Completed);
            }
            _ => {}
        }
    }

    pub fn failed(&mut self, error: &Error) {
        if !error.attempts.is_empty() {
            self.attempts.clone_from(&error.attempts);
        }
        self.outcome = Some(Outcome::Failed(error.kind));
    }

    /// Returns what is known of the consumption of a request that ends early.
    pub fn partial_usage(&self) -> Option<Usage> {
        self.usage.clone().map(|usage| Usage { source: UsageSource::Partial, ..usage })
    }

    fn elapsed_ms(&self) -> u64 {
        self.started.elapsed().as_millis() as u64
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let outcome = match self.outcome {
            Some(Outcome::Completed) => "completed".to_owned(),
            Some(Outcome::Failed(kind)) => format!("{kind:?}"),
            None => "cancelled".to_owned(),
        };
        let last = self.attempts.last();
        let usage = self.usage.as_ref();
        tracing::info!(
            request_id = self.request.request_id,
            key_id = self.request.caller.key_id,
            provider = self.target.as_ref().map(|t| t.provider.as_str()),
            model = self.target.as_ref().map(|t| t.model.as_str()),
            provider_key = last.map(|a| a.key_alias.as_str()),
            streamed = self.request.streamed,
            outcome,
            attempts = self.attempts.len(),
            first_output_ms = self.first_output_ms,
            total_ms = self.elapsed_ms(),
            input_tokens = usage.and_then(|u| u.input_tokens),
            output_tokens = usage.and_then(|u| u.output_tokens),
            cost_nano_usd = self.cost.and_then(|c| c.nano_usd),
            "chat request"
        );
    }
}

/// Returns what a finished completion cost: the provider's word, else the catalog's price, else unpriced.
pub fn cost_of(finished: &Finished, model: Option<&Model>) -> Cost {
    if let Some(cost) = finished.cost {
        return cost;
    }
    let priced = || {
        let (usage, model) = (finished.usage.as_ref()?, model?);
        let input = i128::from(usage.input_tokens?) * i128::from(model.input_price?);
        let output = i128::from(usage.output_tokens?) * i128::from(model.output_price?);
        i64::try_from((input + output) / 1_000_000).ok()
    };
    match priced() {
        Some(nano_usd) => Cost { nano_usd: Some(nano_usd), basis: CostBasis::Catalog },
        None => Cost { nano_usd: None, basis: CostBasis::Unpriced },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::event::FinishReason;

    #[test]
    fn prices() {
        let usage = |input, output| Usage { input_tokens: input, output_tokens: output, ..Usage::default() };
        let model = |input, output| Model { input_price: input, output_price: output, ..Model::default() };
        let stated = Cost { nano_usd: Some(7), basis: CostBasis::Provider };
        let catalog = |nano| Cost { nano_usd: Some(nano), basis: CostBasis::Catalog };
        let unpriced = Cost { nano_usd: None, basis: CostBasis::Unpriced };
        let dollar = Some(1_000_000_000);
        let cases = [
            ("the provider's word wins", Some(stated), usage(Some(1), Some(1)), Some(model(dollar, dollar)), stated),
            (
                "by the catalog",
                None,
                usage(Some(2_000_000), Some(500_000)),
                Some(model(dollar, dollar)),
                catalog(2_500_000_000),
            ),
            ("free is a price", None, usage(Some(5), Some(5)), Some(model(Some(0), Some(0))), catalog(0)),
            ("unknown tokens", None, usage(None, Some(5)), Some(model(dollar, dollar)), unpriced),
            ("unknown price", None, usage(Some(5), Some(5)), Some(model(None, dollar)), unpriced),
            ("unknown model", None, usage(Some(5), Some(5)), None, unpriced),
        ];
        for (name, cost, usage, model, want) in cases {
            let finished = Finished { cost, usage: Some(usage), ..Finished::new(FinishReason::Stop, "stop") };
            assert_eq!(cost_of(&finished, model.as_ref()), want, "{name}");
        }
    }
}
