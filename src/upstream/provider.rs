//! A provider as the HTTP client sees it.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use http::HeaderMap;
use reqwest::Url;

use super::{failures::SYSTEM_AUTHORITIES, oauth::AccessTokens, slots::Slots, upload_cache::UploadCache};
use crate::providers::{
    adapter::{Adapter, TokenExchange},
    key_test::KeyTest,
    registry::KeyStyle,
};

/// A provider reached over HTTP.
pub struct HttpUpstream {
    /// Without a slash at the end.
    base_url: String,
    pub key_style: KeyStyle,
    /// Sent with every request.
    pub headers: HeaderMap,
    pub adapter: Arc<dyn Adapter>,
    pub(super) key_test: KeyTest,
    /// For tests of keys by a chat; otherwise the first one the provider lists.
    pub(super) test_model: Option<String>,
    /// The first address that was used. Most formats have only one, and parsing it costs more than a copy.
    parsed: OnceLock<(String, Url)>,
    /// Nothing for most providers: their calls skip all of it at the price of one branch.
    extras: Option<Box<Extras>>,
}

/// What only some providers need.
#[derive(Default)]
pub(super) struct Extras {
    http: Option<reqwest::Client>,
    authorities: Option<Arc<str>>,
    files_url: Option<Url>,
    pub(super) tokens: Option<AccessTokens>,
    pub(super) slots: Option<Slots>,
    pub(super) uploads: UploadCache,
}

impl HttpUpstream {
    pub fn new(base_url: String, key_style: KeyStyle, headers: HeaderMap, adapter: Arc<dyn Adapter>) -> Self {
        let extras = adapter.files().map(|_| Box::default());
        let (key_test, test_model) = Default::default();
        Self { base_url, key_style, headers, adapter, key_test, test_model, parsed: OnceLock::new(), extras }
    }

    /// Calls this provider with a client of its own. `authorities` says how to trust another authority.
    pub fn with_client(mut self, http: Option<reqwest::Client>, authorities: &str) -> Self {
        let extras = self.extras.get_or_insert_default();
        extras.http = http;
        extras.authorities = Some(authorities.into());
        self
    }

    /// Shows access tokens instead of keys; `http` is the client to get them with.
    pub fn with_tokens(mut self, exchange: Arc<dyn TokenExchange>, url: Url, http: reqwest::Client) -> Self {
        let authorities = self.authorities().into();
        let tokens = AccessTokens::new(exchange, url, http, authorities);
        self.extras.get_or_insert_default().tokens = Some(tokens);
        self
    }

    /// Tries keys out in this way, with this model where it takes one.
    pub fn with_key_test(mut self, test: KeyTest, model: Option<String>) -> Self {
        (self.key_test, self.test_model) = (test, model);
        self
    }

    /// Makes at most `limit` calls at once with one credential; others wait for at most `longest_wait`.
    pub fn with_limit(mut self, limit: usize, longest_wait: Duration) -> Self {
        self.extras.get_or_insert_default().slots = Some(Slots::new(limit, longest_wait));
        self
    }

    /// Sends files to this address instead of the adapter's path.
    pub fn with_files_url(mut self, url: Url) -> Self {
        self.extras.get_or_insert_default().files_url = Some(url);
        self
    }

    /// Returns the address of a path of this provider, or nothing when the two make no URL.
    pub fn url(&self, path: &str) -> Option<Url> {
        match self.parsed.get() {
            Some((known, url)) if known == path => Some(url.clone()),
            _ => {
                let url = self.address(path)?;
                let _ = self.parsed.set((path.to_owned(), url.clone()));
                Some(url)
            }
        }
    }

    /// The same without remembering it, for addresses that are rarely used.
    pub(super) fn address(&self, path: &str) -> Option<Url> {
        Url::parse(&format!("{}{path}", self.base_url)).ok()
    }

    pub(super) fn extras(&self) -> Option<&Extras> {
        self.extras.as_deref()
    }

    pub(super) fn http(&self) -> Option<&reqwest::Client> {
        self.extras()?.http.as_ref()
    }

    pub(super) fn files_url(&self) -> Option<&Url> {
        self.extras()?.files_url.as_ref()
    }

    /// Says how to trust the authority of this provider's certificates.
    pub(super) fn authorities(&self) -> &str {
        self.extras().and_then(|extras| extras.authorities.as_deref()).unwrap_or(SYSTEM_AUTHORITIES)
    }
}
