//! The `.env` file. Its values never enter the environment of the process.

use std::{collections::BTreeMap, io::ErrorKind, path::Path};

use super::error::Problem;

/// Reads the file; a missing one is empty.
pub fn read(path: &Path, problems: &mut Vec<Problem>) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    let place = path.display().to_string();
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return values,
        Err(error) => {
            problems.push(Problem::new(place, format!("cannot be read: {error}")));
            return values;
        }
    };
    for item in dotenvy::from_read_iter(&text[..]) {
        match item {
            Ok((name, value)) => {
                values.insert(name, value);
            }
            // The library's own message repeats the line, which may hold a secret.
            Err(dotenvy::Error::LineParse(part, _)) => {
                let before = String::from_utf8_lossy(&text);
                let line = before.find(&part).map_or(1, |at| before[..at].matches('\n').count() + 1);
                problems.push(Problem::new(
                    format!("{place}:{line}"),
                    "this line cannot be read; write NAME=value, with single quotes around a value that has spaces or \
                     symbols",
                ));
            }
            Err(_) => problems.push(Problem::new(place.as_str(), "is not UTF-8 text")),
        }
    }
    values
}
