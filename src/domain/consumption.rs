//! What requests consumed: the record of one request, and sums of many by user, day, gateway key, provider and model.

use super::{
    error::ErrorKind,
    usage::{Cost, Usage, UsageSource},
};

pub const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// More than any request consumes. Sums stay far from the largest number a database holds, whatever a provider claims.
const MOST_TOKENS: u64 = 1 << 40;
/// A million dollars.
const MOST_NANO_USD: i64 = 1_000_000_000_000_000;

/// What a request asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Operation {
    #[default]
    Chat,
    Embeddings,
    /// Text out of a picture.
    Vision,
}

impl Operation {
    /// The word for it in the database and in the log.
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Embeddings => "embeddings",
            Self::Vision => "vision",
        }
    }
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Completed,
    Failed(ErrorKind),
    /// The caller went away first.
    Cancelled,
}

impl Outcome {
    /// The word for it in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Cancelled => "cancelled",
            Self::Failed(kind) => kind.name(),
        }
    }
}

/// The record of one request that is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageRecord {
    pub id: String,
    pub user_id: String,
    pub gateway_key_id: String,
    pub gateway_key_name: String,
    pub request_id: String,
    /// Empty when the request was refused before it had a target.
    pub provider: String,
    /// With its prefix. Empty when there was no target, and when the target had no such model.
    pub model_id: String,
    pub operation: Operation,
    pub streamed: bool,
    /// Unix milliseconds.
    pub started_ms: i64,
    pub total_ms: i64,
    /// Until the first visible output; `None` when there was none.
    pub first_output_ms: Option<i64>,
    pub outcome: Outcome,
    pub attempts: usize,
    /// The key of the last attempt.
    pub provider_key_name: String,
    pub usage: Option<Usage>,
    pub cost: Option<Cost>,
}

/// What sums are kept for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DayGroup<'a> {
    pub user_id: &'a str,
    /// Start of the UTC day in Unix milliseconds.
    pub day_ms: i64,
    pub gateway_key_id: &'a str,
    pub provider: &'a str,
    pub model_id: &'a str,
}

/// Sums of records. `estimated`, `unmetered` and `unpriced` count requests.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    pub requests: i64,
    pub failed: i64,
    pub cancelled: i64,
    pub attempts: i64,
    pub input_tokens: i64,
    pub output_tokens: i64,
    pub cached_input_tokens: i64,
    pub reasoning_tokens: i64,
    pub estimated: i64,
    pub unmetered: i64,
    pub nano_usd: i64,
    pub unpriced: i64,
}

impl UsageRecord {
    pub fn group(&self) -> DayGroup<'_> {
        DayGroup {
            user_id: &self.user_id,
            day_ms: start_of_day(self.started_ms),
            gateway_key_id: &self.gateway_key_id,
            provider: &self.provider,
            model_id: &self.model_id,
        }
    }

    /// What the request adds to the sums of its group.
    pub fn sums(&self) -> Sums {
        let cancelled = matches!(self.outcome, Outcome::Cancelled | Outcome::Failed(ErrorKind::Cancelled));
        let failed = !cancelled && self.outcome != Outcome::Completed;
        let usage = self.usage.as_ref();
        let tokens = |counter: fn(&Usage) -> Option<u64>| usage.and_then(counter).map_or(0, stored_tokens);
        let nano_usd = self.cost.and_then(|cost| cost.nano_usd);
        Sums {
            requests: 1,
            failed: failed.into(),
            cancelled: cancelled.into(),
            attempts: self.attempts as i64,
            input_tokens: tokens(|u| u.input_tokens),
            output_tokens: tokens(|u| u.output_tokens),
            cached_input_tokens: tokens(|u| u.cached_input_tokens),
            reasoning_tokens: tokens(|u| u.reasoning_tokens),
            estimated: (self.is_metered() && !self.is_exact()).into(),
            unmetered: (!self.is_metered()).into(),
            nano_usd: nano_usd.map_or(0, stored_nano_usd),
            unpriced: nano_usd.is_none().into(),
        }
    }

    /// Whether anything is known of its tokens.
    fn is_metered(&self) -> bool {
        self.usage.as_ref().is_some_and(|usage| usage.input_tokens.is_some() || usage.output_tokens.is_some())
    }

    /// Whether all of its tokens were counted by the provider. Vectors are no output tokens.
    fn is_exact(&self) -> bool {
        self.usage.as_ref().is_some_and(|usage| {
            usage.source == UsageSource::Provider
                && usage.input_tokens.is_some()
                && (usage.output_tokens.is_some() || self.operation == Operation::Embeddings)
        })
    }
}

impl Sums {
    pub fn add(&mut self, more: &Self) {
        self.requests += more.requests;
        self.failed += more.failed;
        self.cancelled += more.cancelled;
        self.attempts += more.attempts;
        self.input_tokens += more.input_tokens;
        self.output_tokens += more.output_tokens;
        self.cached_input_tokens += more.cached_input_tokens;
        self.reasoning_tokens += more.reasoning_tokens;
        self.estimated += more.estimated;
        self.unmetered += more.unmetered;
        self.nano_usd += more.nano_usd;
        self.unpriced += more.unpriced;
    }

