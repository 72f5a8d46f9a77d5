//! A provider as the HTTP client sees it.

use std::sync::Arc;

use http::HeaderMap;

use crate::providers::{adapter::Adapter, registry::KeyStyle};

/// A provider reached over HTTP.
pub struct HttpUpstream {
    /// Without a slash at the end.
    pub base_url: String,
    pub key_style: KeyStyle,
    /// Sent with every request.
    pub headers: HeaderMap,
    pub adapter: Arc<dyn Adapter>,
}
