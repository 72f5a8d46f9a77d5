//! A request as a provider sees it that remembers nothing of the conversation.

use crate::domain::chat::{ChatRequest, Part};

/// Returns the request without any state, also those that ids carry.
pub fn without_states(request: &ChatRequest) -> ChatRequest {
    let mut bare = ChatRequest { stateless: true, ..request.clone() };
    for message in &mut bare.messages {
        message.parts.retain(|part| !matches!(part, Part::ProviderState(_)));
    }
    bare
}
