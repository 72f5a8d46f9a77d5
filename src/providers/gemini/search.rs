//! The wish to search the web, as Google Search takes it.

use super::{
    context::Context,
    wire::{GoogleSearch, TimeRange},
};
use crate::domain::chat::WebSearch;

const DAY: i64 = 24 * 60 * 60;

/// Returns the search tool, with a warning for each option it has no counterpart for.
pub fn google_search(search: &WebSearch, cx: &mut Context<'_>) -> GoogleSearch {
    let times = search.start_time.zip(search.end_time);
    let given = [
        ("context_size", !search.context_size.is_empty()),
        ("user_location", search.user_location.is_some()),
        ("allowed_domains", !search.allowed_domains.is_empty()),
        ("excluded_domains", !search.excluded_domains.is_empty()),
        ("max_age", search.max_age_seconds.is_some()),
    ];
    for (name, _) in given.iter().filter(|(_, given)| *given) {
        let message = format!("the provider's search takes no {name}");
        cx.warnings.dropped(format!("prompt.web_search.{name}"), message);
    }
    for (name, given) in [("start_time", search.start_time), ("end_time", search.end_time)] {
        if given.is_some() && times.is_none() {
            let message = "the provider's search takes a start and an end together only";
            cx.warnings.dropped(format!("prompt.web_search.{name}"), message);
        }
    }
    let range = |(start, end)| TimeRange { start_time: rfc3339(start), end_time: rfc3339(end) };
    GoogleSearch { time_range_filter: times.map(range) }
}

/// Writes Unix seconds as `2026-11-22T09:30:00Z`, by Howard Hinnant's days-to-civil algorithm.
pub fn rfc3339(unix_seconds: i64) -> String {
    let days = unix_seconds.div_euclid(DAY) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let second = unix_seconds.rem_euclid(DAY);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}
