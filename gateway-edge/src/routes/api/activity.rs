//! `GET /api/v1/activity-logs`: what happened to the caller's keys, newest first.

use axum::response::Response;

use crate::{
    api::activity::{self, Entry},
    error::Failure,
    pb,
    routes::api::{
        call::Call,
        pages::{Pages, listed},
    },
};

/// A log has no end that anybody wants to read by accident.
const DEFAULT_LIMIT: u32 = 50;

pub async fn list(call: Call) -> Result<Response, Failure> {
    let query = call.query(&activity::LIST)?;
    let filter = activity::list(&query)?;
    let mut pages = Pages::of(&query)?.limited(DEFAULT_LIMIT);
    let mut entries = Vec::new();
    while let Some((page_size, page_token)) = pages.wanted() {
        let message = pb::ListActivityRequest { page_size, page_token, ..filter.clone() };
        let page = call.activity().list_activity(call.request(message)).await?.into_inner();
        entries.extend(page.entries);
        pages.go_on(page.next_page_token);
    }
    let shown: Vec<_> = entries.iter().map(Entry::of).collect();
    Ok(listed(&call, &shown, &pages))
}
