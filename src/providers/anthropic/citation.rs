//! Sources of a block of text.

use super::block::WireCitation;
use crate::domain::event::Citation;

/// Turns a citation of the text between two places into the contract's; one without an address has only a title.
pub fn citation(wire: WireCitation, span: (u32, u32)) -> Citation {
    Citation {
        url: wire.url.unwrap_or_default(),
        title: wire.title.or(wire.document_title).unwrap_or_default(),
        span: (span.0 < span.1).then_some(span),
        snippet: wire.cited_text.unwrap_or_default(),
        number: None,
    }
}
