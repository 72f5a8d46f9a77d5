//! Takes off the Markdown fences that a model puts around JSON, even when it was asked not to.

const FENCE: &str = "```";
/// Most text that is held back while it may still become a fence.
const MAX_HELD: usize = 1024;

/// Remembers where in the text it is. A fence may be cut anywhere, so whatever could still become one is held back.
#[derive(Debug, Default)]
pub struct Fences {
    place: Place,
    held: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Start,
    /// Behind the line that opens a fence.
    Inside,
    /// In a text without fences.
    Bare,
}

impl Fences {
    /// Takes more of the text and returns what is certain.
    pub fn feed(&mut self, more: String) -> String {
        if self.place == Place::Bare {
            return more;
        }
        self.held.push_str(&more);
        if self.place == Place::Start {
            self.leave_start();
        }
        let certain = match self.place {
            _ if self.held.len() > MAX_HELD => self.held.len(),
            Place::Start => 0,
            Place::Inside => self.held.trim_end_matches(|c: char| c == '`' || c.is_whitespace()).len(),
            Place::Bare => self.held.len(),
        };
        self.held.drain(..certain).collect()
    }

    /// Returns what was held back, at the end of the text.
    pub fn finish(&mut self) -> String {
        let rest = std::mem::take(&mut self.held);
        match (self.place, rest.trim_end().strip_suffix(FENCE)) {
            (Place::Inside, Some(rest)) => rest.trim_end().to_owned(),
            (Place::Start | Place::Inside | Place::Bare, _) => rest,
        }
    }

    fn leave_start(&mut self) {
        let begin = self.held.trim_start();
        if let (true, Some((_, inside))) = (begin.starts_with(FENCE), begin.split_once('\n')) {
            self.held = inside.to_owned();
            self.place = Place::Inside;
        } else if !begin.starts_with(FENCE) && !FENCE.starts_with(begin) || self.held.len() > MAX_HELD {
            self.place = Place::Bare;
        }
    }
}
