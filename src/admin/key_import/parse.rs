//! From the bytes of an import to its rows. Pure, and never fails for a single row.

use super::{
    csv, env,
    format::Format,
    json, lines,
    row::Row,
    rows::{MAX_ROWS, Rows, TooMany},
};
use crate::{
    admin::key_kinds::KeyKinds,
    domain::error::{Error, Result},
};

const FIELD: &str = "content";

/// Reads the rows, in the format recognized from the text when none is given.
pub fn parse(content: &[u8], format: Option<Format>, kinds: &KeyKinds) -> Result<Vec<Row>> {
    let text = text(content)?;
    if text.trim().is_empty() {
        return Err(Error::invalid(FIELD, "content is required; it is empty"));
    }
    let mut rows = Rows::default();
    let read = match format.unwrap_or_else(|| Format::of(text, kinds)) {
        Format::Csv => csv::read(text, kinds, &mut rows).ok_or_else(no_header)?,
        Format::Env => env::read(text, kinds, &mut rows),
        Format::Json => json::read(text, &mut rows).ok_or_else(no_array)?,
        Format::Lines => lines::read(text, &mut rows),
    };
    match read {
        Ok(()) => Ok(rows.into_vec()),
        Err(TooMany) => {
            Err(Error::invalid(FIELD, format!("content has more than {MAX_ROWS} rows; import it in several pieces")))
        }
    }
}

fn text(content: &[u8]) -> Result<&str> {
    if content.starts_with(&[0xFF, 0xFE]) || content.starts_with(&[0xFE, 0xFF]) {
        return Err(Error::invalid(FIELD, "content is UTF-16; save it as UTF-8"));
    }
    let text = std::str::from_utf8(content).map_err(|error| {
        let before = content.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        Error::invalid(FIELD, format!("line {line} of content is not UTF-8; save it as UTF-8"))
    })?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

fn no_header() -> Error {
    let message = "the first line of CSV must name the columns, one of them `secret`; the others are `provider`, \
                   `name` and `quota_owner`. Without such a line, the provider comes first";
    Error::invalid(FIELD, message)
}

fn no_array() -> Error {
    Error::invalid(FIELD, "the JSON must be an array of objects with `provider` and `secret`, or of secrets")
}
