//! Ids whose order is that of time: a UUID of version 7 that begins with the millisecond of what it names and goes on with
//! a counter, so that things of one millisecond keep their order as well.

use std::sync::{
    LazyLock,
    atomic::{AtomicU32, Ordering},
};

use uuid::{Builder, Uuid};

/// Makes the id of something that happened at this time, in Unix milliseconds. What follows the counter is this process's
/// own, so that processes make no id twice: asking the system for random bytes each time would cost more than all the rest.
pub fn id_at(ms: i64) -> String {
    static MADE: AtomicU32 = AtomicU32::new(0);
    static OWN: LazyLock<[u8; 16]> = LazyLock::new(|| Uuid::new_v4().into_bytes());
    let made = MADE.fetch_add(1, Ordering::Relaxed);
    // The version takes the upper half of the first of these bytes, the variant the upper quarter of the third one.
    let [.., r0, r1, r2, r3, r4, r5] = *OWN;
    let behind = [(made >> 22) as u8, (made >> 14) as u8, (made >> 8) as u8, made as u8, r0, r1, r2, r3, r4, r5];
    text(ms, &behind)
}

/// Returns the least id of this time: ids of it and of later times are not smaller, ids of earlier times are.
pub fn least_id_at(ms: i64) -> String {
    text(ms, &[0; 10])
}

fn text(ms: i64, behind: &[u8; 10]) -> String {
    // A UUID has room for 48 bits of time.
    let ms = ms.clamp(0, (1 << 48) - 1).unsigned_abs();
    let id = Builder::from_unix_timestamp_millis(ms, behind).into_uuid();
    id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).to_owned()
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
