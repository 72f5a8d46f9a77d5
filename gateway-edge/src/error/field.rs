//! Field paths of the contract, told back in the names of the interface that was asked.

/// What an interface calls the fields that chat completions call otherwise. Only the head of a path is translated when
/// the rest means something else there.
#[derive(Clone, Copy, Debug)]
pub struct Names(&'static [(&'static str, &'static str)]);

pub const CHAT: Names = Names(&[]);

/// Items are not messages, so their numbers would mislead.
pub const RESPONSES: Names = Names(&[
    ("messages", "input"),
    ("max_completion_tokens", "max_output_tokens"),
    ("max_tokens", "max_output_tokens"),
    ("reasoning_effort", "reasoning.effort"),
    ("response_format", "text.format"),
    ("verbosity", "text.verbosity"),
    ("web_search_options", "tools"),
]);

pub const COMPLETIONS: Names = Names(&[("messages", "prompt"), ("max_completion_tokens", "max_tokens")]);

pub const EMBEDDINGS: Names = Names(&[("inputs", "input")]);

/// Keys, activity and usage below `/api/v1`.
pub const API: Names = Names(&[
    ("secret", "api_key"),
    ("active", "is_active"),
    ("selected", "is_selected"),
    ("expire_time", "expires_at"),
    ("states", "state"),
    ("actions", "action"),
    ("page_size", "limit"),
    ("start_time", "from_date"),
    ("end_time", "to_date"),
    ("default_provider", "provider"),
    ("model_id", "model"),
]);

impl Names {
    /// Translates a path of the contract.
    pub fn tell(self, path: &str) -> Option<String> {
        to_openai(path).map(|path| self.rename(path))
    }

    /// Translates a path that is in the names of chat completions already.
    pub fn rename(self, path: String) -> String {
        let head = path.split(['.', '[']).next().unwrap_or_default();
        self.0.iter().find(|(chat, _)| *chat == head).map_or_else(|| path.clone(), |(_, here)| (*here).to_owned())
    }
}

/// Writes `name` for `path` where a message begins with it, as the service's do, or has it in quotes, as our own do.
pub fn retold(message: String, path: &str, name: &str) -> String {
    if path.is_empty() || path == name {
        return message;
    }
    match message.strip_prefix(path).filter(|rest| rest.starts_with([' ', ':'])) {
        Some(rest) => format!("{name}{rest}"),
        None => message.replacen(&format!("'{path}'"), &format!("'{name}'"), 1),
    }
}

/// Leading paths of a prompt that OpenAI names differently; the longest match comes first.
const PATHS: &[(&str, &str)] = &[
    ("max_output_tokens", "max_completion_tokens"),
    ("choice_count", "n"),
    ("end_user_id", "user"),
    ("reasoning", "reasoning_effort"),
    ("web_search.context_size", "web_search_options.search_context_size"),
    ("web_search", "web_search_options"),
    ("predicted_output", "prediction"),
    ("tool_choice", "tool_choice"),
];

/// Messages of the contract whose fields stand at the top in JSON.
const WRAPPERS: [&str; 4] = ["prompt.", "provider_key.", "gateway_key.", "filter."];

/// Translates a path such as `prompt.messages[2].parts[0].image` to `messages[2].content[0].image_url`.
///
/// Returns None when OpenAI's request has no such field.
pub fn to_openai(path: &str) -> Option<String> {
    let path = WRAPPERS.iter().find_map(|wrapper| path.strip_prefix(wrapper)).unwrap_or(path);
    if path.is_empty() || path == "prompt" {
        return None;
    }
    if let Some(member) = path.strip_prefix("provider_options") {
        return member.strip_prefix('.').map(str::to_owned);
    }
    for (ours, theirs) in PATHS {
        let rest = path.strip_prefix(ours).filter(|rest| rest.is_empty() || rest.starts_with(['.', '[']));
        if let Some(rest) = rest {
            // OpenAI has no inner fields where ours is a message of its own.
            let keep = if rest.starts_with('[') { rest } else { "" };
            return Some(format!("{theirs}{keep}"));
        }
    }
    let mut out = String::with_capacity(path.len() + 8);
    let mut in_content = false;
    for segment in path.split('.') {
        let (name, index) = segment.split_at(segment.find('[').unwrap_or(segment.len()));
        let (name, stop) = match name {
            "parts" => ("content", false),
            "parameters_schema" => ("parameters", false),
            "image" if in_content => ("image_url", true),
            "audio" if in_content => ("input_audio", true),
            "tool_result" | "source" if in_content => break,
            other => (other, false),
        };
        in_content |= name == "content";
        if !out.is_empty() {
            out.push('.');
        }
        out.push_str(name);
        out.push_str(index);
        if stop {
            break;
        }
    }
    Some(out)
}
