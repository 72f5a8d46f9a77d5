//! What is known of the keys of each provider before one is stored.

use std::collections::BTreeMap;

use crate::domain::{
    error::{Error, Result},
    key::KeyParameter,
};

/// The keys of one provider.
#[derive(Clone, Debug, Default)]
pub struct KeyKind {
    /// What the provider needs beside the secret, such as a `scope`. None of it has to be given.
    pub parameters: &'static [KeyParameter],
    /// Environment variables that usually hold such a key; imports of `.env` files look for them.
    pub variables: Vec<String>,
    /// Where its owner makes a new one, for messages; empty when that is not known.
    pub console: &'static str,
}

impl KeyKind {
    /// Refuses what the provider does not know. `field` is the path of the parameters in the contract.
    pub fn check_parameters(&self, parameters: &BTreeMap<String, String>, field: &str) -> Result<()> {
        for (name, value) in parameters {
            let Some(known) = self.parameters.iter().find(|known| known.name == name) else {
                return Err(Error::invalid(field, self.what_it_takes()));
            };
            if !known.values.contains(&value.as_str()) {
                let message = format!("`{}` must be one of {}", known.name, known.values.join(", "));
                return Err(Error::invalid(format!("{field}.{}", known.name), message));
            }
        }
        Ok(())
    }

    fn what_it_takes(&self) -> String {
        let names: Vec<&str> = self.parameters.iter().map(|known| known.name).collect();
        match &names[..] {
            [] => "keys of this provider take no parameters; leave them out".to_owned(),
            names => format!("keys of this provider take {} and nothing else", names.join(", ")),
        }
    }
}

/// The providers that take keys, by name.
#[derive(Clone, Debug, Default)]
pub struct KeyKinds(pub BTreeMap<String, KeyKind>);

impl KeyKinds {
    /// Returns what is known of a provider's keys, or an error that names `field` and the providers there are.
    pub fn get(&self, provider: &str, field: &str) -> Result<&KeyKind> {
        self.0.get(provider).ok_or_else(|| {
            // It is not repeated: it may be a secret in the wrong place.
            Error::invalid(field, format!("no provider of this name takes keys; there are {}", self.names()))
        })
    }

    /// Returns the provider of this name; upper and lower case are alike.
    pub fn named(&self, name: &str) -> Option<&str> {
        self.0.keys().map(String::as_str).find(|known| known.eq_ignore_ascii_case(name))
    }

    /// Returns the names of the providers, for messages.
    pub fn names(&self) -> String {
        let names: Vec<&str> = self.0.keys().map(String::as_str).collect();
        names.join(", ")
    }

    /// Returns the provider whose keys a variable holds: `XAI_API_KEY`, with a number `XAI_API_KEY_2` or `XAI_API_KEY2`,
    /// and for several `XAI_API_KEYS`. Upper and lower case are alike.
    pub fn of_variable(&self, variable: &str) -> Option<&str> {
        let known = |name: &str| {
            let is_of = |kind: &KeyKind| kind.variables.iter().any(|one| one.eq_ignore_ascii_case(name));
            self.0.iter().find(|(_, kind)| is_of(kind)).map(|(provider, _)| provider.as_str())
        };
        let without_number = || {
            let name = variable.trim_end_matches(|c: char| c.is_ascii_digit());
            (name.len() < variable.len()).then(|| name.strip_suffix('_').unwrap_or(name))
        };
        let of_one = || variable.strip_suffix(['S', 's']);
        known(variable).or_else(|| known(without_number()?)).or_else(|| known(of_one()?))
    }
}

#[cfg(test)]
mod tests;
