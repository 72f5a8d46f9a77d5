//! Lists: a bare array, whole or one page of it, with the way to the next page in the headers.

use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, header};
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

    /// Asks for one page after the other, by size and token, and answers with the items of all that are wanted, as `show`
    /// shows them. A page is its items and the token of the next one.
    pub async fn list<T, P: Future<Output = Result<(Vec<T>, String), Failure>>>(
        mut self,
        call: &Call,
        ask: impl Fn(u32, String) -> P,
        show: impl FnOnce(&[T]) -> Response,
    ) -> Result<Response, Failure> {
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
        let mut response = show(&items);
        self.tell_next(call, response.headers_mut());
        Ok(response)
    }

    /// Says in the headers where the next page is, if there is one.
    fn tell_next(&self, call: &Call, headers: &mut HeaderMap) {
        let next = self.token.as_str();
        if next.is_empty() {
            return;
        }
        if let (Ok(token), Ok(link)) = (HeaderValue::try_from(next), HeaderValue::try_from(link(call, next))) {
            headers.insert(X_NEXT_PAGE_TOKEN, token);
            headers.insert(header::LINK, link);
        }
    }
}

/// Shows items as a bare array.
pub fn listed(items: impl Iterator<Item: Serialize>) -> Response {
    shown(&items.collect::<Vec<_>>())
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
