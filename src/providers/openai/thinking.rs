//! What a choice thought, as far as it must be remembered.

use bytes::Bytes;

use super::{assistant::REASONING_STATE, rules::Rules};
use crate::domain::chat::ProviderState;

/// More thinking than any model sends back usefully; what is longer is not remembered at all.
const MAX_BYTES: usize = 1 << 20;
/// Shorter pieces may well follow each other by chance, such as digits.
const MIN_FILLER: usize = 8;

#[derive(Debug)]
pub struct Thinking {
    drops_filler: bool,
    remembers: bool,
    last: String,
    text: String,
    too_long: bool,
}

impl Thinking {
    pub fn new(rules: Rules) -> Self {
        Self {
            drops_filler: rules.reasoning_filler,
            remembers: rules.remember_reasoning,
            last: String::new(),
            text: String::new(),
            too_long: false,
        }
    }

    /// Whether a piece is the filler some models repeat while they think unseen.
    pub fn is_filler(&mut self, piece: &str) -> bool {
        if !self.drops_filler || piece.len() < MIN_FILLER || piece.len() > MAX_BYTES {
            return false;
        }
        let repeated = self.last == piece;
        if !repeated {
            piece.clone_into(&mut self.last);
        }
        repeated
    }

    pub fn remember(&mut self, piece: &str) {
        self.too_long |= self.text.len() + piece.len() > MAX_BYTES;
        if self.remembers && !self.too_long {
            self.text.push_str(piece);
        }
    }

    /// Returns what must come back with the call, if anything.
    pub fn state_for(&mut self, tool_call_id: &str) -> Option<ProviderState> {
        if self.text.is_empty() || self.too_long {
            return None;
        }
        Some(ProviderState {
            kind: REASONING_STATE.to_owned(),
            data: Bytes::from(std::mem::take(&mut self.text)),
            tool_call_id: tool_call_id.to_owned(),
            ..ProviderState::default()
        })
    }
}
