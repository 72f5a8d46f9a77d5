//! What became of a row of an import.

/// Same list and meaning as `ImportVerdict` of the contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Created,
    Duplicate,
    UnknownProvider,
    BadFormat,
    HeldBack,
}

/// What a person is told of a row. Never any part of a secret but the hint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowResult {
    /// Line where the row begins, from 1.
    pub line: u32,
    pub verdict: Verdict,
    /// As written when it is unknown; empty when there is none.
    pub provider: String,
    pub name: String,
    pub hint: String,
    /// The key that was created, or the one the row repeats.
    pub key_id: String,
    /// Why it was not created. Empty when it was.
    pub message: String,
}

impl RowResult {
    /// A row that is fit, as far as nothing else is said of it.
    pub fn of_line(line: u32) -> Self {
        let [provider, name, hint, key_id, message] = Default::default();
        Self { line, verdict: Verdict::Created, provider, name, hint, key_id, message }
    }

    /// Whether the row is wrong, which one that is there already is not.
    pub fn is_bad(&self) -> bool {
        matches!(self.verdict, Verdict::UnknownProvider | Verdict::BadFormat)
    }

    pub fn turn(&mut self, verdict: Verdict, message: impl Into<String>) {
        (self.verdict, self.message) = (verdict, message.into());
    }
}
