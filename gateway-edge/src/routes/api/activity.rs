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
    let ask = |page_size, page_token| {
        let message = pb::ListActivityRequest { page_size, page_token, ..filter.clone() };
        let (mut client, request) = (call.activity(), call.request(message));
        async move {
            let page = client.list_activity(request).await?.into_inner();
            Ok((page.entries, page.next_page_token))
        }
    };
    Pages::of(&query)?.limited(DEFAULT_LIMIT).list(&call, ask, |entries| listed(entries.iter().map(Entry::of))).await
}
