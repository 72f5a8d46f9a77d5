//! Files that are part of the binary or made once: how they are kept, and how they are answered to browsers that have them
//! already.

use std::{
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::Read as _,
};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, HeaderValue, StatusCode, header};

pub struct Asset {
    media: &'static str,
    bytes: Bytes,
    is_compressed: bool,
    etag: HeaderValue,
}

/// What pages may do: nothing that leaves this host. Both libraries write styles into their elements, and have small
/// pictures and letters of their own as `data:`.
const POLICY: &str = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src data:; object-src 'none'; \
                      base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

impl Asset {
    pub fn plain(media: &'static str, bytes: impl Into<Bytes>) -> Self {
        Self::new(media, bytes.into(), false)
    }

    /// A file that is kept as gzip has it.
    pub fn compressed(media: &'static str, bytes: impl Into<Bytes>) -> Self {
        Self::new(media, bytes.into(), true)
    }

    fn new(media: &'static str, bytes: Bytes, is_compressed: bool) -> Self {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        // Weak: the same name for the file with and without compression.
        let etag = format!("W/\"{:016x}\"", hasher.finish());
        let etag = HeaderValue::try_from(etag).unwrap_or(HeaderValue::from_static("W/\"0\""));
        Self { media, bytes, is_compressed, etag }
    }

    /// Answers a request with these headers.
    pub fn answer(&self, asked: &HeaderMap) -> Response {
        let mut response = Response::new(Body::empty());
        if self.is_known(asked) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        } else {
            let as_kept = !self.is_compressed || takes_gzip(asked);
            *response.body_mut() = Body::from(if as_kept { self.bytes.clone() } else { inflate(&self.bytes) });
            response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(self.media));
            if self.is_compressed && as_kept {
                response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            }
        }
        let headers = response.headers_mut();
        headers.insert(header::ETAG, self.etag.clone());
        // Kept, and asked for again: a new version of the gateway is seen at once.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
        response
    }

    /// Whether the caller has this version.
    fn is_known(&self, asked: &HeaderMap) -> bool {
        let opaque = |tag: &[u8]| tag.strip_prefix(b"W/").unwrap_or(tag).to_vec();
        let ours = opaque(self.etag.as_bytes());
        let lists = asked.get_all(header::IF_NONE_MATCH).iter();
        lists
            .flat_map(|list| list.as_bytes().split(|byte| *byte == b','))
            .map(<[u8]>::trim_ascii)
            .any(|tag| tag == b"*" || opaque(tag) == ours)
    }
}

/// Whether `accept-encoding` names gzip, and not to forbid it.
fn takes_gzip(asked: &HeaderMap) -> bool {
    let lists = asked.get_all(header::ACCEPT_ENCODING).iter().filter_map(|list| list.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|item| {
        let mut parts = item.split(';').map(str::trim);
        let is_gzip = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
        is_gzip && weight.is_none_or(|weight| weight > 0.0)
    })
}

/// Takes the compression off. Only our own files are read, so their size is known to be small.
fn inflate(bytes: &[u8]) -> Bytes {
    let mut out = Vec::new();
    // What is in the binary was compressed by gzip; a test reads all of it.
    let _ = GzDecoder::new(bytes).read_to_end(&mut out);
    out.into()
}

#[cfg(test)]
mod tests;
