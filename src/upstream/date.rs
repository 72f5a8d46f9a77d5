//! When an answer came. Adapters have no clock: a date after which to ask again is read against the `date` of the answer.

use std::time::SystemTime;

use http::{HeaderMap, HeaderValue, header::DATE};

/// Returns the headers with a `date`: the sender's, else the time of receipt, as HTTP wants it of a recipient.
pub(super) fn dated(mut headers: HeaderMap) -> HeaderMap {
    let now = HeaderValue::try_from(httpdate::fmt_http_date(SystemTime::now()));
    if let (false, Ok(now)) = (headers.contains_key(DATE), now) {
        headers.insert(DATE, now);
    }
    headers
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::header::RETRY_AFTER;

    use super::*;
    use crate::providers::classify::retry_after;

    #[test]
    fn a_date_to_come_back_needs_no_date_of_the_sender() {
        let of = |seconds: u64| {
            HeaderValue::try_from(httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(seconds)))
        };
        let mut headers = HeaderMap::from_iter([(RETRY_AFTER, of(3600).unwrap())]);
        assert_eq!(retry_after(&headers), None);
        headers = dated(headers);
        let wait = retry_after(&headers).unwrap().as_secs();
        assert!((3500..=3601).contains(&wait), "{wait}");
        headers.insert(DATE, of(3540).unwrap());
        let wait = retry_after(&dated(headers)).unwrap().as_secs();
        assert!((59..=61).contains(&wait), "the sender's own date counts: {wait}");
    }
}
