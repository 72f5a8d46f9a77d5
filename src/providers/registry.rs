//! The providers the gateway knows by itself, one row each. A provider name is matched nowhere else: what differs
//! between providers is data here or code inside its adapter.

use std::sync::Arc;

use http::HeaderName;

use super::{
    adapter::{Adapter, TokenExchange},
    anthropic::AnthropicAdapter,
    gemini::{GeminiAdapter, GeminiDefaults},
    gigachat::{self, GigaChatAdapter, GigaChatTokens},
    key_test::KeyTest,
    two_formats::{PerplexityApi, TwoFormats, XaiApi},
};
use crate::domain::key::KeyParameter;

/// How a provider wants to see its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyStyle {
    Bearer,
    Header(HeaderName),
    /// No key at all.
    None,
}

/// What operators choose about adapters.
#[derive(Clone, Copy, Debug, Default)]
pub struct Choices {
    /// How xAI is asked.
    pub xai_api: XaiApi,
    /// How Perplexity is asked.
    pub perplexity_api: PerplexityApi,
    /// From which probability of harm on Gemini withholds answers, in Google's words.
    pub gemini_safety_threshold: Option<&'static str>,
}

/// Where a provider's answers come from.
#[derive(Clone, Copy)]
pub enum Wire {
    /// Over HTTP in the format of this adapter.
    Http(fn(&Choices) -> Arc<dyn Adapter>),
    /// From the built-in sandbox.
    Sandbox,
}

/// Makes the exchange of keys for access tokens that are good for a scope.
pub type Tokens = fn(scope: &str) -> Arc<dyn TokenExchange>;

/// A provider known by itself.
pub struct BuiltIn {
    pub name: &'static str,
    /// Model prefix, without the slash.
    pub prefix: &'static str,
    /// Parts of bare model names that mean this provider.
    pub name_hints: &'static [&'static str],
    pub base_url: &'static str,
    /// End of a configured base URL that the adapter's paths bring themselves.
    pub base_suffix: &'static str,
    pub key_style: KeyStyle,
    /// For providers that want to see access tokens in place of keys.
    pub tokens: Option<Tokens>,
    /// In PEM, authorities of its hosts that no public store has; no other host is trusted by them.
    pub authorities: Option<&'static [u8]>,
    /// Request header in which a caller may send a key.
    pub key_header: &'static str,
    /// Environment variable of the fallback key.
    pub key_variable: &'static str,
    /// Other variables that usually hold such a key. Imports know them; the gateway itself does not read them.
    pub key_aliases: &'static [&'static str],
    /// What a key needs beside its secret.
    pub key_parameters: &'static [KeyParameter],
    /// Where keys are made, for messages.
    pub key_console: &'static str,
    /// How a key is tried out.
    pub key_test: KeyTest,
    pub wire: Wire,
}

