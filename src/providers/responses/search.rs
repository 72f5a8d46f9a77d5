//! Writes the tool that searches the web.

use std::{borrow::Cow, collections::BTreeMap};

use super::{
    context::Context,
    dialect::SearchForm,
    options::Options,
    wire::{Filter, UserLocation, WebSearch},
};
use crate::{
    domain::chat::{self, ChatRequest, ToolChoiceMode},
    providers::{adapter::EncodeError, date},
};

const FIELD: &str = "prompt.web_search";

/// Returns the tool when the caller asks for it, or when the model is known to search and nothing speaks against it.
pub fn tool<'a>(
    cx: &mut Context<'_>,
    request: &'a ChatRequest,
    options: &Options<'a>,
) -> Result<Option<WebSearch<'a>>, EncodeError> {
    let mut tool = match &request.web_search {
        Some(wish) => encode(cx, wish),
        None if !options.filters.is_empty() || is_expected(cx, request, options) => WebSearch::default(),
        None => return Ok(None),
    };
    for (name, value) in &options.filters {
        if tool.filters.insert(name, Filter::Json(value)).is_some() {
            let field = format!("prompt.provider_options.{name}");
            return Err(EncodeError::new(field, "web_search says the same; set one of them"));
        }
    }
    Ok(Some(tool))
}

/// Whether callers of the model expect it to search. Functions come first: they and a search that must happen exclude
/// each other.
fn is_expected(cx: &Context<'_>, request: &ChatRequest, options: &Options<'_>) -> bool {
    let searches = cx.dialect.rule(cx.model).is_some_and(|rule| rule.searches);
    let forbidden = request.tool_choice.as_ref().is_some_and(|choice| choice.mode == ToolChoiceMode::None);
    searches && request.tools.is_empty() && options.tools.is_empty() && !options.no_search && !forbidden
}

fn encode<'a>(cx: &mut Context<'_>, wish: &'a chat::WebSearch) -> WebSearch<'a> {
    let mut tool = WebSearch::default();
    let form = cx.dialect.web_search;
    if form == SearchForm::Domains {
        drop_present(cx, "context_size", !wish.context_size.is_empty());
        drop_present(cx, "user_location", wish.user_location.is_some());
    } else {
        tool.search_context_size = &wish.context_size;
        tool.user_location = wish.user_location.as_ref().map(|place| location(cx, place));
    }
    match form {
        SearchForm::Nested => {
            drop_present(cx, "excluded_domains", !wish.excluded_domains.is_empty());
            let domains = limited(cx, "allowed_domains", &wish.allowed_domains);
            if !domains.is_empty() {
                tool.filters.insert("allowed_domains", words(domains, ""));
            }
        }
        SearchForm::Domains => {
            tool.allowed_domains = limited(cx, "allowed_domains", &wish.allowed_domains);
            if tool.allowed_domains.is_empty() {
                tool.excluded_domains = limited(cx, "excluded_domains", &wish.excluded_domains);
            } else {
                drop_present(cx, "excluded_domains", !wish.excluded_domains.is_empty());
            }
        }
        SearchForm::Filters => filters(cx, wish, &mut tool.filters),
    }
    if form != SearchForm::Filters {
        drop_present(cx, "start_time", wish.start_time.is_some());
        drop_present(cx, "end_time", wish.end_time.is_some());
        drop_present(cx, "max_age", wish.max_age_seconds.is_some());
    }
    tool
}

fn location<'a>(cx: &mut Context<'_>, place: &'a chat::UserLocation) -> UserLocation<'a> {
    let (country, region, city) = (&*place.country, &*place.region, &*place.city);
    if cx.dialect.web_search == SearchForm::Nested {
        return UserLocation { kind: Some("approximate"), country, region, city, timezone: &place.timezone };
    }
    drop_present(cx, "user_location.timezone", !place.timezone.is_empty());
    UserLocation { kind: None, country, region, city, timezone: "" }
}

fn filters<'a>(cx: &mut Context<'_>, wish: &'a chat::WebSearch, filters: &mut BTreeMap<&'a str, Filter<'a>>) {
    let allowed = limited(cx, "allowed_domains", &wish.allowed_domains);
    if !allowed.is_empty() {
        drop_present(cx, "excluded_domains", !wish.excluded_domains.is_empty());
        filters.insert("search_domain_filter", words(allowed, ""));
    } else if !wish.excluded_domains.is_empty() {
        let excluded = limited(cx, "excluded_domains", &wish.excluded_domains);
        filters.insert("search_domain_filter", words(excluded, "-"));
    }
    let dates = [("search_after_date_filter", wish.start_time), ("search_before_date_filter", wish.end_time)];
    for (name, time) in dates {
        if let Some(time) = time {
            filters.insert(name, Filter::Text(date::american(time).into()));
        }
    }
    let Some(age) = wish.max_age_seconds else { return };
    if wish.start_time.is_some() || wish.end_time.is_some() {
        cx.warnings.dropped(format!("{FIELD}.max_age"), "the provider takes an age or dates, not both");
        return;
    }
    let (seconds, name) = RECENCY.iter().find(|(seconds, _)| age <= *seconds).copied().unwrap_or(YEAR);
    if seconds != age {
        let message = format!("sent as `{name}`, the nearest the provider knows");
        cx.warnings.rewritten(format!("{FIELD}.max_age"), message);
    }
    filters.insert("search_recency_filter", Filter::Text(name.into()));
}

fn limited<'a>(cx: &mut Context<'_>, member: &str, domains: &'a [String]) -> &'a [String] {
    let most = cx.dialect.max_domains;
    let Some(kept) = domains.get(..most).filter(|kept| kept.len() < domains.len()) else { return domains };
    cx.warnings
        .rewritten(format!("{FIELD}.{member}"), format!("only the first {most} were sent, the provider's limit"));
    kept
}

fn words<'a>(domains: &'a [String], mark: &str) -> Filter<'a> {
    let word = |domain: &'a String| {
        if mark.is_empty() { Cow::Borrowed(&**domain) } else { Cow::Owned(format!("{mark}{domain}")) }
    };
    Filter::Words(domains.iter().map(word).collect())
}

fn drop_present(cx: &mut Context<'_>, member: &str, present: bool) {
    if present {
        cx.warnings.dropped(format!("{FIELD}.{member}"), "the provider's search has no place for it");
    }
}

const DAY: u64 = 24 * 60 * 60;
const YEAR: (u64, &str) = (365 * DAY, "year");
const RECENCY: &[(u64, &str)] = &[(60 * 60, "hour"), (DAY, "day"), (7 * DAY, "week"), (31 * DAY, "month"), YEAR];
