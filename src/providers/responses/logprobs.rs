//! Reads how likely the model found its tokens.

use bytes::Bytes;
use serde::Deserialize;

use super::raw::{Raw, list, number, object, text};
use crate::domain::event::{TokenLogprob, TopLogprob};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Token<'a> {
    #[serde(borrow)]
    token: Raw<'a>,
    #[serde(borrow)]
    logprob: Raw<'a>,
    #[serde(borrow)]
    bytes: Raw<'a>,
    #[serde(borrow)]
    top_logprobs: Raw<'a>,
}

pub fn read(logprobs: Raw<'_>) -> Vec<TokenLogprob> {
    list(logprobs).into_iter().filter_map(|raw| token(&object(Some(raw)))).collect()
}

fn token(token: &Token<'_>) -> Option<TokenLogprob> {
    let top = |raw| {
        let top: Token<'_> = object(Some(raw));
        Some(TopLogprob { token: text(top.token), logprob: number(top.logprob)?, bytes: bytes(top.bytes) })
    };
    Some(TokenLogprob {
        token: text(token.token),
        logprob: number(token.logprob)?,
        bytes: bytes(token.bytes),
        top: list(token.top_logprobs).into_iter().filter_map(top).collect(),
    })
}

fn bytes(raw: Raw<'_>) -> Option<Bytes> {
    serde_json::from_str::<Vec<u8>>(raw?.get()).ok().map(Bytes::from)
}
