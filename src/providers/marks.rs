//! Finds `[1]` in a text that comes piece by piece.

/// A mark and where it stands, in code points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub number: u32,
    pub span: (u32, u32),
}

/// Counts code points and collects marks.
#[derive(Debug, Default)]
pub struct Marks {
    position: u32,
    /// Where a mark may have begun, and its number so far.
    open: Option<(u32, u32)>,
    found: Vec<Mark>,
}

/// More sources than any answer has; a larger number in brackets is a year.
const MAX_NUMBER: u32 = 999;
/// Bounds what a hostile text can make us remember.
const MAX_MARKS: usize = 4096;

impl Marks {
    pub fn feed(&mut self, text: &str) {
        for letter in text.chars() {
            self.open = self.next(letter);
            self.position = self.position.saturating_add(1);
        }
    }

    fn next(&mut self, letter: char) -> Option<(u32, u32)> {
        if letter == '[' {
            return Some((self.position, 0));
        }
        let (start, number) = self.open?;
        if letter == ']' {
            if number > 0 && self.found.len() < MAX_MARKS {
                self.found.push(Mark { number, span: (start, self.position.saturating_add(1)) });
            }
            return None;
        }
        let number = number * 10 + letter.to_digit(10)?;
        (1..=MAX_NUMBER).contains(&number).then_some((start, number))
    }

    /// Returns how many code points there were.
    pub fn position(&self) -> u32 {
        self.position
    }

    pub fn found(&self) -> &[Mark] {
        &self.found
    }
}
