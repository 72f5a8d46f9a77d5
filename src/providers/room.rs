//! Room for the sources of an answer. A source is told again for each place that refers to it, so a short answer that
//! refers to a long source very often would otherwise grow without limit.

use crate::domain::event::{ChatEvent, Citation};

/// Bytes of all citations of an answer, far more than the longest research report has.
const MAX_BYTES: usize = 1 << 20;

#[derive(Debug, Default)]
pub struct Room {
    used: usize,
}

impl Room {
    /// Whether there is room for one more citation, which then is taken.
    pub fn takes(&mut self, citation: &Citation) -> bool {
        let text = citation.url.len() + citation.title.len() + citation.snippet.len();
        self.used = self.used.saturating_add(size_of::<ChatEvent>() + text);
        self.used <= MAX_BYTES
    }
}
