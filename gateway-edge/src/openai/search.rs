//! Web search options, of chat completions and of the built-in tool of Responses.

use crate::{error::Failure, pb};

use super::{
    body::{Approximate, UserLocation, WebSearch},
    lenient::Int,
};

/// Reads options that stand at `at`.
pub fn web_search(options: WebSearch, at: &str) -> Result<pb::WebSearchOptions, Failure> {
    let (allowed, blocked) = match options.filters {
        Some(filters) => (filters.allowed_domains, filters.blocked_domains),
        None => (None, None),
    };
    Ok(pb::WebSearchOptions {
        context_size: options.search_context_size.unwrap_or_default(),
        user_location: options.user_location.map(place),
        allowed_domains: options.allowed_domains.or(allowed).unwrap_or_default(),
        excluded_domains: options.excluded_domains.or(blocked).unwrap_or_default(),
        start_time: time(options.start_time, || format!("{at}.start_time"))?,
        end_time: time(options.end_time, || format!("{at}.end_time"))?,
        max_age: options.max_age_seconds.map(|Int(seconds)| prost_types::Duration { seconds, nanos: 0 }),
    })
}

fn place(place: UserLocation) -> pb::UserLocation {
    let UserLocation { approximate, country, region, city, timezone } = place;
    let place = approximate.unwrap_or(Approximate { country, region, city, timezone });
    pb::UserLocation {
        country: place.country.unwrap_or_default(),
        region: place.region.unwrap_or_default(),
        city: place.city.unwrap_or_default(),
        timezone: place.timezone.unwrap_or_default(),
    }
}

fn time(text: Option<String>, param: impl FnOnce() -> String) -> Result<Option<prost_types::Timestamp>, Failure> {
    let Some(text) = text else { return Ok(None) };
    match text.parse() {
        Ok(time) => Ok(Some(time)),
        Err(_) => Err(Failure::invalid(param(), "Invalid time: expected RFC 3339, such as 2026-11-22T00:00:00Z.")),
    }
}
