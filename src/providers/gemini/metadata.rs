//! What the contract has no field for: members of the answer that go to the caller as JSON, at the end.

use serde::Serialize;
use serde_json::value::RawValue;

use super::chunk::Candidate;

/// Most bytes that are kept of an answer for its end. A picture is some megabytes.
const MAX_BYTES: usize = 32 << 20;

/// What is kept of one candidate. Of a member that comes again, the last one counts.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata {
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finish_message: Option<String>,
    /// Whole, because Google's terms ask to show its search suggestions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grounding_metadata: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url_context_metadata: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    citation_metadata: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    safety_ratings: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    avg_logprobs: Option<Box<RawValue>>,
    /// Pictures the model made, in the form of a request's image parts.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    images: Vec<ImagePart>,
    /// Other files the model made: `{"mimeType", "fileUri"}` or `{"mimeType", "data"}`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    files: Vec<Box<RawValue>>,
    #[serde(skip)]
    bytes: usize,
}

/// `{"type": "image_url", "image_url": {"url": "data:…"}}`.
#[derive(Debug, Serialize)]
pub struct ImagePart {
    #[serde(rename = "type")]
    kind: &'static str,
    image_url: ImageUrl,
    /// A draft on the way to the answer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    thought: bool,
}

#[derive(Debug, Serialize)]
struct ImageUrl {
    url: String,
}

/// What is told of an answer: the first candidate's members, the others' by number.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Told<'a> {
    #[serde(flatten)]
    first: Option<&'a Metadata>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prompt_feedback: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    model_status: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_candidates: Vec<Numbered<'a>>,
}

#[derive(Serialize)]
struct Numbered<'a> {
    index: usize,
    #[serde(flatten)]
    metadata: &'a Metadata,
}

impl Metadata {
    /// Takes what a chunk brings, and returns false when there is too much to keep.
    pub fn take(&mut self, candidate: &Candidate<'_>) -> bool {
        if let Some(token) = &candidate.continuation_token {
            self.continuation_token = Some(token.0.clone().into_owned());
        }
        if let Some(message) = &candidate.finish_message {
            self.finish_message = Some(message.0.clone().into_owned());
        }
        let members = [
            (candidate.grounding_metadata, &mut self.grounding_metadata),
            (candidate.url_context_metadata, &mut self.url_context_metadata),
            (candidate.citation_metadata, &mut self.citation_metadata),
            (candidate.safety_ratings, &mut self.safety_ratings),
            (candidate.avg_logprobs, &mut self.avg_logprobs),
        ];
        for (given, kept) in members {
            let Some(given) = given else { continue };
            if !fits(&mut self.bytes, given.get().len()) {
                return false;
            }
            *kept = compact(given.get());
        }
        true
    }

    /// Keeps a picture, and returns false when there is too much to keep.
    pub fn take_image(&mut self, mime_type: &str, base64: &str, thought: bool) -> bool {
        let fits = fits(&mut self.bytes, base64.len());
        if fits {
            let image_url = ImageUrl { url: format!("data:{mime_type};base64,{base64}") };
            self.images.push(ImagePart { kind: "image_url", image_url, thought });
        }
        fits
    }

    /// Keeps a file or its address, and returns false when there is too much to keep.
    pub fn take_file(&mut self, file: &RawValue) -> bool {
        let fits = fits(&mut self.bytes, file.get().len());
        if fits {
            self.files.extend(compact(file.get()));
        }
        fits
    }

    fn is_empty(&self) -> bool {
        serde_json::to_string(self).is_ok_and(|json| json == "{}")
    }
}

/// Counts what is kept, and tells whether there is room for it.
fn fits(bytes: &mut usize, more: usize) -> bool {
    *bytes = bytes.saturating_add(more);
    *bytes <= MAX_BYTES
}

/// What the service says of an answer as a whole.
#[derive(Debug, Default)]
pub struct Whole {
    /// Why it refused the prompt.
    pub prompt_feedback: Option<Box<RawValue>>,
    /// That the model is about to be retired, for example.
    pub model_status: Option<Box<RawValue>>,
}

/// Returns the JSON object for the caller; empty when there is nothing to tell.
pub fn told<'a>(candidates: impl Iterator<Item = &'a Metadata>, whole: &Whole) -> String {
    let mut candidates = candidates.enumerate();
    let first = candidates.next().map(|(_, metadata)| metadata);
    let others = candidates.filter(|(_, metadata)| !metadata.is_empty());
    let told = Told {
        first,
        prompt_feedback: whole.prompt_feedback.as_deref(),
        model_status: whole.model_status.as_deref(),
        other_candidates: others.map(|(index, metadata)| Numbered { index, metadata }).collect(),
    };
    let told = serde_json::to_string(&told).unwrap_or_default();
    if told == "{}" { String::new() } else { told }
}

/// Returns the JSON without the white space between its tokens; everything else stays as it came.
pub fn compact(json: &str) -> Option<Box<RawValue>> {
    RawValue::from_string(compact_text(json)).ok()
}

/// The same as text.
pub fn compact_text(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let keep = |c: &char| {
        if in_string {
            in_string = *c != '"' || escaped;
            escaped = *c == '\\' && !escaped;
            return true;
        }
        in_string = *c == '"';
        !c.is_ascii_whitespace()
    };
    json.chars().filter(keep).collect()
}
