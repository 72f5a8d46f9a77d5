//! What the gateway has found out about a stored provider key: whether it can be used, since when and until when. The
//! whole of it is here, without a clock: what happens next is a function of what is known and the time.

use std::time::Duration;

use super::{
    failure::{FailureClass, QuotaReset, UpstreamFailure},
    pacific,
    quoted::without_quotes,
};

/// Whether a provider key can be used, as far as the gateway knows. Its owner's switch is another matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum KeyState {
    #[default]
    Active,
    /// It sent too much and rests.
    Cooling,
    /// Its balance or quota is used up; it rests.
    QuotaExhausted,
    /// The provider refused it.
    Invalid,
}

impl KeyState {
    pub const ALL: [Self; 4] = [Self::Active, Self::Cooling, Self::QuotaExhausted, Self::Invalid];

    /// The word for it in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Cooling => "cooling",
            Self::QuotaExhausted => "quota_exhausted",
            Self::Invalid => "invalid",
        }
    }

    /// Returns the state a failure leads to; `None` when it says nothing of the key.
    pub fn after(class: FailureClass) -> Option<Self> {
        match class {
            FailureClass::Credential => Some(Self::Invalid),
            FailureClass::Quota => Some(Self::QuotaExhausted),
            FailureClass::RateLimit => Some(Self::Cooling),
            FailureClass::Overload
            | FailureClass::ServerError
            | FailureClass::Network
            | FailureClass::Timeout
            | FailureClass::BadResponse
            | FailureClass::Caller
            | FailureClass::ContextLength
            | FailureClass::Blocked
            | FailureClass::Model => None,
        }
    }

    fn rests(self) -> Rests {
        match self {
            Self::Active => Rests { first: 0, grows: 1, longest: 0, farthest: 0 },
            Self::Cooling => Rests { first: 30 * SECOND, grows: 2, longest: 5 * MINUTE, farthest: 5 * MINUTE },
            Self::QuotaExhausted => Rests { first: HOUR, grows: 2, longest: DAY, farthest: 31 * DAY },
            Self::Invalid => Rests { first: 30 * SECOND, grows: 4, longest: 6 * HOUR, farthest: 31 * DAY },
        }
    }
}

/// The health of one key. Times are Unix milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    pub state: KeyState,
    /// When it came to this state. Grows with every change, so that the newer of two is known.
    pub since_ms: i64,
    /// When a rest ends; while `Invalid`, when the gateway tries the key again, and `None` once it has given up.
    pub until_ms: Option<i64>,
    /// What led to the state; `None` while `Active`.
    pub class: Option<FailureClass>,
    /// Why, in a sentence for a person; redacted. Empty while `Active`.
    pub reason: String,
    /// Failures of this kind without a success between them; rests grow with it.
    pub strikes: u32,
}

/// What can be done with a key at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readiness {
    Ready,
    /// Its rest is over, but nobody has seen it work again: one request at a time may try.
    Probe,
    /// It rests for so many milliseconds more.
    Rests(i64),
    /// No request may use it.
    Invalid,
}

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Shortest rest, whatever the provider says.
const SHORTEST: i64 = SECOND;
/// Requests that fail together learn the same of a key. A deadline that is later by less than this is no news.
const NEWS: i64 = SECOND;
/// After so many probes of a refused key, over a day in all, only its owner can bring it back.
const MAX_PROBES: u32 = 10;

/// How long keys rest in one state, in milliseconds.
#[derive(Clone, Copy)]
struct Rests {
    first: i64,
    /// Factor from one strike to the next.
    grows: i64,
    longest: i64,
    /// How far away a deadline can be: the longest rest a provider may ask for.
    farthest: i64,
}

impl Rests {
    fn after(self, strikes: u32) -> i64 {
        let times = self.grows.saturating_pow(strikes.saturating_sub(1));
        self.first.saturating_mul(times).min(self.longest)
    }

    fn asked(self, wait: Duration) -> i64 {
        i64::try_from(wait.as_millis()).unwrap_or(i64::MAX).clamp(SHORTEST, self.farthest)
    }
}

impl Health {
    /// A key that works, as far as is known since a time.
    pub fn active(since_ms: i64) -> Self {
        Self { since_ms, ..Self::default() }
    }

    /// Returns what can be done with the key now.
    pub fn readiness(&self, now_ms: i64) -> Readiness {
        match self.state {
            KeyState::Active => Readiness::Ready,
            KeyState::Invalid => Readiness::Invalid,
            KeyState::Cooling | KeyState::QuotaExhausted => match self.left_ms(now_ms) {
                Some(left) => Readiness::Rests(left),
                None => Readiness::Probe,
            },
        }
    }

    /// Returns the state as people are told: a rest that is over counts as none.
    pub fn state_at(&self, now_ms: i64) -> KeyState {
        match self.readiness(now_ms) {
            Readiness::Ready | Readiness::Probe => KeyState::Active,
            Readiness::Rests(_) | Readiness::Invalid => self.state,
        }
    }

