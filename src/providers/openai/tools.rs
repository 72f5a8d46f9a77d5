//! Puts the tool calls of a choice together, from fragments that lack an index, an id or a name as often as not.

use std::{
    borrow::Cow,
    hash::{DefaultHasher, Hash, Hasher},
};

use serde::de::IgnoredAny;

use super::reply;
use crate::domain::{
    chat::ToolKind,
    event::ChatEvent,
    failure::{FailureClass, UpstreamFailure},
};

/// More calls than any answer has.
const MAX_CALLS: usize = 1024;
/// More arguments than need be remembered to know a call that is said twice.
const MAX_REMEMBERED: usize = 1 << 20;

/// The tool calls of one choice so far.
#[derive(Debug, Default)]
pub struct ToolCalls(Vec<Call>);

#[derive(Debug, Default)]
struct Call {
    /// As the server counts; ours is the place in the list.
    index: Option<u64>,
    id: String,
    /// Whether the call has a name and so was told.
    started: bool,
    kind: ToolKind,
    arguments: String,
    /// Whether the arguments are longer than what is remembered of them.
    cut: bool,
}

/// A fragment of a call, whatever form it came in.
#[derive(Debug)]
pub struct Fragment<'a> {
    index: Option<u64>,
    id: Cow<'a, str>,
    name: Cow<'a, str>,
    arguments: Cow<'a, str>,
    kind: ToolKind,
}

impl<'a> Fragment<'a> {
    pub fn new(call: reply::ToolCall<'a>) -> Self {
        let (index, id) = (call.index.0, call.id.0);
        if let Some(custom) = call.custom.0 {
            return Self { index, id, name: custom.name.0, arguments: custom.input.0, kind: ToolKind::Custom };
        }
        let function = call.function.0.unwrap_or_default();
        let arguments = function.arguments();
        Self { index, id, name: function.name.0, arguments, kind: ToolKind::Function }
    }

    /// The way of 2023: the one call a message could have.
    pub fn legacy(function: reply::Function<'a>) -> Self {
        let arguments = function.arguments();
        let (index, id, kind) = (Some(0), Cow::Borrowed(""), ToolKind::Function);
        Self { index, id, name: function.name.0, arguments, kind }
    }
}

impl ToolCalls {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn first_id(&self) -> Option<&str> {
        self.0.first().map(|call| call.id.as_str())
    }

    /// Whether there are calls and each could be made as it is.
    pub fn are_whole(&self) -> bool {
        !self.0.is_empty()
            && self.0.iter().all(|call| call.started && (call.kind == ToolKind::Custom || call.has_json()))
    }

    /// Whether no call lacks its name.
    pub fn are_named(&self) -> bool {
        self.0.iter().all(|call| call.started)
    }

    /// Takes a fragment. `seed` tells answers apart, for the ids of calls that come without one.
    pub fn take(
        &mut self,
        fragment: Fragment<'_>,
        choice: u32,
        seed: u64,
        out: &mut Vec<ChatEvent>,
    ) -> Result<(), UpstreamFailure> {
        let place = self.place(&fragment);
        let index = place as u32;
        let Some(call) = self.0.get_mut(place).filter(|_| place < MAX_CALLS) else {
            return Err(too_much("has too many tool calls"));
        };
        if call.started && repeats(call, &fragment) {
            return Ok(());
        }
        if !call.started && !fragment.name.is_empty() {
            if call.id.is_empty() {
                call.id = if fragment.id.is_empty() {
                    made_up_id(seed, choice, index)
                } else {
                    fragment.id.clone().into_owned()
                };
            }
            call.started = true;
            call.kind = fragment.kind;
            let (id, name) = (call.id.clone(), fragment.name.into_owned());
            out.push(ChatEvent::ToolCallStarted { choice, index, id, name, kind: call.kind });
            if !call.arguments.is_empty() {
                out.push(ChatEvent::ToolCallArguments { choice, index, arguments: call.arguments.clone() });
            }
        } else if call.id.is_empty() {
            call.id = fragment.id.into_owned();
        }
        call.remember(&fragment.arguments)?;
        if call.started && !fragment.arguments.is_empty() {
            out.push(ChatEvent::ToolCallArguments { choice, index, arguments: fragment.arguments.into_owned() });
        }
        Ok(())
    }

    /// Returns the place of the call a fragment belongs to, which may be a new one.
    fn place(&mut self, fragment: &Fragment<'_>) -> usize {
        let same_id = |call: &Call| !fragment.id.is_empty() && call.id == *fragment.id;
        // Some servers give every call the index 0; a new id with a name is a new call then.
        let may_be_same =
            |call: &Call| same_id(call) || fragment.id.is_empty() || fragment.name.is_empty() || call.id.is_empty();
        let found = match fragment.index {
            Some(index) => {
                let by_index = self.0.iter().rposition(|call| call.index == Some(index) && may_be_same(call));
                by_index.or_else(|| self.0.iter().position(same_id))
            }
            None => match self.0.iter().position(same_id) {
                None if fragment.id.is_empty() && fragment.name.is_empty() => self.0.len().checked_sub(1),
                found => found,
            },
        };
        found.unwrap_or_else(|| {
            self.0.push(Call { index: fragment.index, ..Call::default() });
            self.0.len() - 1
        })
    }
}

impl Call {
    fn remember(&mut self, arguments: &str) -> Result<(), UpstreamFailure> {
        self.cut |= self.arguments.len() + arguments.len() > MAX_REMEMBERED;
        if self.cut && !self.started {
            return Err(too_much("has endless arguments of a tool call without a name"));
        }
        if !self.cut {
            self.arguments.push_str(arguments);
        }
        Ok(())
    }

    fn has_json(&self) -> bool {
        !self.cut && (self.arguments.is_empty() || serde_json::from_str::<IgnoredAny>(&self.arguments).is_ok())
    }
}

fn too_much(what: &str) -> UpstreamFailure {
    let message = format!("the provider's answer {what}");
    UpstreamFailure { http_status: Some(200), ..UpstreamFailure::new(FailureClass::BadResponse, message) }
}

/// Whether a fragment is a whole call said once more, as servers do that send what they have so far.
fn repeats(call: &Call, fragment: &Fragment<'_>) -> bool {
    !fragment.name.is_empty() && call.id == *fragment.id && call.arguments == *fragment.arguments && call.has_json()
}

/// Makes an id that is the same whenever the same answer is read again.
fn made_up_id(seed: u64, choice: u32, index: u32) -> String {
    let mut hasher = DefaultHasher::new();
    (seed, choice, index).hash(&mut hasher);
    format!("call_{:016x}", hasher.finish())
}
