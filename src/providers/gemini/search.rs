//! The wish to search the web, as Google Search takes it.

use super::{
    context::Context,
    wire::{GoogleSearch, TimeRange},
};
use crate::{domain::chat::WebSearch, providers::date::rfc3339};

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
