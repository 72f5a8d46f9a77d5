//! What an operator sets for every request to this provider.

use serde::Deserialize;

use super::{family::Family, wire::SafetySetting};

/// The four categories that can be set for every model.
const CATEGORIES: [&str; 4] = [
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
];

/// Settings of the operator. The default sends nothing and leaves every decision to the table of families.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GeminiDefaults {
    /// Sent with every request, except in the categories a caller sets for himself.
    pub safety_settings: Vec<SafetySetting>,
    /// Pass on the wish for log probabilities. The public service refuses it for every current model.
    pub allow_logprobs: bool,
    /// Let the gateway fetch all media from the web instead of the service.
    pub inline_media: bool,
    /// Send schemas as the older subset of OpenAPI to every model.
    pub openapi_schemas: bool,
}

impl GeminiDefaults {
    /// Returns settings with the same threshold, such as `BLOCK_NONE`, for the four categories of harm.
    pub fn with_threshold(threshold: &str) -> Self {
        let setting = |category: &str| SafetySetting { category: category.into(), threshold: threshold.into() };
        Self { safety_settings: CATEGORIES.map(setting).into(), ..Self::default() }
    }

    /// Returns the rules of a family as the operator wants them.
    pub fn adjust(&self, family: Family) -> Family {
        Family {
            logprobs: family.logprobs || self.allow_logprobs,
            fetches_urls: family.fetches_urls && !self.inline_media,
            json_schema: family.json_schema && !self.openapi_schemas,
            ..family
        }
    }

    /// Returns the safety settings of a request whose caller set these, each category once.
    pub fn safety_settings(&self, callers: Vec<SafetySetting>) -> Vec<SafetySetting> {
        let mut settings: Vec<SafetySetting> = Vec::new();
        for setting in self.safety_settings.iter().cloned().chain(callers) {
            match settings.iter_mut().find(|known| known.category == setting.category) {
                Some(known) => *known = setting,
                None => settings.push(setting),
            }
        }
        settings
    }
}
