//! Decides which rows are fit to be stored. Nothing is stored here.

use std::collections::HashMap;

use secrecy::{ExposeSecret as _, SecretString};

use super::{
    row::{Origin, Row},
    verdict::{RowResult, Verdict},
};
use crate::{
    admin::{
        key_kinds::KeyKinds,
        provider_keys::{NewKey, hint},
    },
    domain::{error::Result, key::StoredKey},
    storage::SealedKey,
};

/// Longest unknown name that is shown. Keys of all providers are longer, and people mix up columns.
const LONGEST_SHOWN: usize = 24;
const LONGEST_NAME: usize = 100;
const SWAPPED: &str = "Where the secret should be stands a provider; let the two change places.";

/// A row with its verdict, and the key to store when it is fit.
pub struct Judged {
    pub result: RowResult,
    pub key: Option<SealedKey>,
}

/// What a row is compared with.
pub struct Judge<'a, P> {
    pub kinds: &'a KeyKinds,
    /// For rows that name no provider; may be empty.
    pub default_provider: &'a str,
    /// Checks and seals a key.
    pub prepare: P,
    /// By provider and fingerprint: the keys there are, and those of earlier rows.
    known: HashMap<(String, String), Known>,
}

struct Known {
    id: String,
    name: String,
    /// Line of the row, unless the key is stored.
    line: Option<u32>,
}

impl<'a, P: Fn(NewKey) -> Result<SealedKey>> Judge<'a, P> {
    pub fn new(kinds: &'a KeyKinds, default_provider: &'a str, stored: Vec<StoredKey>, prepare: P) -> Self {
        let known =
            |key: StoredKey| ((key.provider, key.fingerprint), Known { id: key.id, name: key.name, line: None });
        Self { kinds, default_provider, prepare, known: stored.into_iter().map(known).collect() }
    }

    pub fn judge(&mut self, row: Row) -> Judged {
        let holds_secret = !row.secret.is_empty() && row.name.contains(&row.secret);
        let name = if holds_secret { String::new() } else { shown_name(&row.name) };
        let secret = SecretString::from(row.secret);
        let told = RowResult { name, hint: hint(&secret), ..RowResult::of_line(row.line) };
        let refused = |verdict, provider: String, message: String| Judged {
            result: RowResult { verdict, provider, message, ..told.clone() },
            key: None,
        };
        if let Some(problem) = row.problem {
            return refused(Verdict::BadFormat, String::new(), problem.to_owned());
        }
        let provider = match self.provider(&row.origin) {
            Ok(provider) => provider,
            Err(_) if self.kinds.named(secret.expose_secret()).is_some() => {
                return refused(Verdict::UnknownProvider, String::new(), SWAPPED.to_owned());
            }
            Err((shown, message)) => return refused(Verdict::UnknownProvider, shown, message),
        };
        let key = (self.prepare)(NewKey {
            provider: provider.clone(),
            name: row.name,
            secret,
            active: true,
            quota_owner: row.quota_owner,
            parameters: row.parameters,
        });
        match key {
            Ok(key) => self.compare(row.line, key),
            Err(error) => refused(Verdict::BadFormat, provider, sentence(&error.message)),
        }
    }

    /// Returns the provider, or what is shown of an unknown one and why.
    fn provider(&self, origin: &Origin) -> std::result::Result<String, (String, String)> {
        let named = match origin {
            Origin::VariableOf(provider) => return Ok(provider.clone()),
            Origin::Variable(name) => {
                let message = "The variable is none that holds keys of a provider; leave the line out.";
                return Err((shown(name), message.to_owned()));
            }
            Origin::Unnamed if self.default_provider.is_empty() => {
                let message = "The row names no provider; name one in it, or one for all rows without.";
                return Err((String::new(), message.to_owned()));
            }
            Origin::Unnamed => self.default_provider,
            Origin::Provider(name) => name,
        };
        let unknown = || {
            let names = self.kinds.names();
            format!("The gateway knows no such provider that takes keys; there are {names}. Others can be configured.")
        };
        self.kinds.named(named).map(str::to_owned).ok_or_else(|| (shown(named), unknown()))
    }

    fn compare(&mut self, line: u32, key: SealedKey) -> Judged {
        let stored = &key.stored;
        let mut result = RowResult {
            provider: stored.provider.clone(),
            name: stored.name.clone(),
            hint: stored.hint.clone(),
            key_id: stored.id.clone(),
            ..RowResult::of_line(line)
        };
        let place = (stored.provider.clone(), stored.fingerprint.clone());
        if let Some(known) = self.known.get(&place) {
            result.key_id.clone_from(&known.id);
            result.turn(Verdict::Duplicate, repeats(&known.name, known.line));
            return Judged { result, key: None };
        }
        self.known.insert(place, Known { id: stored.id.clone(), name: stored.name.clone(), line: Some(line) });
        Judged { result, key: Some(key) }
    }
}

/// Says what a row repeats: a row at a line of the text, or a stored key.
pub fn repeats(name: &str, line: Option<u32>) -> String {
    match line {
        Some(line) => format!("The same secret stands in line {line}."),
        None => format!(r#"The same secret is stored already, as "{name}"."#),
    }
}

/// Returns a name as it was written, unless it may be a secret in the wrong place.
fn shown(name: &str) -> String {
    let is_variable = name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
    let is_short = name.chars().count() <= LONGEST_SHOWN && !name.contains(char::is_control);
    if is_short || (is_variable && name.len() <= 2 * LONGEST_SHOWN) { name.to_owned() } else { String::new() }
}

/// The same of the name of a row that is refused. A name with space in it is no secret.
fn shown_name(name: &str) -> String {
    if name.contains(' ') { name.chars().take(LONGEST_NAME).collect() } else { shown(name) }
}

/// Makes a sentence of an error's message.
fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).chain(['.']).collect()
}
