//! What all lists share: the size of a page and the token of the next one, which marks a place and not a count.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use prost::Message;

use crate::domain::error::{Error, Result};

const DEFAULT_PAGE: usize = 50;
const MAX_PAGE: usize = 1000;
/// Enough to tell lists apart by accident; nobody gains by a token that is made up.
const MARK_BYTES: usize = 4;

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

/// The tokens of one list with its filters. Those of another are refused: their places mean nothing here.
pub struct PageTokens([u8; MARK_BYTES]);

impl PageTokens {
    /// `filters` is the request for a page without its size and its token.
    pub fn of(list: &str, filters: &impl Message) -> Self {
        let whole = digest(&SHA256, &[list.as_bytes(), &[0], &filters.encode_to_vec()].concat());
        let mut mark = [0; MARK_BYTES];
        mark.iter_mut().zip(whole.as_ref()).for_each(|(own, byte)| *own = *byte);
        Self(mark)
    }

    /// Reads where the page before ended, in the words of `parse`; an empty token is the first page.
    pub fn read<T>(&self, token: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>> {
        if token.is_empty() {
            return Ok(None);
        }
        let refused = |message: &str| Error::invalid("page_token", message);
        let unknown =
            || refused("page_token is none of this gateway's; send next_page_token of the page before, or nothing");
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| unknown())?;
        let (mark, text) = bytes.split_first_chunk::<MARK_BYTES>().ok_or_else(unknown)?;
        let place = str::from_utf8(text).ok().and_then(parse).ok_or_else(unknown)?;
        if *mark != self.0 {
            return Err(refused(
                "page_token belongs to another list or to other filters; send the filters of the page before, or no token",
            ));
        }
        Ok(Some(place))
    }

    pub fn write(&self, text: &str) -> String {
        URL_SAFE_NO_PAD.encode([&self.0, text.as_bytes()].concat())
    }

    /// Reads a token; empty is the first page.
    pub fn place_of(&self, token: &str) -> Result<Option<Place>> {
        self.read(token, |text| {
            let (created_ms, id) = text.split_once(':')?;
            Some(Place { created_ms: created_ms.parse().ok()?, id: id.to_owned() })
        })
    }

    /// Writes the token of the place after which the next page begins.
    pub fn token_of(&self, place: &Place) -> String {
        self.write(&format!("{}:{}", place.created_ms, place.id))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_leads_back_to_its_place_in_its_list() {
        let of = |list: &str, filter: &str| PageTokens::of(list, &filter.to_owned());
        let tokens = of("keys", "google");
        let place = Place { created_ms: 1_700_000_000_123, id: "a:b".to_owned() };
        let token = tokens.token_of(&place);
        assert_eq!(of("keys", "google").place_of(&token).unwrap(), Some(place));
        assert_eq!(tokens.place_of("").unwrap(), None);
        let refused = |tokens: &PageTokens, token: &str| {
            let error = tokens.place_of(token).unwrap_err();
            assert_eq!(error.field.as_deref(), Some("page_token"), "{token}");
            error.message
        };
        for other in [of("keys", ""), of("keys", "xai"), of("entries", "google")] {
            assert!(refused(&other, &token).contains("filters"));
        }
        for wrong in ["x", "====", "bm9uZQ", "OmE", "YTpi", &tokens.write("a"), &tokens.write("a:b")] {
            assert!(refused(&tokens, wrong).contains("none of this gateway's"), "{wrong}");
        }
    }

    #[test]
    fn pages_have_bounds() {
        assert_eq!([0, 1, 1000, 5000].map(page_size), [50, 1, 1000, 1000]);
    }
}
