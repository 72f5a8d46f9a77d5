//! One secret per line.

use super::{
    row::Row,
    rows::{Cursor, Rows, TooMany},
};

/// Marks of other formats. No provider's key has one.
const MARKS: &[char] = &[',', ';', '"', '\'', '\t', '{'];

pub fn read(text: &str, rows: &mut Rows) -> Result<(), TooMany> {
    let mut at = Cursor::new(text);
    while let Some((line, next)) = at.line() {
        let secret = line.trim();
        if !is_nothing(secret) {
            rows.push(row(at.line, secret))?;
        }
        at = next;
    }
    Ok(())
}

/// Whether a line is blank or a comment.
pub fn is_nothing(line: &str) -> bool {
    let line = line.trim_start();
    line.is_empty() || line.starts_with('#')
}

fn row(line: u32, secret: &str) -> Row {
    if secret.contains(MARKS) {
        return Row::bad(
            line,
            "The line holds more than a secret; CSV needs a first line with the names of its columns.",
        );
    }
    Row { line, secret: secret.to_owned(), ..Row::default() }
}
