//! Vectors that do not pass here, with the reason.

/// Vectors the gateway disagrees with: they are run, and must differ.
pub const DISAGREE: &[(&str, &str)] = &[];

/// Vectors about something that does not pass through the gateway's REST face; the named test runs them.
pub const ELSEWHERE: &[(&str, &str)] = &[];
