//! A JSON array of objects, or of secrets alone.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use serde::{
    Deserializer as _,
    de::{SeqAccess, Visitor},
};
use serde_json::value::RawValue;

use super::{
    columns::{Column, column},
    row::Row,
    rows::{Cursor, MAX_ROWS, Rows, TooMany},
};

const BROKEN: &str = "The JSON cannot be read from here on.";
const NO_OBJECT: &str = "The item is neither an object nor a secret in quotation marks.";
const NO_TEXT: &str = "A member that must be text is something else.";
const NO_PARAMETERS: &str = "`parameters` must be an object with texts.";

/// Reads an array. `None` when the text is something else.
pub fn read(text: &str, rows: &mut Rows) -> Option<Result<(), TooMany>> {
    text.trim_start().starts_with('[').then(|| items(text, rows))
}

fn items(text: &str, rows: &mut Rows) -> Result<(), TooMany> {
    let (mut items, mut reader) = (Vec::new(), serde_json::Deserializer::from_str(text));
    let read = reader.deserialize_seq(Items(&mut items)).and_then(|()| reader.end());
    let mut at = Cursor::new(text);
    for item in items {
        // The item is a piece of the text.
        let offset = (item.get().as_ptr() as usize).wrapping_sub(at.rest.as_ptr() as usize);
        at = at.after(offset);
        rows.push(row(at.line, item).unwrap_or_else(|problem| Row::bad(at.line, problem)))?;
    }
    match read {
        Ok(()) => Ok(()),
        Err(error) => rows.push(Row::bad(u32::try_from(error.line()).unwrap_or(u32::MAX).max(1), BROKEN)),
    }
}

/// Collects the items before an error too, and one more than may be.
struct Items<'a, 'v>(&'v mut Vec<&'a RawValue>);

impl<'a> Visitor<'a> for Items<'a, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut array: A) -> Result<(), A::Error> {
        while self.0.len() <= MAX_ROWS
            && let Some(item) = array.next_element()?
        {
            self.0.push(item);
        }
        Ok(())
    }
}

fn row(line: u32, item: &RawValue) -> Result<Row, &'static str> {
    if let Ok(secret) = serde_json::from_str::<String>(item.get()) {
        return Ok(Row { line, secret: secret.trim().to_owned(), ..Row::default() });
    }
    let members: BTreeMap<Cow<'_, str>, &RawValue> = serde_json::from_str(item.get()).map_err(|_| NO_OBJECT)?;
    let mut row = Row { line, ..Row::default() };
    for (name, value) in members {
        if name == "parameters" {
            let read: Option<_> = serde_json::from_str(value.get()).map_err(|_| NO_PARAMETERS)?;
            row.parameters = read.unwrap_or_default();
        }
        let Some(column) = column(&name) else { continue };
        let text: Option<String> = serde_json::from_str(value.get()).map_err(|_| NO_TEXT)?;
        let text = text.unwrap_or_default().trim().to_owned();
        match column {
            _ if text.is_empty() => {}
            Column::Provider => row.origin = Row::origin(&text),
            Column::Secret => row.secret = text,
            Column::Name => row.name = text,
            Column::QuotaOwner => row.quota_owner = text,
        }
    }
    Ok(row)
}
