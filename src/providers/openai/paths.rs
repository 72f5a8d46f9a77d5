//! Where requests go, below the base URL.

use std::fmt::Write as _;

use super::{dialect::Dialect, switches::PathStyle};

pub const CHAT: &str = "/chat/completions";
pub const EMBEDDINGS: &str = "/embeddings";

/// Returns the path and query of an operation for `model`.
pub fn path(dialect: &Dialect, model: &str, operation: &str) -> String {
    let mut path = match dialect.path {
        PathStyle::Openai => operation.to_owned(),
        PathStyle::AzureDeployment => format!("/openai/deployments/{}{operation}", segment(model)),
        PathStyle::Bare => String::new(),
    };
    if !dialect.api_version.is_empty() {
        path += "?api-version=";
        path += &segment(&dialect.api_version);
    }
    path
}

/// Percent-encodes what cannot stand in one segment of a path.
fn segment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}
