//! Reads how many tokens a request would be. The contract has no rpc for it yet.

use serde::Deserialize;

use super::{errors, lenient::count};
use crate::{domain::failure::UpstreamFailure, providers::adapter::Reply};

/// Reads a 2xx answer of `countTokens`.
pub fn decode_count(reply: Reply<'_>) -> Result<u64, UpstreamFailure> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Counted {
        #[serde(deserialize_with = "count")]
        total_tokens: Option<u64>,
    }
    let counted: Option<Counted> = serde_json::from_slice(reply.body).ok();
    counted.and_then(|counted| counted.total_tokens).ok_or_else(|| errors::no_answer(reply))
}
