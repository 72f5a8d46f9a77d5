//! Tool calls of an answer, numbered as they begin.

use crate::domain::{chat::ToolKind, event::ChatEvent};

/// More calls than any answer has.
const MAX_CALLS: usize = 1024;

/// The keys of the items that are calls.
#[derive(Debug, Default)]
pub struct Calls {
    keys: Vec<String>,
}

/// What a call is known by.
#[derive(Debug)]
pub struct Call {
    pub id: String,
    pub name: String,
    pub kind: ToolKind,
}

impl Calls {
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// Returns the number of a call that has begun.
    pub fn index(&self, key: &str) -> Option<u32> {
        self.keys.iter().position(|known| known == key).and_then(|index| u32::try_from(index).ok())
    }

    /// Begins a call unless it has begun, and returns its number; nothing when there are too many.
    pub fn begin(&mut self, key: &str, call: impl FnOnce(u32) -> Call, out: &mut Vec<ChatEvent>) -> Option<u32> {
        if let Some(index) = self.index(key) {
            return Some(index);
        }
        let index = u32::try_from(self.keys.len()).ok().filter(|_| self.keys.len() < MAX_CALLS)?;
        self.keys.push(key.to_owned());
        let Call { id, name, kind } = call(index);
        out.push(ChatEvent::ToolCallStarted { choice: 0, index, id, name, kind });
        Some(index)
    }
}
