//! `providers:` in the YAML file: providers by name, most of them compatible with OpenAI and known by a preset.

use std::{collections::HashSet, path::Path};

use http::HeaderName;
use secrecy::SecretString;
use serde_json::Value as Json;

use super::{
    error::{Problem, did_you_mean},
    parse::{PlainHttp, upstream_url},
    setting::Shown,
    sources::{Variables, scalar},
    yaml::{self, Node, Value},
};
use crate::providers::openai::{
    dialect::Dialect,
    vendor::{Key, Vendor},
    vendors::{vendor, vendors},
};

/// A provider the operator configured, with everything its preset says filled in.
#[derive(Clone, Debug)]
pub struct ProviderEntry {
    /// Also the prefix of its models.
    pub name: String,
    pub format: ProviderFormat,
    /// Without a slash at the end.
    pub base_url: String,
    /// Used when the caller has no key.
    pub api_key: Option<SecretString>,
    pub auth: ProviderAuth,
    /// How it differs from OpenAI, when it speaks that format.
    pub dialect: Dialect,
    /// Its models; when empty, any name is passed on.
    pub models: Vec<String>,
    pub default_model: Option<String>,
    /// Its model for images.
    pub vision_model: Option<String>,
    /// Sent with every request. They may hold secrets.
    pub headers: Vec<(HeaderName, SecretString)>,
}

/// The wire format a provider speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ProviderFormat {
    #[default]
    OpenAi,
    Anthropic,
    Gemini,
}

/// How a provider wants to see its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderAuth {
    Bearer,
    None,
    Header(HeaderName),
}

const KEYS: [&str; 11] = [
    "name",
    "preset",
    "format",
    "base_url",
    "api_key",
    "auth",
    "dialect",
    "models",
    "default_model",
    "vision_model",
    "headers",
];
/// Providers and prefixes of the gateway itself.
const TAKEN: [&str; 8] = ["google", "xai", "x-ai", "gigachat", "sber", "perplexity", "anthropic", "sandbox"];
/// The preset of a provider that has the name of one and is none.
const NO_PRESET: &str = "none";

/// What is known of a wire format without a preset.
struct Format {
    word: &'static str,
    format: ProviderFormat,
    key: Key,
    /// End of a configured base URL that the adapter's paths bring themselves.
    base_suffix: &'static str,
}

const FORMATS: [Format; 3] = [
    Format { word: "openai", format: ProviderFormat::OpenAi, key: Key::Bearer, base_suffix: "" },
    Format { word: "anthropic", format: ProviderFormat::Anthropic, key: Key::Header("x-api-key"), base_suffix: "/v1" },
    Format {
        word: "gemini",
        format: ProviderFormat::Gemini,
        key: Key::Header("x-goog-api-key"),
        base_suffix: "/v1beta",
    },
];

/// Reads the list. Everything wrong with it goes to `problems`.
pub fn read(
    path: &Path,
    node: Node,
    plain: PlainHttp,
    variables: &Variables,
    problems: &mut Vec<Problem>,
) -> Vec<ProviderEntry> {
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
        let Some(draft) = read_draft(path, item, plain, problems) else { continue };
        match draft.finish(variables) {
            Ok(entry) if names.insert(entry.name.clone()) => entries.push(entry),
            Ok(entry) => problems.push(Problem::new(place, format!("there are two providers named {}", entry.name))),
            Err(message) => problems.push(Problem::new(place, message)),
        }
    }
    entries
}

/// What the operator wrote, before the preset fills in the rest.
#[derive(Default)]
struct Draft {
    name: String,
    preset: Option<String>,
    format: ProviderFormat,
    base_url: Option<String>,
    api_key: Option<SecretString>,
    auth: Option<ProviderAuth>,
    dialect: Option<Json>,
    models: Vec<String>,
    default_model: Option<String>,
    vision_model: Option<String>,
    headers: Vec<(HeaderName, SecretString)>,
}

fn read_draft(path: &Path, item: Node, plain: PlainHttp, problems: &mut Vec<Problem>) -> Option<Draft> {
    let start = yaml::place(path, &item);
    let Value::Map(fields) = item.value else {
        problems.push(Problem::new(start, "a provider must be a map with a name"));
        return None;
    };
    let found = problems.len();
    let mut draft = Draft::default();
    for (key, value) in fields {
        if !KEYS.contains(&key.value.as_str()) {
            let hint = did_you_mean(&key.value, KEYS);
            let message = format!("a provider has no field `{}`{hint}", key.value);
            problems.push(Problem::new(yaml::place(path, &key), message));
        } else if let Err(message) = draft.set(&key.value, &value.value, plain) {
            problems.push(Problem::new(yaml::place(path, &value), format!("{}: {message}", key.value)));
        }
    }
    (problems.len() == found).then_some(draft)
}

