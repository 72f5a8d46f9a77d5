//! `GET /api/v1/usage`: requests, tokens and cost, summed as asked.

use axum::response::Response;

use crate::{
    api::usage::{self, Row},
    error::Failure,
    pb,
    routes::api::{
        call::Call,
        pages::{Pages, listed},
    },
};

pub async fn list(call: Call) -> Result<Response, Failure> {
    let query = call.query(&usage::LIST)?;
    let filter = usage::list(&query)?;
    let mut pages = Pages::of(&query)?;
    let mut rows = Vec::new();
    while let Some((page_size, page_token)) = pages.wanted() {
        let message = pb::ListUsageRequest { page_size, page_token, ..filter.clone() };
        let page = call.activity().list_usage(call.request(message)).await?.into_inner();
        rows.extend(page.rows);
        pages.go_on(page.next_page_token);
    }
    let shown: Vec<_> = rows.iter().map(Row::of).collect();
    Ok(listed(&call, &shown, &pages))
}
