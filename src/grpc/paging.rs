//! What all lists share: the size of a page and the token of the next one, which marks a place and not a count.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use crate::domain::error::{Error, Result};

const DEFAULT_PAGE: usize = 50;
const MAX_PAGE: usize = 1000;

/// The place in a list that a page ended at: rows are ordered by time, then by id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Unix milliseconds.
    pub created_ms: i64,
    pub id: String,
}

/// Returns how many rows a page has at most.
pub fn page_size(wanted: u32) -> usize {
    match wanted as usize {
        0 => DEFAULT_PAGE,
        n => n.min(MAX_PAGE),
    }
}

/// Reads a token; empty is the first page.
pub fn place_of(token: &str) -> Result<Option<Place>> {
    if token.is_empty() {
        return Ok(None);
    }
    let read = || {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
        let (created_ms, id) = text.split_once(':')?;
        Some(Place { created_ms: created_ms.parse().ok()?, id: id.to_owned() })
    };
    let message = "page_token is none of this gateway's; send next_page_token of the page before, or nothing";
    read().map(Some).ok_or_else(|| Error::invalid("page_token", message))
}

/// Writes the token of the place after which the next page begins.
pub fn token_of(place: &Place) -> String {
    URL_SAFE_NO_PAD.encode(format!("{}:{}", place.created_ms, place.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_back_to_its_place() {
        let place = Place { created_ms: 1_700_000_000_123, id: "a:b".to_owned() };
        assert_eq!(place_of(&token_of(&place)).unwrap(), Some(place));
        assert_eq!(place_of("").unwrap(), None);
        for wrong in ["x", "====", "bm9uZQ", "OmE", "YTpi"] {
            assert_eq!(place_of(wrong).unwrap_err().field.as_deref(), Some("page_token"), "{wrong}");
        }
    }

    #[test]
    fn pages_have_bounds() {
        assert_eq!([0, 1, 1000, 5000].map(page_size), [50, 1, 1000, 1000]);
    }
}
