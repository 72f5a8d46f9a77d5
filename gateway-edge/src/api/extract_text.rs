//! Reading the text of a picture: what is asked beside the file, and the answer with how it came about.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{error::Failure, pb};

use super::{
    outcome::{Attempt, Cost, Usage, Warning},
    query::unknown,
    schemas,
    words::{self, word},
};

/// Fields of the form beside `file`.
const OPTIONS: [&str; 2] = ["prompt", "model"];

/// What stands in the form beside the bytes of the file.
#[derive(Default)]
pub struct Extraction {
    pub filename: Option<String>,
    pub content_type: Option<String>,
    /// Empty is as if it was not there: browsers send every field of a form.
    prompt: Option<String>,
    model: Option<String>,
    strict: bool,
}

impl Extraction {
    pub fn new(strict: bool) -> Self {
        Self { strict, ..Self::default() }
    }

    /// Finds the place of a field of the form, which can be filled once.
    pub fn place(&mut self, name: &str) -> Result<&mut Option<String>, Failure> {
        let place = match name {
            "prompt" => &mut self.prompt,
            "model" => &mut self.model,
            _ => return Err(unknown("form field", name, &format!("file, {}", OPTIONS.join(", ")))),
        };
        if place.is_none() { Ok(place) } else { Err(twice(name)) }
    }

    /// Whether nothing about the picture can come after it.
    pub fn is_settled(&self) -> bool {
        self.prompt.is_some() && self.model.is_some()
    }

    /// Returns what the service has to know first.
    pub fn header(&self, options: Option<pb::ExtractionOptions>) -> pb::ExtractionUploadHeader {
        pb::ExtractionUploadHeader {
            mime_type: text(&self.content_type),
            size_bytes: None,
            filename: text(&self.filename),
            options,
        }
    }

    /// Returns what is to be done with the picture.
    pub fn options(&self) -> pb::ExtractionOptions {
        let model = text(&self.model).trim().to_owned();
        pb::ExtractionOptions { model, prompt: text(&self.prompt), strict: self.strict, ..Default::default() }
    }
}

fn text(member: &Option<String>) -> String {
    member.clone().unwrap_or_default()
}

/// Refuses what may be there once.
pub fn twice(name: &str) -> Failure {
    Failure::invalid(name, format!("'{name}' is given twice; give it once."))
}

/// Tells a field of the upload in the names of the form: what is not an option is about the file.
pub fn retell(field: String) -> String {
    match field.strip_prefix("header.options.") {
        Some(option) => option.to_owned(),
        None if field.starts_with("header") || field.starts_with("chunk") => "file".to_owned(),
        None => field,
    }
}

/// The answer.
#[derive(Serialize, JsonSchema)]
pub struct ExtractedText<'a> {
    filename: Option<&'a str>,
    content_type: Option<&'a str>,
    extracted_text: &'a str,
    model_used: &'a str,
    id: &'a str,
    provider: &'a str,
    #[schemars(schema_with = "schemas::finish_reason")]
    finish_reason: Option<&'static str>,
    usage: Option<Usage>,
    cost: Option<Cost>,
    attempts: Vec<Attempt<'a>>,
    warnings: Vec<Warning<'a>>,
}

impl<'a> ExtractedText<'a> {
    pub fn of(asked: &'a Extraction, found: &'a pb::TextExtraction) -> Self {
        Self {
            filename: asked.filename.as_deref(),
            content_type: asked.content_type.as_deref(),
            extracted_text: &found.text,
            model_used: &found.model,
            id: &found.id,
            provider: &found.provider,
            finish_reason: word(found.finish_reason, words::FINISH_REASONS),
            usage: found.usage.as_ref().map(Usage::of),
            cost: found.cost.as_ref().map(Cost::of),
            attempts: Attempt::all(&found.attempts),
            warnings: Warning::all(&found.warnings, |field| Some(retell(field.to_owned()))),
        }
    }
}
