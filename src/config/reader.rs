//! Looks settings up by name, for those who build typed ones of them.

use std::path::PathBuf;

use secrecy::SecretString;

use super::{error::Problem, parse, sources::Resolved};

/// Looks settings up by name and keeps what is wrong with them.
pub struct Reader<'a> {
    resolved: &'a [Resolved],
    problems: &'a mut Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub fn new(resolved: &'a [Resolved], problems: &'a mut Vec<Problem>) -> Self {
        Self { resolved, problems }
    }

    /// Returns what was wrong so far, for more to be added.
    pub fn problems(&mut self) -> &mut Vec<Problem> {
        self.problems
    }

    pub fn value(&self, name: &str) -> Option<&'a Resolved> {
        self.resolved.iter().find(|r| r.setting.name == name && r.value.is_some())
    }

    pub fn parsed_or_none<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let resolved = self.value(name)?;
        match parse(resolved.value.as_deref().unwrap_or_default()) {
            Ok(value) => Some(value),
            Err(message) => {
                self.problems.push(Problem::new(resolved.place(), message));
                None
            }
        }
    }

    /// For settings that must have a value. `None` means that a problem was recorded.
    pub fn parsed<T>(&mut self, name: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        if self.value(name).is_none() {
            self.problem(name, "it is not set and has no default".into());
        }
        self.parsed_or_none(name, parse)
    }

    pub fn count(&mut self, name: &str, least: usize) -> Option<u32> {
        self.parsed(name, |text| {
            parse::count(text, least).and_then(|n| u32::try_from(n).map_err(|_| format!("`{text}` is too large")))
        })
    }

    pub fn text(&mut self, name: &str) -> Option<String> {
        self.parsed(name, |text| Ok(text.to_owned()))
    }

    pub fn path(&mut self, name: &str) -> Option<PathBuf> {
        self.parsed_or_none(name, |text| Ok(PathBuf::from(text)))
    }

    pub fn secret(&mut self, name: &str) -> Option<SecretString> {
        self.parsed_or_none(name, |text| Ok(text.into()))
    }

    pub fn problem(&mut self, name: &str, message: String) {
        let place = self.resolved.iter().find(|r| r.setting.name == name).map_or(name.to_owned(), Resolved::place);
        self.problems.push(Problem::new(place, message));
    }
}
