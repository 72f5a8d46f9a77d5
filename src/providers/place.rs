//! Where in a request something stands. Costs nothing until somebody has to be told.

use super::warnings::EncodeError;

/// A message, a part of it, or a part of a tool result in it.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    message: usize,
    part: Option<usize>,
    result_part: Option<usize>,
}

impl Place {
    pub fn message(message: usize) -> Self {
        Self { message, part: None, result_part: None }
    }

    pub fn part(self, part: usize) -> Self {
        Self { part: Some(part), ..self }
    }

    pub fn result_part(self, part: usize) -> Self {
        Self { result_part: Some(part), ..self }
    }

    /// Returns the contract's path of a member, `prompt.messages[2].parts[0].image`.
    pub fn field(self, member: &str) -> String {
        let mut path = format!("prompt.messages[{}]", self.message);
        if let Some(part) = self.part {
            path += &format!(".parts[{part}]");
        }
        if let Some(part) = self.result_part {
            path += &format!(".tool_result.parts[{part}]");
        }
        if !member.is_empty() {
            path += ".";
            path += member;
        }
        path
    }

    /// Returns the refusal of a member.
    pub fn refuse(self, member: &str, message: impl Into<String>) -> EncodeError {
        EncodeError { field: self.field(member), message: message.into() }
    }
}
