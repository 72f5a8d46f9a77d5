//! What the gateway has found out about a stored provider key: whether it can be used, since when and until when.

use super::failure::FailureClass;

/// Whether a provider key can be used, as far as the gateway knows. Its owner's switch is another matter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
}

/// The health of one key. Times are Unix milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    pub state: KeyState,
    /// When it came to this state. Grows with every change, so that the newer of two is known.
    pub since_ms: i64,
    /// When a rest ends; while `Invalid`, when the gateway tries the key again.
    pub until_ms: Option<i64>,
    /// What led to the state; `None` while `Active`.
    pub class: Option<FailureClass>,
    /// Why, in a sentence for a person; redacted. Empty while `Active`.
    pub reason: String,
    /// Failures of this kind without a success between them; rests grow with it.
    pub strikes: u32,
}
