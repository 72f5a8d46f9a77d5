//! Reading a query: every parameter by its name, none of them overlooked.

use crate::error::Failure;

/// Longest name that is repeated in a failure.
const MAX_SHOWN: usize = 64;

/// The parameters of a query that have a value.
#[derive(Debug)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads a query that may have the parameters `known` and no other.
    pub fn read(text: &str, known: &[&str]) -> Result<Self, Failure> {
        let mut members = Vec::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if !known.contains(&&*name) {
                let expected = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
                return Err(unknown("query parameter", &name, &expected));
            }
            if !value.is_empty() {
                members.push((name.into_owned(), value.into_owned()));
            }
        }
        Ok(Self(members))
    }

    /// Returns the value of a parameter that may be written by any of `names`, but once.
    pub fn one(&self, names: &[&str]) -> Result<Option<&str>, Failure> {
        let mut found = self.0.iter().filter(|(name, _)| names.contains(&name.as_str()));
        let first = found.next();
        match found.next() {
            Some((name, _)) => Err(Failure::invalid(name, format!("'{name}' is given twice; give it once."))),
            None => Ok(first.map(|(_, value)| value.as_str())),
        }
    }

    /// Returns the text of a parameter, empty when it is not there.
    pub fn text(&self, names: &[&str]) -> Result<String, Failure> {
        Ok(self.one(names)?.unwrap_or_default().to_owned())
    }

    /// Returns the values of a parameter that may be repeated or hold several, parted by commas.
    pub fn list<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let values = self.0.iter().filter(move |(known, _)| known == name);
        values.flat_map(|(_, value)| value.split(',')).map(str::trim).filter(|value| !value.is_empty())
    }

    pub fn flag(&self, names: &[&str]) -> Result<Option<bool>, Failure> {
        match (self.one(names)?, names) {
            (Some(value), [name, ..]) => flag(value, name).map(Some),
            _ => Ok(None),
        }
    }

    /// Returns a number from 1.
    pub fn count(&self, name: &str) -> Result<Option<u32>, Failure> {
        let Some(value) = self.one(&[name])? else { return Ok(None) };
        match value.parse() {
            Ok(count) if count > 0 => Ok(Some(count)),
            _ => Err(Failure::invalid(name, format!("Invalid '{name}': expected an integer from 1."))),
        }
    }
}

/// Reads a word that means yes or no.
pub fn flag(value: &str, name: &str) -> Result<bool, Failure> {
    match value {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(Failure::invalid(name, format!("Invalid '{name}': expected true or false."))),
    }
}

/// Refuses a name that is not known here.
pub fn unknown(kind: &str, name: &str, expected: &str) -> Failure {
    let shown: String = name.chars().filter(|c| !c.is_control()).take(MAX_SHOWN).collect();
    let message = format!("Unknown {kind} '{shown}'; known here: {expected}.");
    Failure::new(http::StatusCode::BAD_REQUEST, message).with_param(shown).with_code("unknown_parameter")
}
