//! What the contract has no field for and callers still ask for, kept as JSON text.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::{
    raw::{Raw, is_something},
    reply::Response,
    sources::Sources,
    usage::Usage,
};

/// Most bytes of one member; what is larger is left out.
const MAX_MEMBER: usize = 1 << 20;

/// Members by name.
#[derive(Debug, Default)]
pub struct Metadata {
    members: BTreeMap<&'static str, String>,
}

impl Metadata {
    /// Takes what a finished response says beside its output.
    pub fn take(&mut self, response: &Response<'_>, usage: &Usage<'_>) {
        let members = [
            ("effort", response.effort),
            ("preset", response.preset),
            ("images", response.images),
            ("related_questions", response.related_questions),
            ("num_sources_used", usage.num_sources_used),
            ("num_server_side_tools_used", usage.num_server_side_tools_used),
            ("server_side_tool_usage_details", usage.server_side_tool_usage_details),
            ("tool_calls_details", usage.tool_calls_details),
        ];
        for (name, raw) in members {
            self.keep(name, raw);
        }
    }

    /// Keeps a member that holds something; zero is something, too.
    pub fn keep(&mut self, name: &'static str, raw: Raw<'_>) {
        let Some(json) = raw.filter(|raw| is_something(Some(raw)) || raw.get() == "0").map(RawValue::get) else {
            return;
        };
        self.keep_text(name, json.to_owned());
    }

    /// Takes the sources of the answer.
    pub fn keep_sources(&mut self, sources: &Sources) {
        self.keep_text("search_results", sources.results_json());
        let addresses = sources.addresses();
        if !addresses.is_empty() {
            self.keep_text("citations", serde_json::to_string(&addresses).unwrap_or_default());
        }
    }

    /// Keeps the name of the model that did the work, when it is not the one first named.
    pub fn keep_model(&mut self, first: &str, last: &str) {
        if !last.is_empty() && first != last {
            self.keep_text("model", serde_json::to_string(last).unwrap_or_default());
        }
    }

    /// Returns a JSON object, or nothing when there is nothing to tell.
    pub fn to_json(&self) -> String {
        if self.members.is_empty() {
            return String::new();
        }
        let members: Vec<_> = self.members.iter().map(|(name, json)| format!("\"{name}\":{json}")).collect();
        format!("{{{}}}", members.join(","))
    }

    fn keep_text(&mut self, name: &'static str, json: String) {
        if !json.is_empty() && json.len() <= MAX_MEMBER {
            self.members.insert(name, json);
        }
    }
}
