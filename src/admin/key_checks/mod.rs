//! Tests of stored provider keys with their providers: asked for by owners, and by the gateway itself for keys that were
//! refused.

mod checks;
mod clock;
mod probes;
mod tested;
mod words;

pub use checks::KeyChecks;
pub use tested::{Tested, Verdict};

#[cfg(test)]
mod tests;
