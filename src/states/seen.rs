//! Stamps the states of an answer with where they come from, and keeps those of tool calls for the memory.

use std::{sync::Arc, time::Instant};

use super::{recall::StateMemory, scope::key_scope};
use crate::domain::{chat::ProviderState, key::ProviderKey, model::Target};

/// Most states of one answer that are kept for the memory; a turn has a handful.
const MAX_KEPT: usize = 128;

/// The states of one answer.
#[derive(Debug, Default)]
pub struct SeenStates {
    key: Option<Arc<ProviderKey>>,
    /// Of the key; found when the first state comes, most answers have none.
    scope: Option<String>,
    kept: Vec<ProviderState>,
}

impl SeenStates {
    /// `key` is the one that answers.
    pub fn new(key: Option<Arc<ProviderKey>>) -> Self {
        Self { key, ..Self::default() }
    }

    /// Writes the stamp. Adapters know neither the provider's name nor the key.
    pub fn stamp(&mut self, state: &mut ProviderState, provider: &str) {
        let scope = self.scope.get_or_insert_with(|| key_scope(self.key.as_deref()));
        provider.clone_into(&mut state.provider);
        scope.clone_into(&mut state.key_scope);
        if !state.tool_call_id.is_empty() && self.kept.len() < MAX_KEPT {
            self.kept.push(state.clone());
        }
    }

    /// Hands the states of tool calls over to the memory, once the answer is complete.
    pub fn remember(&mut self, caller: &str, target: &Target, memory: &StateMemory, now: Instant) {
        let mut kept = std::mem::take(&mut self.kept);
        while let Some(first) = kept.first() {
            let id = first.tool_call_id.clone();
            let (same, others) = kept.into_iter().partition(|state| state.tool_call_id == id);
            memory.remember(caller, &id, target, same, now);
            kept = others;
        }
    }
}
