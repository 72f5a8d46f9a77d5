//! The settings as the program uses them: typed, checked, grouped. `Debug` prints no secret.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use secrecy::SecretString;

use crate::providers::two_formats::{PerplexityApi, XaiApi};

use super::providers::ProviderEntry;

#[derive(Clone, Debug)]
pub struct Settings {
    pub listen: Listen,
    pub auth: Auth,
    pub data_dir: PathBuf,
    /// `sqlite://…` or `postgres://…`; may hold a password.
    pub database_url: SecretString,
    pub database_max_connections: u32,
    pub retention: Retention,
    pub bootstrap_key: Option<SecretString>,
    pub master_key: MasterKey,
    /// What a rotation shall put in its place.
    pub new_master_key: Option<MasterKey>,
    pub log: Log,
    pub limits: Limits,
    pub timeouts: Timeouts,
    pub upstreams: Upstreams,
    /// Configured in the YAML file, in its order.
    pub providers: Vec<ProviderEntry>,
    pub default_models: DefaultModels,
    /// Rows for the catalog; read when the gateway starts.
    pub catalog_file: Option<PathBuf>,
}

#[derive(Clone, Debug)]
pub struct Listen {
    pub grpc_addr: SocketAddr,
    pub edge_addr: SocketAddr,
    /// A port of its own for metrics.
    pub metrics_addr: Option<SocketAddr>,
    /// `*` or origins; empty when only the gateway's own pages may call from a browser.
    pub cors_origins: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    Required,
    Off,
}

/// For how many days rows are kept; 0 is for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    pub activity_days: u32,
    /// Of single records; sums are kept for ever.
    pub usage_days: u32,
}

/// Where the key that wraps the data keys comes from.
#[derive(Clone, Debug)]
pub enum MasterKey {
    /// 32 bytes in url-safe base64; checked.
    Value(SecretString),
    File(PathBuf),
    /// Generated here when the file does not exist.
    Generated(PathBuf),
}

#[derive(Clone, Debug)]
pub struct Log {
    pub filter: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogFormat {
    Auto,
    Pretty,
    Json,
}

#[derive(Clone, Debug)]
pub struct Limits {
    pub max_message_bytes: usize,
    pub max_in_flight: usize,
    pub max_attempts: u32,
    pub max_image_bytes: usize,
    pub upstream_max_event_bytes: usize,
}

#[derive(Clone, Debug)]
pub struct Timeouts {
    pub request: Duration,
    pub upstream_connect: Duration,
    /// Until the first byte of the answer.
    pub upstream_initial: Duration,
    /// Between two reads.
    pub upstream_idle: Duration,
    /// Between two messages of an upload.
    pub upload_idle: Duration,
    /// `None` sends no heartbeats.
    pub sse_heartbeat: Option<Duration>,
    pub drain: Duration,
}

/// The built-in providers.
#[derive(Clone, Debug)]
pub struct Upstreams {
    pub google: Upstream,
    pub xai: Upstream,
    pub perplexity: Upstream,
    pub anthropic: Upstream,
    pub gigachat: Upstream,
    pub xai_api: XaiApi,
    pub perplexity_api: PerplexityApi,
    /// Google's own word for it; `None` leaves the decision to Google.
    pub gemini_safety_threshold: Option<&'static str>,
    /// Whether plain http may leave this machine.
    pub allow_insecure: bool,
    /// Where the gateway fetches media: names, `*.names` or `*`; empty when it does not.
    pub media_hosts: Vec<String>,
}

#[derive(Clone, Debug, Default)]
pub struct Upstream {
    /// Without a slash at the end.
    pub base_url: String,
    /// Used when the caller has no key.
    pub api_key: Option<SecretString>,
    pub tokens: Option<Tokens>,
    /// Where files go, when that is not below the base URL.
    pub files_url: Option<String>,
    pub tls: Option<Tls>,
    /// Requests under way at once with one key, where the provider counts them.
    pub max_concurrent: Option<usize>,
}

/// Where a provider gives access tokens for its keys.
#[derive(Clone, Debug)]
pub struct Tokens {
    pub url: String,
    /// What the tokens shall be good for, in the provider's words.
    pub scope: String,
}

/// How the hosts of one provider are trusted, and what the gateway shows them.
#[derive(Clone, Debug)]
pub struct Tls {
    pub ca_file: Option<PathBuf>,
    pub cert_file: Option<PathBuf>,
    pub key_file: Option<PathBuf>,
    /// What to do about an authority that is not trusted.
    pub advice: &'static str,
}

impl Upstream {
    /// Returns the files it needs.
    pub fn files(&self) -> impl Iterator<Item = &PathBuf> {
        let files = self.tls.iter().flat_map(|tls| [&tls.ca_file, &tls.cert_file, &tls.key_file]);
        files.flatten()
    }
}

impl Upstreams {
    /// Returns the settings of a built-in provider.
    pub fn get(&self, provider: &str) -> Option<&Upstream> {
        match provider {
            "google" => Some(&self.google),
            "xai" => Some(&self.xai),
            "perplexity" => Some(&self.perplexity),
            "anthropic" => Some(&self.anthropic),
            "gigachat" => Some(&self.gigachat),
            _ => None,
        }
    }
}

/// Used when a request names no model.
#[derive(Clone, Debug)]
pub struct DefaultModels {
    pub gemini_chat: String,
    pub gemini_vision: String,
    pub grok_chat: String,
    pub grok_vision: String,
    pub gigachat: String,
    pub gigachat_vision: String,
    pub sonar: String,
    pub sonar_vision: String,
}

impl DefaultModels {
    /// Returns the default chat model of a built-in provider.
    pub fn chat(&self, provider: &str) -> Option<&str> {
        match provider {
            "google" => Some(&self.gemini_chat),
            "xai" => Some(&self.grok_chat),
            "gigachat" => Some(&self.gigachat),
            "perplexity" => Some(&self.sonar),
            _ => None,
        }
    }

    /// Returns the default model of a built-in provider for pictures.
    pub fn vision(&self, provider: &str) -> Option<&str> {
        match provider {
            "google" => Some(&self.gemini_vision),
            "xai" => Some(&self.grok_vision),
            "gigachat" => Some(&self.gigachat_vision),
            "perplexity" => Some(&self.sonar_vision),
            _ => None,
        }
    }
}
