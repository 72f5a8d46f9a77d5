//! `providers:` in the YAML file: OpenAI-compatible providers by name.

use std::{collections::HashSet, path::Path};

use http::HeaderName;
use secrecy::SecretString;

use super::{
    error::{Problem, did_you_mean},
    parse::{PlainHttp, upstream_url},
    sources::scalar,
    table::Shown,
    yaml::{self, Node, Value},
};

/// A provider the operator configured.
#[derive(Clone, Debug)]
pub struct ProviderEntry {
    /// Also the prefix of its models.
    pub name: String,
    /// Without a slash at the end.
    pub base_url: String,
    /// Used when the caller has no key.
    pub api_key: Option<SecretString>,
    pub auth: ProviderAuth,
    /// How it differs from OpenAI: a map for the adapter to read.
    pub dialect: serde_json::Value,
    /// Its models; when empty, any name is passed on.
    pub models: Vec<String>,
    pub default_model: Option<String>,
    /// Sent with every request. They may hold secrets.
    pub headers: Vec<(HeaderName, SecretString)>,
}

/// How a provider wants to see its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderAuth {
    Bearer,
    None,
    Header(HeaderName),
}

const KEYS: [&str; 8] = ["name", "base_url", "api_key", "auth", "dialect", "models", "default_model", "headers"];
/// Providers and prefixes of the gateway itself.
const TAKEN: [&str; 7] = ["google", "xai", "x-ai", "gigachat", "sber", "perplexity", "sandbox"];

/// Reads the list. Everything wrong with it goes to `problems`.
pub fn read(path: &Path, node: Node, plain: PlainHttp, problems: &mut Vec<Problem>) -> Vec<ProviderEntry> {
    let place = yaml::place(path, &node);
    let items = match node.value {
        Value::List(items) => items,
        Value::Null => return Vec::new(),
        other => {
            problems.push(Problem::new(place, format!("providers must be a list, not {}", other.kind())));
            return Vec::new();
        }
    };
    let mut names = HashSet::new();
    let mut entries = Vec::new();
    for item in items {
        let place = yaml::place(path, &item);
        let Some(entry) = read_entry(path, item, plain, problems) else { continue };
        if names.insert(entry.name.clone()) {
            entries.push(entry);
        } else {
            problems.push(Problem::new(place, format!("there are two providers named {}", entry.name)));
        }
    }
    entries
}

fn read_entry(path: &Path, item: Node, plain: PlainHttp, problems: &mut Vec<Problem>) -> Option<ProviderEntry> {
    let start = yaml::place(path, &item);
    let Value::Map(fields) = item.value else {
        problems.push(Problem::new(start, "a provider must be a map with name and base_url"));
        return None;
    };
    let found = problems.len();
    let mut entry = ProviderEntry {
        name: String::new(),
        base_url: String::new(),
        api_key: None,
        auth: ProviderAuth::Bearer,
        dialect: serde_json::Value::Object(serde_json::Map::new()),
        models: Vec::new(),
        default_model: None,
        headers: Vec::new(),
    };
    for (key, value) in fields {
        if !KEYS.contains(&key.value.as_str()) {
            let hint = did_you_mean(&key.value, KEYS);
            let message = format!("a provider has no field `{}`{hint}", key.value);
            problems.push(Problem::new(yaml::place(path, &key), message));
        } else if let Err(message) = set_field(&mut entry, &key.value, &value.value, plain) {
            problems.push(Problem::new(yaml::place(path, &value), format!("{}: {message}", key.value)));
        }
    }
    if problems.len() == found {
        for (field, value) in [("name", &entry.name), ("base_url", &entry.base_url)] {
            if value.is_empty() {
                problems.push(Problem::new(start.as_str(), format!("this provider has no {field}")));
            }
        }
    }
    (problems.len() == found).then_some(entry)
}

fn set_field(entry: &mut ProviderEntry, field: &str, value: &Value, plain: PlainHttp) -> Result<(), String> {
    match field {
        "name" => entry.name = name(&text(value)?)?,
        "base_url" => entry.base_url = upstream_url(&text(value)?, plain)?,
        "api_key" => {
            entry.api_key = scalar(value, Shown::Never)?.filter(|key| !key.is_empty()).map(SecretString::from);
        }
        "auth" => entry.auth = auth(&text(value)?)?,
        "dialect" => match value {
            Value::Map(_) => entry.dialect = value.to_json(),
            other => return Err(format!("it must be a map, not {}", other.kind())),
        },
        "models" => entry.models = models(value)?,
        "default_model" => entry.default_model = Some(text(value)?),
        "headers" => entry.headers = headers(value)?,
        _ => {}
    }
    Ok(())
}

fn text(value: &Value) -> Result<String, String> {
    match value {
        Value::Text(text) if !text.trim().is_empty() => Ok(text.trim().to_owned()),
        other => Err(format!("it must be text, not {}", other.kind())),
    }
}

fn name(text: &str) -> Result<String, String> {
    let well_formed = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_');
    if !well_formed || text.len() > 64 {
        return Err("a name has small letters, digits, - and _ only, 64 at most".into());
    }
    if TAKEN.contains(&text) {
        return Err(format!("{text} is a provider of the gateway itself; choose another name"));
    }
    Ok(text.to_owned())
}

fn auth(text: &str) -> Result<ProviderAuth, String> {
    match text.split_once(':') {
        None if text == "bearer" => Ok(ProviderAuth::Bearer),
        None if text == "none" => Ok(ProviderAuth::None),
        Some(("header", name)) => header_name(name.trim()).map(ProviderAuth::Header),
        _ => Err("write bearer, none or header:<name>".into()),
    }
}

fn header_name(text: &str) -> Result<HeaderName, String> {
    text.parse().map_err(|_| format!("`{text}` is no name of a header"))
}

fn models(value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::List(items) => items.iter().map(|item| text(&item.value)).collect(),
        Value::Null => Ok(Vec::new()),
        other => Err(format!("it must be a list of model names, not {}", other.kind())),
    }
}

fn headers(value: &Value) -> Result<Vec<(HeaderName, SecretString)>, String> {
    let Value::Map(entries) = value else {
        return Err(format!("it must be a map, not {}", value.kind()));
    };
    let header = |(key, value): &(serde_saphyr::Spanned<String>, Node)| {
        let text = scalar(&value.value, Shown::Never)?.unwrap_or_default();
        http::HeaderValue::from_str(&text).map_err(|_| format!("{} has a character no header may have", key.value))?;
        Ok((header_name(&key.value)?, SecretString::from(text)))
    };
    entries.iter().map(header).collect()
}
