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
    let ask = |page_size, page_token| {
        let message = pb::ListUsageRequest { page_size, page_token, ..filter.clone() };
        let (mut client, request) = (call.activity(), call.request(message));
        async move {
            let page = client.list_usage(request).await?.into_inner();
            Ok((page.rows, page.next_page_token))
        }
    };
    Pages::of(&query)?.list(&call, ask, |rows| listed(rows.iter().map(Row::of))).await
}
