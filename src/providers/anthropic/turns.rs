//! The turns of a conversation in the making: neighbours of one speaker are joined.

use super::wire::{Block, Speaker, Turn};

#[derive(Debug, Default)]
pub struct Turns<'a>(Vec<Turn<'a>>);

impl<'a> Turns<'a> {
    /// Appends what a speaker says. Nothing said is no turn.
    pub fn say(&mut self, role: Speaker, content: Vec<Block<'a>>) {
        match self.0.last_mut().filter(|last| last.role == role) {
            Some(last) => last.content.extend(content),
            None if content.is_empty() => {}
            None => self.0.push(Turn { role, content }),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the turns by the API's rules: the user begins, and results of tools stand before other words.
    pub fn finish(mut self) -> Vec<Turn<'a>> {
        if self.0.first().is_some_and(|first| first.role == Speaker::Assistant) {
            self.0.insert(0, Turn { role: Speaker::User, content: vec![Block::Text { text: "…" }] });
        }
        for turn in &mut self.0 {
            turn.content.sort_by_key(|block| match (turn.role, block) {
                (Speaker::User, Block::ToolResult { .. }) => 0,
                (Speaker::User, _) => 1,
                (Speaker::Assistant, _) => 0,
            });
        }
        self.0
    }
}
