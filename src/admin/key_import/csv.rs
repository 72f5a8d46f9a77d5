//! CSV with a header row, as RFC 4180 has it, but for the delimiter: spreadsheets write semicolons and tabs too. The header
//! may be missing where the first field is a provider.
//!
//! Read by hand because of the lines: each row says where it begins, and a quote that nobody closed costs its own row and
//! not the rest of the file.

use super::{
    columns::{Column, USUAL, column},
    lines::is_nothing,
    row::Row,
    rows::{Cursor, Rows, TooMany},
};
use crate::admin::key_kinds::KeyKinds;

const DELIMITERS: [char; 3] = [',', ';', '\t'];

/// What is known from the header.
#[derive(Debug)]
pub struct Header {
    delimiter: char,
    columns: Vec<Option<Column>>,
    /// The line names no columns: it is the first row already, in the usual order.
    is_row: bool,
}

impl Header {
    /// Whether a row that begins with `#` is a comment: where a name comes first, it may be a name.
    fn has_comments(&self) -> bool {
        matches!(self.columns.first(), Some(Some(Column::Provider | Column::Secret)))
    }
}

/// Reads a line as header; `None` when it neither names a column for secrets nor begins with a provider.
pub fn header(line: &str, kinds: &KeyKinds) -> Option<Header> {
    DELIMITERS.into_iter().find_map(|delimiter| {
        let (fields, _) = record(line, delimiter).ok()?;
        let columns: Vec<_> = fields.iter().map(|name| column(name)).collect();
        if columns.contains(&Some(Column::Secret)) {
            return Some(Header { delimiter, columns, is_row: false });
        }
        let is_row = fields.len() > 1 && fields.first().is_some_and(|first| kinds.named(first.trim()).is_some());
        is_row.then(|| Header { delimiter, columns: USUAL.to_vec(), is_row })
    })
}

/// Whether the header is still to come: comments, blank lines, and what spreadsheets tell one another.
pub fn is_before_header(line: &str) -> bool {
    let tells_delimiter = || line.trim().strip_prefix("sep=").is_some_and(|rest| rest.chars().count() == 1);
    is_nothing(line) || tells_delimiter()
}

/// Reads the text with its header. `None` when there is no header.
pub fn read(text: &str, kinds: &KeyKinds, rows: &mut Rows) -> Option<Result<(), TooMany>> {
    let mut at = Cursor::new(text);
    loop {
        let (line, next) = at.line()?;
        if !is_before_header(line) {
            let header = header(line, kinds)?;
            return Some(body(if header.is_row { at } else { next }, &header, rows));
        }
        at = next;
    }
}

fn body(mut at: Cursor<'_>, header: &Header, rows: &mut Rows) -> Result<(), TooMany> {
    while let Some((line, next)) = at.line() {
        if header.has_comments() && line.starts_with('#') {
            at = next;
            continue;
        }
        match record(at.rest, header.delimiter) {
            Ok((fields, length)) => {
                if fields.iter().any(|field| !field.trim().is_empty()) {
                    rows.push(row(at.line, header, &fields))?;
                }
                at = at.after(length);
            }
            Err(problem) => {
                rows.push(Row::bad(at.line, problem))?;
                at = next;
            }
        }
    }
    Ok(())
}

fn row(line: u32, header: &Header, fields: &[String]) -> Row {
    if fields.iter().skip(header.columns.len()).any(|field| !field.trim().is_empty()) {
        return Row::bad(
            line,
            "The row has more fields than the header; put quotation marks around a field with commas.",
        );
    }
    let field = |wanted| {
        let named = header.columns.iter().zip(fields).filter(|(column, _)| **column == Some(wanted));
        let mut values = named.map(|(_, field)| field.trim()).filter(|value| !value.is_empty());
        values.next().unwrap_or_default().to_owned()
    };
    Row {
        line,
        origin: Row::origin(&field(Column::Provider)),
        secret: field(Column::Secret),
        name: field(Column::Name),
        quota_owner: field(Column::QuotaOwner),
        ..Row::default()
    }
}

/// Reads one record; returns its fields and how many bytes it has, its end included.
fn record(text: &str, delimiter: char) -> Result<(Vec<String>, usize), &'static str> {
    let (mut fields, mut rest) = (Vec::new(), text);
    loop {
        let (field, after) = field(rest, delimiter)?;
        fields.push(field);
        let (end, length) = match after.chars().next() {
            Some(c) if c == delimiter => (false, c.len_utf8()),
            Some('\r') => (true, 2),
            Some(_) => (true, 1),
            None => (true, 0),
        };
        rest = after.get(length..).unwrap_or_default();
        if end {
            return Ok((fields, text.len() - rest.len()));
        }
    }
}

/// Reads one field; what follows begins with a delimiter or the end of a line, or is nothing.
fn field(text: &str, delimiter: char) -> Result<(String, &str), &'static str> {
    let Some(quoted) = text.trim_start_matches(' ').strip_prefix('"') else {
        let end = text.find([delimiter, '\n']).unwrap_or(text.len());
        let (field, rest) = text.split_at(end);
        // The end of a line may have two characters.
        return Ok(match field.strip_suffix('\r') {
            Some(field) if rest.starts_with('\n') => (field.to_owned(), text.split_at(end - 1).1),
            _ => (field.to_owned(), rest),
        });
    };
    let (mut field, mut rest) = (String::new(), quoted);
    loop {
        let (part, after) = rest.split_once('"').ok_or("A quotation mark is not closed.")?;
        field.push_str(part);
        match after.strip_prefix('"') {
            Some(after) => {
                field.push('"');
                rest = after;
            }
            None => return behind(after, delimiter).map(|rest| (field, rest)),
        }
    }
}

fn behind(text: &str, delimiter: char) -> Result<&str, &'static str> {
    let rest = text.trim_start_matches(' ');
    let ends = rest.is_empty() || rest.starts_with(delimiter) || rest.starts_with('\n') || rest.starts_with("\r\n");
    if ends { Ok(rest) } else { Err("Text follows a quotation mark; inside of quoted text, write two of them.") }
}
