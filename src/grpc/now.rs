//! The wall clock of the gRPC face.

use std::time::{SystemTime, UNIX_EPOCH};

/// Returns the wall clock in Unix milliseconds.
pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as i64
}
