//! `grpc-timeout`: read from a call, and written anew with what is left when the call is sent again.

use http::{HeaderMap, HeaderValue};
use tokio::time::Instant;

use crate::timeout::{GRPC_TIMEOUT, grpc_timeout};

/// Returns when the caller stops waiting. None when it never says so, or not in gRPC's words.
pub fn of(headers: &HeaderMap) -> Option<Instant> {
    Instant::now().checked_add(grpc_timeout(headers)?)
}

/// Tells the service how much is left.
pub fn shorten(headers: &mut HeaderMap, deadline: Instant) {
    let left = deadline.saturating_duration_since(Instant::now());
    // Eight digits are the most that gRPC allows: milliseconds reach to 27 hours.
    let value = match u32::try_from(left.as_millis()) {
        Ok(millis @ 0..=99_999_999) => format!("{}m", millis.max(1)),
        _ => format!("{}S", left.as_secs().min(99_999_999)),
    };
    if let Ok(value) = HeaderValue::try_from(value) {
        headers.insert(GRPC_TIMEOUT, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn timeouts_are_read_and_written() {
        for (text, seconds) in
            [("10S", Some(10)), ("2M", Some(120)), ("1H", Some(3600)), ("5000m", Some(5)), ("7000000u", Some(7))]
                .into_iter()
                .chain(["", "S", "1", "1x", "-1S", "123456789S", "é"].map(|wrong| (wrong, None)))
        {
            let mut headers = HeaderMap::new();
            headers.insert(GRPC_TIMEOUT, HeaderValue::from_bytes(text.as_bytes()).unwrap());
            let deadline = of(&headers);
            assert_eq!(deadline.map(|at| (at - Instant::now()).as_secs()), seconds, "{text}");
            if let (Some(deadline), Some(seconds)) = (deadline, seconds) {
                shorten(&mut headers, deadline);
                assert_eq!(headers[GRPC_TIMEOUT], format!("{}m", seconds * 1000));
            }
        }
    }
}