    /// Returns the known cost; `None` when no request has a price.
    pub fn known_nano_usd(&self) -> Option<i64> {
        (self.unpriced < self.requests).then_some(self.nano_usd)
    }
}

/// Which sums of a user to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageQuery {
    pub user_id: String,
    /// Start of the first day. `None`: the first there is.
    pub from_ms: Option<i64>,
    /// Start of the day after the last one. `None`: the last there is.
    pub to_ms: Option<i64>,
    pub gateway_key_id: String,
    pub provider: String,
    pub model_id: String,
    pub by: Dimensions,
    /// The last row of the page before.
    pub after: Option<UsageGroup>,
    pub limit: usize,
}

/// What to make separate rows for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dimensions {
    pub gateway_key: bool,
    pub provider: bool,
    /// Names the provider as well.
    pub model: bool,
    pub day: bool,
}

/// What a row of sums is for. What was not asked for is zero or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageGroup {
    pub day_ms: i64,
    pub gateway_key_id: String,
    pub provider: String,
    pub model_id: String,
}

/// A row of sums.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UsageSum {
    pub group: UsageGroup,
    /// The name the gateway key has, or had last.
    pub gateway_key_name: String,
    pub sums: Sums,
}

/// Returns the start of the UTC day.
pub fn start_of_day(ms: i64) -> i64 {
    ms - ms.rem_euclid(DAY_MS)
}

/// Brings a provider's claim to what is stored.
pub fn stored_tokens(tokens: u64) -> i64 {
    tokens.min(MOST_TOKENS).cast_signed()
}

pub fn stored_nano_usd(nano_usd: i64) -> i64 {
    nano_usd.clamp(-MOST_NANO_USD, MOST_NANO_USD)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::usage::CostBasis;

    fn record() -> UsageRecord {
        UsageRecord {
            id: "r".into(),
            user_id: "u".into(),
            gateway_key_id: "k".into(),
            gateway_key_name: "key".into(),
            request_id: "q".into(),
            provider: "p".into(),
            model_id: "p/m".into(),
            operation: Operation::Chat,
            streamed: true,
            started_ms: DAY_MS + 1,
            total_ms: 5,
            first_output_ms: None,
            outcome: Outcome::Completed,
            attempts: 2,
            provider_key_name: String::new(),
            usage: None,
            cost: None,
        }
    }

    #[test]
    fn what_a_request_adds() {
        let usage = |input, output| Some(Usage { input_tokens: input, output_tokens: output, ..Usage::default() });
        let partial = usage(Some(3), Some(1)).map(|u| Usage { source: UsageSource::Partial, ..u });
        let cost = |nano_usd| Some(Cost { nano_usd, basis: CostBasis::Catalog });
        let failed = Outcome::Failed(ErrorKind::UpstreamError);
        let none = Sums { requests: 1, attempts: 2, unmetered: 1, unpriced: 1, ..Sums::default() };
        let whole = Sums { input_tokens: 3, output_tokens: 1, unmetered: 0, ..none };
        let cases = [
            ("nothing known", record(), none),
            ("failed", UsageRecord { outcome: failed, ..record() }, Sums { failed: 1, ..none }),
            ("cancelled", UsageRecord { outcome: Outcome::Cancelled, ..record() }, Sums { cancelled: 1, ..none }),
            (
                "cancelled by an error",
                UsageRecord { outcome: Outcome::Failed(ErrorKind::Cancelled), ..record() },
                Sums { cancelled: 1, ..none },
            ),
            ("whole", UsageRecord { usage: usage(Some(3), Some(1)), ..record() }, whole),
            ("in part", UsageRecord { usage: partial, ..record() }, Sums { estimated: 1, ..whole }),
            (
                "no output known",
                UsageRecord { usage: usage(Some(3), None), ..record() },
                Sums { estimated: 1, output_tokens: 0, ..whole },
            ),
            (
                "vectors are no output",
                UsageRecord { usage: usage(Some(3), None), operation: Operation::Embeddings, ..record() },
                Sums { output_tokens: 0, ..whole },
            ),
            ("usage without counters", UsageRecord { usage: usage(None, None), ..record() }, none),
            ("priced", UsageRecord { cost: cost(Some(7)), ..record() }, Sums { nano_usd: 7, unpriced: 0, ..none }),
            ("no price", UsageRecord { cost: cost(None), ..record() }, none),
            (
                "a claim nobody believes",
                UsageRecord { usage: usage(Some(u64::MAX), Some(0)), cost: cost(Some(i64::MAX)), ..record() },
                Sums { input_tokens: 1 << 40, output_tokens: 0, nano_usd: 1_000_000_000_000_000, unpriced: 0, ..whole },
            ),
        ];
        for (name, record, want) in cases {
            assert_eq!(record.sums(), want, "{name}");
        }
        assert_eq!(none.known_nano_usd(), None);
        assert_eq!(Sums { requests: 2, ..none }.known_nano_usd(), Some(0), "one of two has the price zero");
    }

    #[test]
    fn days_begin_at_midnight_utc() {
        for (ms, want) in [(0, 0), (1, 0), (DAY_MS - 1, 0), (DAY_MS, DAY_MS), (-1, -DAY_MS)] {
            assert_eq!(start_of_day(ms), want, "{ms}");
        }
        assert_eq!(record().group().day_ms, DAY_MS);
    }
}
