//! Ids whose order is that of time: a UUID of version 7 that begins with the millisecond of what it names and goes on with
//! a counter, so that things of one millisecond keep their order as well.

use std::sync::atomic::{AtomicU64, Ordering};

use uuid::{Builder, Timestamp, Uuid};

/// Of the 74 bits behind the time; the others are random, so that processes make no id twice.
const COUNTER_BITS: u8 = 26;

/// Makes the id of something that happened at this time, in Unix milliseconds.
pub fn id_at(ms: i64) -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let made = MADE.fetch_add(1, Ordering::Relaxed) & ((1 << COUNTER_BITS) - 1);
    let ms = ms.max(0).unsigned_abs();
    let nanos = (ms % 1000) as u32 * 1_000_000;
    Uuid::new_v7(Timestamp::from_unix_time(ms / 1000, nanos, u128::from(made), COUNTER_BITS)).to_string()
}

/// Returns the least id of this time: ids of it and of later times are not smaller, ids of earlier times are.
pub fn least_id_at(ms: i64) -> String {
    // A UUID has room for 48 bits of time.
    let ms = ms.clamp(0, (1 << 48) - 1).unsigned_abs();
    Builder::from_unix_timestamp_millis(ms, &[0; 10]).into_uuid().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_the_order_of_time() {
        let now = 1_795_000_000_123;
        let ids: Vec<String> = (0..5000).map(|_| id_at(now)).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "one after the other within a millisecond");
        assert!(ids.iter().all(|id| *id >= least_id_at(now) && *id < least_id_at(now + 1)));
        assert!(id_at(now - 1) < ids[0] && id_at(now + 1) > ids[4999]);
        assert_eq!(least_id_at(0), "00000000-0000-7000-8000-000000000000");
        assert!(least_id_at(i64::MAX) > id_at(now) && id_at(-5) < ids[0]);
    }
}
