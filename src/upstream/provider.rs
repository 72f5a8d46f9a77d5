//! A provider as the HTTP client sees it.

use std::sync::{Arc, OnceLock};

use http::HeaderMap;
use reqwest::Url;

use crate::providers::{adapter::Adapter, registry::KeyStyle};

/// A provider reached over HTTP.
pub struct HttpUpstream {
    /// Without a slash at the end.
    base_url: String,
    pub key_style: KeyStyle,
    /// Sent with every request.
    pub headers: HeaderMap,
    pub adapter: Arc<dyn Adapter>,
    /// The first address that was used. Most formats have only one, and parsing it costs more than a copy.
    parsed: OnceLock<(String, Url)>,
}

impl HttpUpstream {
    pub fn new(base_url: String, key_style: KeyStyle, headers: HeaderMap, adapter: Arc<dyn Adapter>) -> Self {
        Self { base_url, key_style, headers, adapter, parsed: OnceLock::new() }
    }

    /// Returns the address of a path of this provider, or nothing when the two make no URL.
    pub fn url(&self, path: &str) -> Option<Url> {
        match self.parsed.get() {
            Some((known, url)) if known == path => Some(url.clone()),
            _ => {
                let url = Url::parse(&format!("{}{path}", self.base_url)).ok()?;
                let _ = self.parsed.set((path.to_owned(), url.clone()));
                Some(url)
            }
        }
    }
}