    /// Whether it is invalid and the gateway is to try it again now.
    pub fn is_due(&self, now_ms: i64) -> bool {
        self.state == KeyState::Invalid && self.until_ms.is_some() && self.left_ms(now_ms).is_none()
    }

    /// Returns the health after a failure, which is the same when the failure is no news. A deadline never moves earlier.
    pub fn failed(&self, failure: &UpstreamFailure, now_ms: i64) -> Self {
        let Some(state) = KeyState::after(failure.class) else { return self.clone() };
        let resting = self.left_ms(now_ms).is_some() || (self.state == KeyState::Invalid && self.until_ms.is_none());
        let strikes = match (self.state == state, resting) {
            // It was tried again, and in vain.
            (true, false) => self.strikes.saturating_add(1),
            // Requests that were under way together make one strike.
            (true, true) => self.strikes,
            (false, _) => 1,
        };
        let mut until_ms = deadline(failure, state, strikes, now_ms);
        if resting {
            let worse = state == KeyState::Invalid && self.state != KeyState::Invalid;
            let later = self.state != KeyState::Invalid && until_ms > self.until_ms.map(|until| until + NEWS);
            if !worse && !later {
                return self.clone();
            }
            until_ms = until_ms.max(self.until_ms);
        }
        Self {
            state,
            since_ms: now_ms.max(self.since_ms + 1),
            until_ms,
            class: Some(failure.class),
            reason: reason(state, &without_quotes(&failure.message)),
            strikes,
        }
    }

    /// Returns the health after the gateway has tried an invalid key and failed: one strike more, even if its rest was not
    /// over. The deadline does not move earlier.
    pub fn probe_failed(&self, failure: &UpstreamFailure, now_ms: i64) -> Self {
        let begun = self.until_ms.map(|until| until.min(now_ms));
        let after = Self { until_ms: begun, ..self.clone() }.failed(failure, now_ms);
        let rest = self.left_ms(now_ms).and(self.until_ms);
        Self { until_ms: after.until_ms.map(|until| rest.map_or(until, |rest| rest.max(until))), ..after }
    }

    /// Returns the health after the key was seen to work.
    pub fn succeeded(&self, now_ms: i64) -> Self {
        if self.state == KeyState::Active { self.clone() } else { Self::active(now_ms.max(self.since_ms + 1)) }
    }

    /// Returns what two processes know together. The newer one knows better, but of two rests the longer one stands.
    pub fn merge(&self, other: &Self) -> Self {
        let order = |health: &Self| (health.since_ms, health.state != KeyState::Active, health.until_ms);
        let (newer, older) = if order(self) >= order(other) { (self, other) } else { (other, self) };
        if [newer.state, older.state].contains(&KeyState::Active) || newer.until_ms.is_none() {
            return newer.clone();
        }
        let both_end = newer.state != KeyState::Invalid && older.state != KeyState::Invalid;
        let told = if both_end && older.until_ms > newer.until_ms { older } else { newer };
        Self { since_ms: newer.since_ms, until_ms: newer.until_ms.max(older.until_ms), ..told.clone() }
    }

    /// Returns how long the deadline is away. A deadline further away than any rest lasts comes from a clock that was
    /// set back since; it has passed, lest the key be stuck.
    fn left_ms(&self, now_ms: i64) -> Option<i64> {
        let left = self.until_ms?.saturating_sub(now_ms);
        (1..=self.state.rests().farthest).contains(&left).then_some(left)
    }
}

fn deadline(failure: &UpstreamFailure, state: KeyState, strikes: u32, now_ms: i64) -> Option<i64> {
    if state == KeyState::Invalid && strikes > MAX_PROBES {
        return None;
    }
    let rests = state.rests();
    let usual = now_ms + rests.after(strikes);
    Some(match (state, failure.retry_after, failure.resets) {
        (KeyState::Active | KeyState::Invalid, ..) => usual,
        (_, Some(wait), _) => now_ms + rests.asked(wait),
        (KeyState::QuotaExhausted, None, Some(QuotaReset::MidnightPacific)) => pacific::next_midnight_ms(now_ms),
        (_, None, _) => usual,
    })
}

/// Says why, in the provider's words, and what to do.
fn reason(state: KeyState, words: &str) -> String {
    let words = words.trim().trim_end_matches('.');
    match state {
        KeyState::Active => String::new(),
        KeyState::Cooling => format!("The provider limits its rate ({words}): it rests and comes back by itself."),
        KeyState::QuotaExhausted => format!(
            "Its balance or quota is used up ({words}): add credit at the provider and test it, or wait until it is \
             tried again."
        ),
        KeyState::Invalid => format!(
            "The provider refused it ({words}): check it at the provider, then test it again or replace its secret."
        ),
    }
}

#[cfg(test)]
mod tests;
