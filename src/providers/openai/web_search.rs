//! Writes the wish to search the web.

use std::borrow::Cow;

use super::{
    context::Context,
    switches::WebSearchForm,
    wire::{Place, Request, UserLocation, WebSearch},
};
use crate::{domain::chat, providers::date};

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
    wire.search_after_date_filter = wish.start_time.map(date::american);
    wire.search_before_date_filter = wish.end_time.map(date::american);
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
