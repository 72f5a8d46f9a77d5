//! Writes the wish to search the web.

use std::borrow::Cow;

use super::{
    context::Context,
    switches::WebSearchForm,
    wire::{Place, Request, UserLocation, WebSearch},
};
use crate::domain::chat;

pub fn encode<'a>(cx: &mut Context<'_>, wish: &'a chat::WebSearch, wire: &mut Request<'a>) {
    let place = |place: &'a chat::UserLocation| Place {
        country: &place.country,
        region: &place.region,
        city: &place.city,
        timezone: &place.timezone,
    };
    let location = wish.user_location.as_ref().map(place);
    match cx.dialect.web_search {
        WebSearchForm::Nested => {
            let user_location = location.map(|approximate| UserLocation::Nested { kind: "approximate", approximate });
            wire.web_search_options = Some(WebSearch { search_context_size: &wish.context_size, user_location });
        }
        WebSearchForm::Flat => {
            if location.as_ref().is_some_and(|place| !place.timezone.is_empty()) {
                cx.warnings.dropped("prompt.web_search.user_location.timezone", "the provider knows no time zones");
            }
            let user_location = location.map(|place| UserLocation::Flat(Place { timezone: "", ..place }));
            wire.web_search_options = Some(WebSearch { search_context_size: &wish.context_size, user_location });
            filters(cx, wish, wire);
        }
    }
}

fn filters<'a>(cx: &mut Context<'_>, wish: &'a chat::WebSearch, wire: &mut Request<'a>) {
    wire.search_domain_filter = wish.allowed_domains.iter().map(|domain| Cow::Borrowed(&**domain)).collect();
    if wire.search_domain_filter.is_empty() {
        let excluded = wish.excluded_domains.iter().map(|domain| Cow::Owned(format!("-{domain}")));
        wire.search_domain_filter = excluded.collect();
    } else if !wish.excluded_domains.is_empty() {
        // The provider wants one kind; a list of allowed domains leaves all others out anyway.
        cx.warnings
            .dropped("prompt.web_search.excluded_domains", "the provider takes allowed or excluded domains, not both");
    }
    wire.search_after_date_filter = wish.start_time.map(date);
    wire.search_before_date_filter = wish.end_time.map(date);
    let Some(age) = wish.max_age_seconds else { return };
    if wish.start_time.is_some() || wish.end_time.is_some() {
        cx.warnings.dropped("prompt.web_search.max_age", "the provider takes an age or dates, not both");
        return;
    }
    let (seconds, name) = RECENCY.iter().find(|(seconds, _)| age <= *seconds).copied().unwrap_or(YEAR);
    if seconds != age {
        cx.warnings.rewritten("prompt.web_search.max_age", format!("sent as `{name}`, the nearest the provider knows"));
    }
    wire.search_recency_filter = Some(name);
}

const DAY: u64 = 24 * 60 * 60;
const YEAR: (u64, &str) = (365 * DAY, "year");
const RECENCY: &[(u64, &str)] = &[(60 * 60, "hour"), (DAY, "day"), (7 * DAY, "week"), (31 * DAY, "month"), YEAR];

/// Writes Unix seconds as `M/D/YYYY`, by Howard Hinnant's days-to-civil algorithm.
pub fn date(unix_seconds: i64) -> String {
    let days = unix_seconds.div_euclid(DAY as i64) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{month}/{day}/{year}")
}
