//! Splits the one `<think>` block a reasoning model may begin its text with from the answer that follows.

const OPEN: &str = "<think>";
const CLOSE: &str = "</think>";
/// More blank space than anybody puts around a tag.
const MAX_HELD: usize = 4096;

/// Remembers where in the text it is. Tags may be cut anywhere, so whatever could still become one is held back.
#[derive(Debug, Default)]
pub struct ThinkSplitter {
    place: Place,
    held: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Start,
    /// Behind the opening tag, before any thinking.
    Opened,
    Thinking,
    /// Behind the closing tag, before any text.
    Closed,
    Text,
}

/// What a piece of text turned out to be.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Split {
    pub reasoning: String,
    pub text: String,
}

impl ThinkSplitter {
    /// Takes more of the text and returns what is certain.
    pub fn feed(&mut self, more: &str) -> Split {
        let mut split = Split::default();
        if self.place == Place::Text {
            split.text.push_str(more);
            return split;
        }
        self.held.push_str(more);
        while self.step(&mut split) {}
        split
    }

    /// Returns what was held back, at the end of the text.
    pub fn finish(&mut self) -> Split {
        let rest = std::mem::take(&mut self.held);
        match self.place {
            Place::Start | Place::Closed | Place::Text => Split { text: rest, ..Split::default() },
            Place::Opened | Place::Thinking => {
                Split { reasoning: rest.trim_end_matches(['\n', '\r']).to_owned(), ..Split::default() }
            }
        }
    }

    /// Moves on by one place, if what is held allows it.
    fn step(&mut self, split: &mut Split) -> bool {
        match self.place {
            Place::Start => self.leave_start(),
            Place::Opened | Place::Closed => {
                let kept = self.held.trim_start_matches(['\n', '\r']).len();
                self.held.drain(..self.held.len() - kept);
                if self.held.is_empty() {
                    return false;
                }
                self.place = if self.place == Place::Opened { Place::Thinking } else { Place::Text };
                true
            }
            Place::Thinking => self.think(split),
            Place::Text => {
                split.text.push_str(&std::mem::take(&mut self.held));
                false
            }
        }
    }

    fn leave_start(&mut self) -> bool {
        let begin = self.held.trim_start();
        if let Some(rest) = begin.strip_prefix(OPEN) {
            self.held = rest.to_owned();
            self.place = Place::Opened;
            return true;
        }
        if OPEN.starts_with(begin) && self.held.len() <= MAX_HELD {
            return false;
        }
        self.place = Place::Text;
        true
    }

    fn think(&mut self, split: &mut Split) -> bool {
        if let Some(at) = self.held.find(CLOSE) {
            split.reasoning.push_str(self.held[..at].trim_end_matches(['\n', '\r']));
            self.held.drain(..at + CLOSE.len());
            self.place = Place::Closed;
            return true;
        }
        let tag = (1..CLOSE.len()).rev().find(|&n| self.held.ends_with(&CLOSE[..n])).unwrap_or(0);
        let before_tag = &self.held[..self.held.len() - tag];
        let certain = match before_tag.trim_end_matches(['\n', '\r']).len() {
            _ if before_tag.len() > MAX_HELD => before_tag.len(),
            without_lines => without_lines,
        };
        split.reasoning.push_str(&self.held[..certain]);
        self.held.drain(..certain);
        false
    }
}
