//! Calls of functions in a conversation and their results, which this provider wants one after another.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};

use super::{
    members::{json, object},
    names::Names,
    state,
    wire::{FunctionCall, Message, Speaker},
};
use crate::{
    domain::chat::{ToolCall, ToolResult},
    providers::{place::Place, warnings::Warnings},
};

/// A call, and its result once it came.
#[derive(Debug)]
pub struct Call<'a> {
    id: &'a str,
    /// As it is sent.
    name: Cow<'a, str>,
    /// As the caller knows it.
    own_name: &'a str,
    arguments: Cow<'a, RawValue>,
    state: Option<&'a str>,
    result: Option<String>,
}

impl<'a> Call<'a> {
    pub fn new(call: &'a ToolCall, names: &mut Names<'a>, place: Place, warnings: &mut Warnings) -> Self {
        let arguments = object(&call.arguments).map_or_else(|| Cow::Owned(empty_object()), Cow::Borrowed);
        if matches!(arguments, Cow::Owned(_)) && !call.arguments.trim().is_empty() {
            let why = "sent as {}: the provider takes a JSON object only";
            warnings.rewritten(place.field("tool_call.arguments"), why);
        }
        let (name, state) = (names.sent(&call.name), state::in_call_id(&call.id));
        Self { id: &call.id, name, own_name: &call.name, arguments, state, result: None }
    }

    pub fn is_answered(&self) -> bool {
        self.result.is_some()
    }

    pub fn answer(&mut self, text: &str, is_error: bool) {
        self.result = Some(result(text, is_error));
    }

    /// Gives it a state, unless its id carries one.
    pub fn set_state(&mut self, state: Option<&'a str>) {
        self.state = self.state.or(state);
    }

    pub fn into_messages(self) -> [Message<'a>; 2] {
        let called = Message {
            role: Speaker::Assistant,
            function_call: Some(FunctionCall { name: self.name.clone(), arguments: self.arguments }),
            functions_state_id: self.state.map(Cow::Borrowed),
            ..Message::default()
        };
        let answered = Message {
            role: Speaker::Function,
            name: Some(self.name),
            content: Cow::Owned(self.result.unwrap_or_else(|| "{}".to_owned())),
            ..Message::default()
        };
        [called, answered]
    }
}

/// Returns the call a result belongs to: the first with its id that waits for one. A result without an id goes by name, if
/// it has one.
pub fn unanswered<'c, 'a>(open: &'c mut [Call<'a>], result: &ToolResult) -> Option<&'c mut Call<'a>> {
    let belongs = |call: &Call<'_>| match &*result.tool_call_id {
        "" => result.name.is_empty() || call.own_name == result.name,
        id => call.id == id,
    };
    open.iter_mut().find(|call| !call.is_answered() && belongs(call))
}

/// Gives a state to the call with this id, and tells whether there is one.
pub fn set_state<'a>(open: &mut [Call<'a>], id: &str, state: &'a str) -> bool {
    let call = open.iter_mut().find(|call| call.id == id);
    call.map(|call| call.set_state(Some(state))).is_some()
}

/// Writes what a function returned as the text of a JSON object, the only form the provider takes.
fn result(text: &str, is_error: bool) -> String {
    match (json(text), object(text)) {
        (_, Some(object)) if !is_error => object.get().to_owned(),
        (None, _) if !is_error && text.trim().is_empty() => "{}".to_owned(),
        (Some(value), _) => member(is_error, value),
        (None, _) => member(is_error, text),
    }
}

fn member(is_error: bool, value: impl Serialize) -> String {
    let name = if is_error { "error" } else { "result" };
    serde_json::to_string(&BTreeMap::from([(name, value)])).unwrap_or_else(|_| "{}".to_owned())
}

fn empty_object() -> Box<RawValue> {
    to_raw_value(&BTreeMap::<&str, &str>::new()).unwrap_or_else(|_| RawValue::NULL.to_owned())
}
