//! How a provider does, whatever its keys do.

/// What can be said of a provider now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Availability {
    /// It answered lately and did not fail just now.
    Available,
    /// It failed just now.
    Degraded,
    /// Nobody asked it lately.
    Unknown,
}
