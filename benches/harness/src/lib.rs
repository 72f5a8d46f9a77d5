//! What the three programs share: how a model name says which answer the mock gives, so that the client can check it.

/// Says how many text events a streamed answer has and how far apart they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamPlan {
    pub events: u32,
    pub period_ms: u64,
}

/// The most text events one stream may have.
pub const MAX_EVENTS: u32 = 100_000;
/// The longest pause between two events.
pub const MAX_PERIOD_MS: u64 = 10_000;

impl StreamPlan {
    /// Reads the plan from a model name such as `bench-e100-p10`: 100 events, 10 ms apart. A prefix before the
    /// last `/` is ignored, because not every door strips it; a part that is absent keeps its default.
    pub fn from_model(model: &str) -> Self {
        let name = model.rsplit('/').next().unwrap_or(model);
        let mut plan = Self { events: 20, period_ms: 0 };
        for part in name.split('-') {
            if let Some(Ok(n)) = part.strip_prefix('e').map(str::parse::<u32>) {
                plan.events = n.min(MAX_EVENTS);
            } else if let Some(Ok(ms)) = part.strip_prefix('p').map(str::parse::<u64>) {
                plan.period_ms = ms.min(MAX_PERIOD_MS);
            }
        }
        plan
    }

    /// Returns how long the mock takes to send such an answer when nothing holds it up.
    pub fn duration_ms(&self) -> u64 {
        u64::from(self.events) * self.period_ms
    }
}

/// Returns the text of event `i`. Every text has `TOKEN_LEN` plain ASCII bytes, so a client can tell a whole answer
/// from a torn one by counting bytes, however the events were cut or joined on the way.
pub fn token(i: u32) -> String {
    format!(" tok-{:03}", i % 1000)
}

/// Bytes of text in one event.
pub const TOKEN_LEN: usize = 8;

/// Stands in every unary answer; its absence means that something else answered.
pub const REPLY_MARK: &str = "the mock upstream of the benchmark";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_name_says_the_plan() {
        let check = |name, events, period_ms| {
            assert_eq!(StreamPlan::from_model(name), StreamPlan { events, period_ms }, "{name}");
        };
        check("bench-e100-p10", 100, 10);
        check("x-ai/bench-e3-p500", 3, 500);
        check("bench", 20, 0);
        check("bench-e999999999", MAX_EVENTS, 0);
    }

    #[test]
    fn every_token_has_the_same_length() {
        for i in [0, 9, 999, 1000, 123_456] {
            assert_eq!(token(i).len(), TOKEN_LEN);
        }
    }
}
