//! Sees to it that a state of the conversation reaches only the provider and the key it came from.

use std::{borrow::Cow, time::Instant};

use super::{recall::StateMemory, scope::key_scope};
use crate::domain::{
    chat::{ChatRequest, Part, ProviderState, Role},
    error::{Error, ErrorKind, Result},
    key::ProviderKey,
    model::Target,
    usage::{Warning, WarningAction},
};

/// What decides about the states of a request.
#[derive(Clone, Copy, Debug)]
pub struct Pinning<'a> {
    /// Where the request goes.
    pub target: &'a Target,
    pub memory: &'a StateMemory,
    /// Public id of the caller's key.
    pub caller: &'a str,
    pub now: Instant,
}

/// What is known of the states of one request.
#[derive(Debug, Default, PartialEq)]
pub struct Pins {
    /// About states that no attempt can use.
    pub warnings: Vec<Warning>,
    /// Whether a state is bound to a key, so that attempts with different keys send different requests.
    pub keyed: bool,
    /// Messages with the first part that comes from the memory. The caller did not send these, so nobody is warned of them.
    recalled: Vec<(usize, usize)>,
}

/// Leaves out the states of other providers, puts back the ones the client lost, and moves the key they are bound to
/// to the front. A strict request keeps only keys that can take every state, and is refused when there is none.
pub fn pin<K: AsRef<ProviderKey>>(request: &mut ChatRequest, keys: &mut Vec<K>, pinning: Pinning<'_>) -> Result<Pins> {
    let mut pins = Pins::default();
    if states(request).next().is_some() {
        pins.leave_out_strangers(request, &pinning.target.provider)?;
        if request.strict {
            keep_usable(keys, request)?;
        }
    }
    pins.put_back(request, pinning);
    let scopes: Vec<&str> = states(request).map(|(_, state)| state.key_scope.as_str()).collect();
    pins.keyed = scopes.iter().any(|scope| !scope.is_empty());
    if pins.keyed {
        let of_keys: Vec<String> = keys.iter().map(|key| key_scope(Some(key.as_ref()))).collect();
        // The latest turn decides: providers check that one most closely.
        let known = scopes.iter().rev().find_map(|scope| of_keys.iter().position(|of_key| of_key == scope));
        if let Some(at) = known {
            keys[..=at].rotate_right(1);
        }
    }
    Ok(pins)
}

impl Pins {
    /// Returns the request as an attempt with this key may send it, and what was left out of it.
    pub fn request_for<'a>(
        &self,
        key: Option<&ProviderKey>,
        request: &'a ChatRequest,
    ) -> (Cow<'a, ChatRequest>, Option<Warning>) {
        if !self.keyed {
            return (Cow::Borrowed(request), None);
        }
        let scope = key_scope(key);
        let fits = |state: &ProviderState| state.key_scope.is_empty() || state.key_scope == scope;
        if states(request).all(|(_, state)| fits(state)) {
            return (Cow::Borrowed(request), None);
        }
        let sent = |(message, part): (usize, usize)| {
            !self.recalled.iter().any(|(recalled, from)| *recalled == message && part >= *from)
        };
        let first = states(request).find(|(place, state)| !fits(state) && sent(*place));
        let warning = first.map(|(place, _)| {
            dropped(place, "it is bound to another key of the provider than the one that is tried; left out")
        });
        let mut request = request.clone();
        for message in &mut request.messages {
            message.parts.retain(|part| !matches!(part, Part::ProviderState(state) if !fits(state)));
        }
        (Cow::Owned(request), warning)
    }

    /// An empty provider is a caller who does not know; the request's own is then the best guess.
    fn leave_out_strangers(&mut self, request: &mut ChatRequest, provider: &str) -> Result<()> {
        let stranger = |state: &ProviderState| !state.provider.is_empty() && state.provider != provider;
        if let Some((place, state)) = states(request).find(|(_, state)| stranger(state)) {
            let from: String = state.provider.chars().take(64).collect();
            let message = format!("it comes from provider {from} and means nothing to {provider}; left out");
            if request.strict {
                return Err(refused(place, &message));
            }
            self.warnings.push(dropped(place, &message));
        }
        for message in &mut request.messages {
            message.parts.retain_mut(|part| {
                let Part::ProviderState(state) = part else { return true };
                let keep = !stranger(state);
                provider.clone_into(&mut state.provider);
                keep
            });
        }
        Ok(())
    }

    /// Looks for the states of tool calls that came back without.
    fn put_back(&mut self, request: &mut ChatRequest, pinning: Pinning<'_>) {
        for (at, message) in request.messages.iter_mut().enumerate() {
            if message.role != Role::Assistant {
                continue;
            }
            let mut found = Vec::new();
            for part in &message.parts {
                let Part::ToolCall(call) = part else { continue };
                let has_state = |p: &Part| matches!(p, Part::ProviderState(state) if state.tool_call_id == call.id);
                if !call.id.is_empty() && !message.parts.iter().any(has_state) {
                    found.extend(pinning.memory.recall(pinning.caller, &call.id, pinning.target, pinning.now));
                }
            }
            if !found.is_empty() {
                self.recalled.push((at, message.parts.len()));
                message.parts.extend(found.into_iter().map(Part::ProviderState));
            }
        }
    }
}

/// Keeps the keys that every state of the request is good for.
fn keep_usable<K: AsRef<ProviderKey>>(keys: &mut Vec<K>, request: &ChatRequest) -> Result<()> {
    let mut bound = states(request).filter(|(_, state)| !state.key_scope.is_empty()).peekable();
    let Some((place, _)) = bound.peek().copied() else { return Ok(()) };
    let scopes: Vec<&str> = bound.map(|(_, state)| state.key_scope.as_str()).collect();
    keys.retain(|key| {
        let of_key = key_scope(Some(key.as_ref()));
        scopes.iter().all(|scope| *scope == of_key)
    });
    if keys.is_empty() {
        return Err(refused(place, "it is bound to a key of the provider that is not at hand"));
    }
    Ok(())
}

/// Every state with its message and part.
fn states(request: &ChatRequest) -> impl Iterator<Item = ((usize, usize), &ProviderState)> {
    request.messages.iter().enumerate().flat_map(|(message, m)| {
        m.parts.iter().enumerate().filter_map(move |(part, p)| {
            let Part::ProviderState(state) = p else { return None };
            Some(((message, part), state))
        })
    })
}

fn path((message, part): (usize, usize)) -> String {
    format!("prompt.messages[{message}].parts[{part}].provider_state")
}

fn dropped(place: (usize, usize), message: &str) -> Warning {
    Warning { field: path(place), action: WarningAction::Dropped, message: message.to_owned() }
}

fn refused(place: (usize, usize), message: &str) -> Error {
    let message = format!("{message} (the request is strict)");
    Error { field: Some(path(place)), ..Error::new(ErrorKind::UnsupportedByProvider, message) }
}

#[cfg(test)]
mod tests;
