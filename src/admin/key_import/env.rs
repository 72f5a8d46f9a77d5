//! Lines of a `.env` file: `NAME=value`, with `export`, quotes and comments as shells have them. Nothing is expanded.

use super::{
    lines::is_nothing,
    row::{Origin, Row},
    rows::{Cursor, Rows, TooMany},
};
use crate::admin::key_kinds::KeyKinds;

const NO_ASSIGNMENT: &str = "The line is no assignment; write NAME=secret.";
const NOT_CLOSED: &str = "The quotation mark before the value is not closed, or text follows the closing one.";

/// What stands behind `=`.
enum Value<'a> {
    Plain(&'a str),
    /// The text between quotes, and where it ends.
    Quoted(String, usize),
    NotClosed,
}

pub fn read(text: &str, kinds: &KeyKinds, rows: &mut Rows) -> Result<(), TooMany> {
    let mut at = Cursor::new(text);
    while let Some((line, next)) = at.line() {
        let here = std::mem::replace(&mut at, next);
        if is_nothing(line) {
            continue;
        }
        let Some((name, plain)) = assignment(line) else {
            rows.push(Row::bad(here.line, NO_ASSIGNMENT))?;
            continue;
        };
        let start = here.after(line.len() - plain.len());
        match value(plain, start.rest) {
            Value::Plain(value) => push(here.line, name, value, kinds, rows)?,
            Value::Quoted(value, length) => {
                push(here.line, name, &value, kinds, rows)?;
                // The value may have gone on in the lines below.
                let end = start.after(length);
                at = end.line().map_or(end, |(_, next)| next);
            }
            Value::NotClosed => rows.push(Row::bad(here.line, NOT_CLOSED))?,
        }
    }
    Ok(())
}

/// Splits a line at `=` when a variable's name stands before it.
pub fn assignment(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once('=')?;
    let name = name.trim();
    let name = ["export", "set"].iter().find_map(|word| behind_word(name, word)).unwrap_or(name);
    let mut letters = name.chars();
    let begins = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    (begins && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')).then(|| (name, value.trim_start()))
}

/// Returns what follows a word and the space behind it.
fn behind_word<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    let rest = text.strip_prefix(word)?;
    rest.starts_with([' ', '\t']).then(|| rest.trim_start())
}

/// Reads a value: `plain` is the rest of its line, `text` the rest of everything.
fn value<'a>(plain: &'a str, text: &str) -> Value<'a> {
    let closed = match plain.chars().next() {
        Some('"') => double_quoted(text),
        Some('\'') => single_quoted(text),
        Some(_) | None => return Value::Plain(without_comment(plain)),
    };
    let ends = |length| text.get(length..).and_then(|rest: &str| rest.lines().next()).is_none_or(is_nothing);
    match closed {
        Some((value, length)) if ends(length) => Value::Quoted(value, length),
        Some(_) | None => Value::NotClosed,
    }
}

fn without_comment(value: &str) -> &str {
    let comment = [" #", "\t#"].iter().filter_map(|mark| value.find(mark)).min();
    let value = if value.starts_with('#') { "" } else { value };
    value.get(..comment.unwrap_or(value.len())).unwrap_or(value).trim()
}

fn single_quoted(text: &str) -> Option<(String, usize)> {
    let value = text.get(1..)?.split_once('\'')?.0;
    Some((value.to_owned(), value.len() + 2))
}

fn double_quoted(text: &str) -> Option<(String, usize)> {
    let (mut value, mut escaped) = (String::new(), false);
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => {
                value.push(match c {
                    'n' => '\n',
                    't' => '\t',
                    other => other,
                });
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => return Some((value, at + 1)),
            other => value.push(other),
        }
    }
    None
}

fn push(line: u32, name: &str, value: &str, kinds: &KeyKinds, rows: &mut Rows) -> Result<(), TooMany> {
    let Some(provider) = kinds.of_variable(name) else {
        // Whatever it holds is no key, and nobody's business here.
        let is_set = !value.trim().is_empty();
        let row = Row { line, origin: Origin::Variable(name.to_owned()), ..Row::default() };
        return if is_set { rows.push(row) } else { Ok(()) };
    };
    for secret in value.split(',').map(str::trim).filter(|secret| !secret.is_empty()) {
        let origin = Origin::VariableOf(provider.to_owned());
        rows.push(Row { line, origin, secret: secret.to_owned(), ..Row::default() })?;
    }
    Ok(())
}
