//! The rows of an import as they are read, with the lines they stand on, never more than may be.

use super::row::Row;

/// Most rows of one import.
pub const MAX_ROWS: usize = 10_000;

/// There are more rows than may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooMany;

/// The rows read so far.
#[derive(Debug, Default)]
pub struct Rows(Vec<Row>);

impl Rows {
    pub fn push(&mut self, row: Row) -> Result<(), TooMany> {
        if self.0.len() == MAX_ROWS {
            return Err(TooMany);
        }
        self.0.push(row);
        Ok(())
    }

    pub fn into_vec(self) -> Vec<Row> {
        self.0
    }
}

/// Walks through a text and knows the line it is at.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    /// What is left.
    pub rest: &'a str,
    /// Line where the rest begins, from 1.
    pub line: u32,
}

impl<'a> Cursor<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { rest: text, line: 1 }
    }

    /// Returns the next line without its end, and where what follows it begins.
    pub fn line(self) -> Option<(&'a str, Self)> {
        if self.rest.is_empty() {
            return None;
        }
        let (line, rest) = self.rest.split_once('\n').unwrap_or((self.rest, ""));
        let next = Self { rest, line: self.line.saturating_add(1) };
        Some((line.strip_suffix('\r').unwrap_or(line), next))
    }

    /// Returns where the text continues behind `bytes` of it; the end when there are not so many.
    pub fn after(self, bytes: usize) -> Self {
        let (passed, rest) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        let lines = passed.bytes().filter(|byte| *byte == b'\n').count();
        Self { rest, line: self.line.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX)) }
    }
}
