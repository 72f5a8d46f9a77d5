//! Reads log probabilities. They are passed on when they are well-formed and left out otherwise.

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::event::{TokenLogprob, TopLogprob};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Logprobs {
    content: Option<Vec<Token>>,
    refusal: Option<Vec<Token>>,
}

#[derive(Debug, Deserialize)]
struct Token {
    token: String,
    logprob: f64,
    #[serde(default)]
    bytes: Option<Vec<u8>>,
    #[serde(default)]
    top_logprobs: Option<Vec<Token>>,
}

/// Returns those of the text and those of the refusal.
pub fn read(raw: &RawValue) -> (Vec<TokenLogprob>, Vec<TokenLogprob>) {
    let wire: Logprobs = serde_json::from_str(raw.get()).unwrap_or_default();
    (tokens(wire.content), tokens(wire.refusal))
}

fn tokens(wire: Option<Vec<Token>>) -> Vec<TokenLogprob> {
    let tokens = wire.unwrap_or_default().into_iter();
    tokens
        .map(|token| TokenLogprob {
            token: token.token,
            logprob: token.logprob,
            bytes: token.bytes.map(Bytes::from),
            top: token.top_logprobs.unwrap_or_default().into_iter().map(top).collect(),
        })
        .collect()
}

fn top(token: Token) -> TopLogprob {
    TopLogprob { token: token.token, logprob: token.logprob, bytes: token.bytes.map(Bytes::from) }
}