pub static BUILT_IN: [BuiltIn; 6] = [
    BuiltIn {
        name: "google",
        prefix: "google",
        name_hints: &["gemini"],
        base_url: "https://generativelanguage.googleapis.com",
        base_suffix: "/v1beta",
        key_style: KeyStyle::Header(HeaderName::from_static("x-goog-api-key")),
        tokens: None,
        authorities: None,
        key_header: "x-google-api-key",
        key_variable: "GOOGLE_AI_STUDIO_API_KEY",
        key_aliases: &["GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_GENERATIVE_AI_API_KEY"],
        key_parameters: &[],
        key_console: "https://aistudio.google.com/apikey",
        key_test: KeyTest::Models,
        wire: Wire::Http(|choices| {
            let defaults = choices.gemini_safety_threshold.map(GeminiDefaults::with_threshold);
            Arc::new(GeminiAdapter::new(defaults.unwrap_or_default()))
        }),
    },
    BuiltIn {
        name: "xai",
        prefix: "x-ai",
        name_hints: &["grok"],
        base_url: "https://api.x.ai/v1",
        base_suffix: "",
        key_style: KeyStyle::Bearer,
        tokens: None,
        authorities: None,
        key_header: "x-xai-api-key",
        key_variable: "XAI_API_KEY",
        key_aliases: &["GROK_API_KEY"],
        key_parameters: &[],
        key_console: "https://console.x.ai",
        key_test: KeyTest::Models,
        wire: Wire::Http(|choices| Arc::new(TwoFormats::xai(choices.xai_api))),
    },
    BuiltIn {
        name: "gigachat",
        prefix: "sber",
        name_hints: &["gigachat"],
        base_url: "https://gigachat.devices.sberbank.ru/api/v1",
        base_suffix: "/chat/completions",
        key_style: KeyStyle::Bearer,
        tokens: Some(|scope| Arc::new(GigaChatTokens::new(scope))),
        authorities: Some(gigachat::AUTHORITIES),
        key_header: "x-gigachat-api-key",
        key_variable: "GIGACHAT_AUTH_KEY",
        key_aliases: &["GIGACHAT_CREDENTIALS", "GIGACHAT_API_KEY", "GIGACHAT_AUTHORIZATION_KEY"],
        key_parameters: gigachat::KEY_PARAMETERS,
        key_console: "https://developers.sber.ru/studio",
        // Behind a new access token: the key itself is shown only there.
        key_test: KeyTest::Models,
        wire: Wire::Http(|_| Arc::new(GigaChatAdapter::default())),
    },
    BuiltIn {
        name: "perplexity",
        prefix: "perplexity",
        name_hints: &["sonar", "r1-1776"],
        base_url: "https://api.perplexity.ai",
        base_suffix: "",
        key_style: KeyStyle::Bearer,
        tokens: None,
        authorities: None,
        key_header: "x-perplexity-api-key",
        key_variable: "PERPLEXITY_API_KEY",
        key_aliases: &["PPLX_API_KEY", "SONAR_API_KEY"],
        key_parameters: &[],
        key_console: "https://www.perplexity.ai/settings/api",
        // Everybody may read the list.
        key_test: KeyTest::Chat(r#"{"disable_search":true}"#),
        wire: Wire::Http(|choices| Arc::new(TwoFormats::perplexity(choices.perplexity_api))),
    },
    BuiltIn {
        name: "anthropic",
        prefix: "anthropic",
        name_hints: &["claude"],
        base_url: "https://api.anthropic.com",
        base_suffix: "/v1",
        key_style: KeyStyle::Header(HeaderName::from_static("x-api-key")),
        tokens: None,
        authorities: None,
        key_header: "x-anthropic-api-key",
        key_variable: "ANTHROPIC_API_KEY",
        key_aliases: &["CLAUDE_API_KEY"],
        key_parameters: &[],
        key_console: "https://console.anthropic.com/settings/keys",
        key_test: KeyTest::Models,
        wire: Wire::Http(|_| Arc::new(AnthropicAdapter)),
    },
    BuiltIn {
        name: "sandbox",
        prefix: "sandbox",
        name_hints: &[],
        base_url: "",
        base_suffix: "",
        key_style: KeyStyle::None,
        tokens: None,
        authorities: None,
        key_header: "",
        key_variable: "",
        key_aliases: &[],
        key_parameters: &[],
        key_console: "",
        key_test: KeyTest::Models,
        wire: Wire::Sandbox,
    },
];

/// The model of a request that names none when there is no provider key at all.
pub const SANDBOX_MODEL: &str = "sandbox/echo";
/// The same for pictures.
pub const SANDBOX_VISION_MODEL: &str = "sandbox/vision";

/// Request header with a key for whichever configured provider the model belongs to.
pub const CONFIGURED_KEY_HEADER: &str = "x-provider-api-key";

/// OpenTelemetry's names of providers, built in or vendors, where they are others than ours.
pub const OTEL_NAMES: &[(&str, &str)] =
    &[("google", "gcp.gemini"), ("xai", "x_ai"), ("mistral", "mistral_ai"), ("azure", "azure.ai.openai")];
