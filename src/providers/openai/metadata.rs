//! Members of a reply that the contract has no field for and callers still ask for, kept as JSON text.

use serde_json::value::RawValue;

use super::reply::Reply;

/// The last value of each, but the first fingerprint.
#[derive(Debug, Default)]
pub struct Metadata {
    system_fingerprint: String,
    citations: String,
    search_results: String,
    images: String,
    videos: String,
    related_questions: String,
    output_files: String,
}

impl Metadata {
    pub fn take(&mut self, reply: &Reply<'_>) {
        if self.system_fingerprint.is_empty() {
            keep(&mut self.system_fingerprint, reply.system_fingerprint);
        }
        keep(&mut self.citations, reply.citations);
        keep(&mut self.search_results, reply.search_results);
        keep(&mut self.images, reply.images);
        keep(&mut self.videos, reply.videos);
        keep(&mut self.related_questions, reply.related_questions);
        keep(&mut self.output_files, reply.output_files);
    }

    /// Returns `citations` and `search_results`.
    pub fn sources(&self) -> (Option<&str>, Option<&str>) {
        let present = |raw: &'_ str| !raw.is_empty();
        (
            Some(self.citations.as_str()).filter(|raw| present(raw)),
            Some(self.search_results.as_str()).filter(|raw| present(raw)),
        )
    }

    /// Returns a JSON object, or nothing when there is nothing to tell.
    pub fn to_json(&self) -> String {
        let members = [
            ("system_fingerprint", &self.system_fingerprint),
            ("citations", &self.citations),
            ("search_results", &self.search_results),
            ("images", &self.images),
            ("videos", &self.videos),
            ("related_questions", &self.related_questions),
            ("output_files", &self.output_files),
        ];
        let mut json = String::new();
        for (name, value) in members.into_iter().filter(|(_, value)| !value.is_empty()) {
            json.push(if json.is_empty() { '{' } else { ',' });
            json.push('"');
            json.push_str(name);
            json.push_str("\":");
            json.push_str(value);
        }
        if !json.is_empty() {
            json.push('}');
        }
        json
    }
}

fn keep(kept: &mut String, raw: Option<&RawValue>) {
    let Some(raw) = raw.map(RawValue::get).filter(|raw| !matches!(*raw, "\"\"" | "[]")) else { return };
    if kept != raw {
        kept.clear();
        kept.push_str(raw);
    }
}
