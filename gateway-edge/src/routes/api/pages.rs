//! Lists: a bare array, whole or one page of it, with the way to the next page in the headers.

use axum::response::Response;
use http::{HeaderName, HeaderValue, header};
use serde::Serialize;

use crate::{
    api::query::Query,
    error::Failure,
    routes::api::call::{Call, shown},
};

/// A list without a limit is the whole list, up to this many pages; what is left then is on the next page.
const MAX_PAGES: usize = 10;
const PAGE_SIZE: u32 = 1000;

const X_NEXT_PAGE_TOKEN: HeaderName = HeaderName::from_static("x-next-page-token");

/// Which pages of the service make up the list that is wanted.
pub struct Pages {
    page_size: u32,
    /// Where the next page begins; empty at the beginning and at the end.
    token: String,
    left: usize,
}

impl Pages {
    pub fn of(query: &Query) -> Result<Self, Failure> {
        let limit = query.count("limit")?;
        Ok(Self {
            page_size: limit.unwrap_or(PAGE_SIZE),
            token: query.text(&["page_token"])?,
            left: if limit.is_some() { 1 } else { MAX_PAGES },
        })
    }

    /// Asks for one page of this size where the caller names none.
    pub fn limited(self, limit: u32) -> Self {
        if self.left == 1 { self } else { Self { page_size: limit, left: 1, ..self } }
    }

    /// Asks for one page after the other, by size and token, and returns the items of all that are wanted. A page is its
    /// items and the token of the next one.
    pub async fn collect<T, P: Future<Output = Result<(Vec<T>, String), Failure>>>(
        &mut self,
        ask: impl Fn(u32, String) -> P,
    ) -> Result<Vec<T>, Failure> {
        let mut items = Vec::new();
        while self.left > 0 {
            self.left -= 1;
            let (more, next) = ask(self.page_size, std::mem::take(&mut self.token)).await?;
            items.extend(more);
            if next.is_empty() {
                break;
            }
            self.token = next;
        }
        Ok(items)
    }
}

/// Answers with items as a bare array.
pub fn listed(call: &Call, items: &impl Serialize, pages: &Pages) -> Response {
    let mut response = shown(items);
    let next = pages.token.as_str();
    let (Ok(token), Ok(link)) = (HeaderValue::try_from(next), HeaderValue::try_from(link(call, next))) else {
        return response;
    };
    if !next.is_empty() {
        response.headers_mut().insert(X_NEXT_PAGE_TOKEN, token);
        response.headers_mut().insert(header::LINK, link);
    }
    response
}

/// Returns the address of the next page: this one with another token.
fn link(call: &Call, next: &str) -> String {
    let uri = &call.parts.uri;
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()).filter(|(name, _)| name != "page_token"),
    );
    query.append_pair("page_token", next);
    format!("<{}?{}>; rel=\"next\"", uri.path(), query.finish())
}
