//! Importing provider keys: the options beside the text, and what became of each row.

use bytes::Bytes;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{error::Failure, pb};

use super::{
    body,
    provider_keys::filled,
    query::{Query, flag, unknown},
    schemas,
    words::{self, word},
};

/// Options, in a query or beside a file in a form.
pub const OPTIONS: [&str; 5] = ["provider", "provider_name", "format", "all_or_nothing", "dry_run"];

/// What is asked of an import, put together from the query, the form or the body.
#[derive(Default)]
pub struct Import {
    request: pb::ImportProviderKeysRequest,
    has_content: bool,
    /// Whether the rows stand in a member of a JSON object.
    is_envelope: bool,
}

impl Import {
    pub fn of(query: &Query) -> Result<Self, Failure> {
        let mut import = Self::default();
        for name in OPTIONS {
            if let Some(value) = query.one(&[name])? {
                import.set(name, value)?;
            }
        }
        Ok(import)
    }

    /// Refuses a field of a form that is not known here.
    pub fn expect(name: &str) -> Result<(), Failure> {
        if OPTIONS.contains(&name) {
            return Ok(());
        }
        Err(unknown("form field", name, &format!("file, {}", OPTIONS.join(", "))))
    }

    /// Takes an option; the last one counts.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), Failure> {
        match name {
            "provider" | "provider_name" => self.request.default_provider = value.to_owned(),
            "format" => self.request.format = words::value(value, words::IMPORT_FORMATS, "format")?,
            "all_or_nothing" => self.request.all_or_nothing = flag(value, "all_or_nothing")?,
            "dry_run" => self.request.dry_run = flag(value, "dry_run")?,
            _ => Self::expect(name)?,
        }
        Ok(())
    }

    /// Takes the text with the rows. `format` is what its content type says; an option says it better.
    pub fn content(&mut self, content: Bytes, format: pb::ImportFormat) {
        if self.request.format == i32::from(pb::ImportFormat::Unspecified) {
            self.request.format = format.into();
        }
        self.request.content = content;
        self.has_content = true;
    }

    /// Takes a JSON body: the rows themselves, or an object with the text and its options.
    pub fn json(&mut self, json: Bytes) -> Result<(), Failure> {
        if !json.trim_ascii_start().starts_with(b"{") {
            self.content(json, pb::ImportFormat::Json);
            return Ok(());
        }
        self.is_envelope = true;
        let envelope: Envelope = body::read(&json)?;
        if let Some(provider) = envelope.provider_name {
            self.request.default_provider = provider;
        }
        if let Some(format) = envelope.format {
            self.set("format", &format)?;
        }
        self.request.all_or_nothing = envelope.all_or_nothing.unwrap_or(self.request.all_or_nothing);
        self.request.dry_run = envelope.dry_run.unwrap_or(self.request.dry_run);
        if let Some(content) = envelope.content {
            self.content(content.into(), pb::ImportFormat::Unspecified);
        }
        Ok(())
    }

    /// Returns what the caller calls the rows.
    pub fn content_name(&self) -> &'static str {
        if self.is_envelope { "content" } else { "file" }
    }

    pub fn into_request(self) -> Result<pb::ImportProviderKeysRequest, Failure> {
        if self.has_content { Ok(self.request) } else { Err(Failure::missing(self.content_name())) }
    }
}

/// Rows in JSON, with their options.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ImportEnvelope")]
pub struct Envelope {
    #[schemars(required)]
    content: Option<String>,
    #[serde(alias = "provider")]
    provider_name: Option<String>,
    format: Option<String>,
    all_or_nothing: Option<bool>,
    dry_run: Option<bool>,
}

/// What became of an import.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ImportResult")]
pub struct Imported<'a> {
    rows: Vec<Row<'a>>,
    created_count: u32,
    duplicate_count: u32,
    rejected_count: u32,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ImportedRow")]
struct Row<'a> {
    line: u32,
    #[schemars(schema_with = "schemas::import_verdict")]
    verdict: Option<&'static str>,
    provider_name: Option<&'a str>,
    provider: Option<&'a str>,
    name: Option<&'a str>,
    key_hint: Option<&'a str>,
    hint: Option<&'a str>,
    provider_key_id: Option<&'a str>,
    message: Option<&'a str>,
}

impl<'a> Imported<'a> {
    pub fn of(reply: &'a pb::ImportProviderKeysResponse) -> Self {
        let row = |row: &'a pb::ImportRowResult| Row {
            line: row.line,
            verdict: word(row.verdict, words::IMPORT_VERDICTS),
            provider_name: filled(&row.provider),
            provider: filled(&row.provider),
            name: filled(&row.name),
            key_hint: filled(&row.hint),
            hint: filled(&row.hint),
            provider_key_id: filled(&row.provider_key_id),
            message: filled(&row.message),
        };
        Self {
            rows: reply.rows.iter().map(row).collect(),
            created_count: reply.created_count,
            duplicate_count: reply.duplicate_count,
            rejected_count: reply.rejected_count,
        }
    }
}