impl Draft {
    fn set(&mut self, field: &str, value: &Value, plain: PlainHttp) -> Result<(), String> {
        match field {
            "name" => self.name = name(&text(value)?)?,
            "preset" => self.preset = Some(preset(text(value)?)?),
            "format" => self.format = format_of(&text(value)?)?,
            "base_url" => self.base_url = Some(upstream_url(&text(value)?, plain)?),
            "api_key" => {
                self.api_key = scalar(value, Shown::Never)?.filter(|key| !key.is_empty()).map(SecretString::from);
            }
            "auth" => self.auth = Some(auth(&text(value)?)?),
            "dialect" => match value {
                Value::Map(_) => self.dialect = Some(value.to_json()),
                other => return Err(format!("it must be a map, not {}", other.kind())),
            },
            "models" => self.models = models(value)?,
            "default_model" => self.default_model = Some(text(value)?),
            "vision_model" => self.vision_model = Some(text(value)?),
            "headers" => self.headers = headers(value)?,
            _ => {}
        }
        Ok(())
    }

    /// Fills in what the preset says: the one that is named, else the one of the provider's own name.
    fn finish(self, variables: &Variables) -> Result<ProviderEntry, String> {
        if self.name.is_empty() {
            return Err("this provider has no name".into());
        }
        if self.format != ProviderFormat::OpenAi && (self.preset.is_some() || self.dialect.is_some()) {
            return Err("preset and dialect are for the format openai".into());
        }
        let row = self.row();
        let dialect = row.map_or(&Dialect::GENERIC, |row| &row.dialect);
        let dialect =
            dialect.with(self.dialect.as_ref().unwrap_or(&Json::Null)).map_err(|e| format!("dialect: {e}"))?;
        let base_url = self.base_url(row).ok_or("this provider has no base_url")?;
        let api_key = self.api_key.clone().or_else(|| self.key_of_preset(row, variables));
        Ok(ProviderEntry {
            auth: self.auth.clone().unwrap_or_else(|| default_auth(self.format, row, api_key.is_some())),
            headers: with_headers_of(row, self.headers),
            name: self.name,
            format: self.format,
            base_url,
            api_key,
            dialect,
            models: self.models,
            default_model: self.default_model,
            vision_model: self.vision_model,
        })
    }

    fn row(&self) -> Option<&'static Vendor> {
        vendor(self.preset.as_ref().unwrap_or(&self.name)).filter(|_| self.format == ProviderFormat::OpenAi)
    }

    fn base_url(&self, row: Option<&Vendor>) -> Option<String> {
        let of_format = FORMATS.iter().find(|known| known.format == self.format).map_or("", |known| known.base_suffix);
        let suffix = row.map_or(of_format, |row| row.base_suffix);
        let written = self.base_url.as_deref().map(|url| url.strip_suffix(suffix).unwrap_or(url));
        let url = written.or_else(|| row.map(|row| row.base_url)).filter(|url| !url.is_empty())?;
        Some(url.trim_end_matches('/').to_owned())
    }

    /// Returns the key in the preset's variable. An address of the operator's own gets it only when the preset is
    /// asked for by name: a key must not go to a server that happens to be called like its owner.
    fn key_of_preset(&self, row: Option<&Vendor>, variables: &Variables) -> Option<SecretString> {
        let row = row.filter(|row| self.base_url.is_none() || self.preset.is_some() || row.base_url.is_empty())?;
        variables.get(row.key_variable).map(|(key, _)| SecretString::from(key))
    }
}

fn default_auth(format: ProviderFormat, row: Option<&Vendor>, has_key: bool) -> ProviderAuth {
    let of_format = FORMATS.iter().find(|known| known.format == format).map_or(Key::Bearer, |known| known.key);
    match row.map_or(of_format, |row| row.key) {
        Key::Bearer => ProviderAuth::Bearer,
        Key::MaybeBearer if has_key => ProviderAuth::Bearer,
        Key::MaybeBearer => ProviderAuth::None,
        Key::Header(name) => ProviderAuth::Header(HeaderName::from_static(name)),
    }
}

fn with_headers_of(
    row: Option<&Vendor>,
    mut headers: Vec<(HeaderName, SecretString)>,
) -> Vec<(HeaderName, SecretString)> {
    for (name, value) in row.map_or(&[][..], |row| row.headers) {
        let name = HeaderName::from_static(name);
        if !headers.iter().any(|(written, _)| *written == name) {
            headers.push((name, SecretString::from(*value)));
        }
    }
    headers
}

fn preset(name: String) -> Result<String, String> {
    if name == NO_PRESET || vendor(&name).is_some() {
        return Ok(name);
    }
    let hint = did_you_mean(&name, vendors().map(|row| row.name).chain([NO_PRESET]));
    Err(format!("there is no preset `{name}`{hint}"))
}

fn format_of(word: &str) -> Result<ProviderFormat, String> {
    let found = FORMATS.iter().find(|known| known.word == word).map(|known| known.format);
    found.ok_or_else(|| "write openai, anthropic or gemini".into())
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
