//! From `logprobsResult` to the contract's log probabilities. Few models give any.

use bytes::Bytes;
use serde::Deserialize;

use super::lenient::or_default;
use crate::domain::event::{TokenLogprob, TopLogprob};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Logprobs {
    #[serde(deserialize_with = "or_default")]
    chosen_candidates: Vec<Token>,
    #[serde(deserialize_with = "or_default")]
    top_candidates: Vec<Top>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Top {
    #[serde(deserialize_with = "or_default")]
    candidates: Vec<Token>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Token {
    #[serde(deserialize_with = "or_default")]
    token: String,
    #[serde(deserialize_with = "or_default")]
    log_probability: f64,
}

/// Returns one entry per token. What cannot be read costs the probabilities, not the answer.
pub fn logprobs(result: &str) -> Vec<TokenLogprob> {
    let Logprobs { chosen_candidates, top_candidates } = serde_json::from_str(result).unwrap_or_default();
    let mut top = top_candidates.into_iter();
    let mut tokens = Vec::with_capacity(chosen_candidates.len());
    for Token { token, log_probability } in chosen_candidates {
        let top = top.next().unwrap_or_default().candidates.into_iter().map(|alternative| TopLogprob {
            bytes: Some(Bytes::copy_from_slice(alternative.token.as_bytes())),
            token: alternative.token,
            logprob: alternative.log_probability,
        });
        let bytes = Some(Bytes::copy_from_slice(token.as_bytes()));
        tokens.push(TokenLogprob { bytes, token, logprob: log_probability, top: top.collect() });
    }
    tokens
}
