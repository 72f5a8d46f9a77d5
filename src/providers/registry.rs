//! The providers the gateway knows by itself, one row each. A provider name is matched nowhere else: what differs
//! between providers is data here or code inside its adapter.

use std::sync::Arc;

use http::HeaderName;

use super::{
    adapter::Adapter,
    gemini::GeminiAdapter,
    two_formats::{PerplexityApi, TwoFormats, XaiApi},
};

/// How a provider wants to see its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyStyle {
    Bearer,
    Header(HeaderName),
    /// No key at all.
    None,
}

/// Where a provider's answers come from.
#[derive(Clone, Copy)]
pub enum Wire {
    /// Over HTTP in the format of this adapter.
    Http(fn() -> Arc<dyn Adapter>),
    /// From the built-in sandbox.
    Sandbox,
    /// Known by name, not yet spoken.
    Later,
}

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
    /// Request header in which a caller may send a key.
    pub key_header: &'static str,
    /// Environment variable of the fallback key.
    pub key_variable: &'static str,
    pub wire: Wire,
}

pub static BUILT_IN: [BuiltIn; 5] = [
    BuiltIn {
        name: "google",
        prefix: "google",
        name_hints: &["gemini"],
        base_url: "https://generativelanguage.googleapis.com",
        base_suffix: "/v1beta",
        key_style: KeyStyle::Header(HeaderName::from_static("x-goog-api-key")),
        key_header: "x-google-api-key",
        key_variable: "GOOGLE_AI_STUDIO_API_KEY",
        wire: Wire::Http(|| Arc::new(GeminiAdapter)),
    },
    BuiltIn {
        name: "xai",
        prefix: "x-ai",
        name_hints: &["grok"],
        base_url: "https://api.x.ai/v1",
        base_suffix: "",
        key_style: KeyStyle::Bearer,
        key_header: "x-xai-api-key",
        key_variable: "XAI_API_KEY",
        wire: Wire::Http(|| Arc::new(TwoFormats::xai(XaiApi::default()))),
    },
    BuiltIn {
        name: "gigachat",
        prefix: "sber",
        name_hints: &["gigachat"],
        base_url: "https://gigachat.devices.sberbank.ru/api/v1",
        base_suffix: "",
        key_style: KeyStyle::Bearer,
        key_header: "x-gigachat-api-key",
        key_variable: "GIGACHAT_AUTH_KEY",
        wire: Wire::Later,
    },
    BuiltIn {
        name: "perplexity",
        prefix: "perplexity",
        name_hints: &["sonar", "r1-1776"],
        base_url: "https://api.perplexity.ai",
        base_suffix: "",
        key_style: KeyStyle::Bearer,
        key_header: "x-perplexity-api-key",
        key_variable: "PERPLEXITY_API_KEY",
        wire: Wire::Http(|| Arc::new(TwoFormats::perplexity(PerplexityApi::default()))),
    },
    BuiltIn {
        name: "sandbox",
        prefix: "sandbox",
        name_hints: &[],
        base_url: "",
        base_suffix: "",
        key_style: KeyStyle::None,
        key_header: "",
        key_variable: "",
        wire: Wire::Sandbox,
    },
];

/// The model of a request that names none when there is no provider key at all.
pub const SANDBOX_MODEL: &str = "sandbox/echo";

/// Request header with a key for whichever configured provider the model belongs to.
pub const CONFIGURED_KEY_HEADER: &str = "x-provider-api-key";
