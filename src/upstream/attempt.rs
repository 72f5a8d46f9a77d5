//! One attempt at a provider that needs more than a key in a header: a place among the credential's calls, an access
//! token, files sent before, or several requests for several choices.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;
use reqwest::Request;
use tokio::time::Instant;

use super::{
    call::Call,
    fan_out, files,
    key_hash::KeyHash,
    oauth::{AccessTokens, Token},
    provider::HttpUpstream,
    slots::{Held, Patience, Slot},
    timeouts::UpstreamTimeouts,
};
use crate::{
    domain::{
        failure::{FailureClass, UpstreamFailure},
        key::ProviderKey,
    },
    providers::adapter::{Encoded, Mode},
    routing::transport::EventStream,
};

/// Makes the attempt.
pub(super) async fn open(call: Call<'_>, encoded: &Encoded, mode: Mode) -> Result<EventStream, UpstreamFailure> {
    if encoded.uploads.is_empty() {
        return open_copies(call, encoded, mode).await;
    }
    let opened = open_copies(call, &attached(call, encoded).await?, mode).await;
    if let (Err(failure), Some(extras)) = (&opened, call.upstream.extras())
        && failure.class == FailureClass::Caller
    {
        files::forget(&extras.uploads, KeyHash::of(call.key), encoded);
    }
    opened
}

async fn open_copies(call: Call<'_>, encoded: &Encoded, mode: Mode) -> Result<EventStream, UpstreamFailure> {
    if encoded.copies <= 1 {
        return open_one(call, encoded, mode, Patience::Short).await;
    }
    let (owned, encoded) = (Arc::new(OwnedCall::of(call)), Arc::new(encoded.clone()));
    let copies = (0..encoded.copies).map(|number| {
        let (owned, encoded) = (owned.clone(), encoded.clone());
        // The first decides whether another key is better; the others wait for it if they must.
        let patience = if number == 0 { Patience::Short } else { Patience::Long };
        async move { open_one(owned.call(), &encoded, mode, patience).await }
    });
    fan_out::open(copies, mode == Mode::Unary).await
}

/// Opens one request in its own place, which it holds until its events end.
async fn open_one(
    call: Call<'_>,
    encoded: &Encoded,
    mode: Mode,
    patience: Patience,
) -> Result<EventStream, UpstreamFailure> {
    let slot = slot(call, patience).await?;
    let token = token(call).await?;
    let mut opened = showing(call, token.as_ref()).open(encoded, mode).await;
    if let Err(failure) = &opened
        && let Some(token) = renewed(call, token.as_ref(), failure).await?
    {
        opened = showing(call, Some(&token)).open(encoded, mode).await;
    }
    Ok(match slot {
        Some(slot) => Box::pin(Held::new(opened?, slot)),
        None => opened?,
    })
}

/// Sends one request in a place of its own and reads its whole answer.
pub(super) async fn whole(
    call: Call<'_>,
    request: impl Fn() -> Result<Request, UpstreamFailure>,
) -> Result<(u16, HeaderMap, Bytes), UpstreamFailure> {
    let _slot = slot(call, Patience::Short).await?;
    let token = token(call).await?;
    let mut sent = showing(call, token.as_ref()).send(request()?).await;
    if let Err(failure) = &sent
        && let Some(token) = renewed(call, token.as_ref(), failure).await?
    {
        sent = showing(call, Some(&token)).send(request()?).await;
    }
    call.whole(sent?).await
}

async fn attached(call: Call<'_>, encoded: &Encoded) -> Result<Encoded, UpstreamFailure> {
    let Some(extras) = call.upstream.extras() else {
        return Err(UpstreamFailure::new(FailureClass::Caller, "the provider takes no files"));
    };
    let _slot = slot(call, Patience::Short).await?;
    let (cache, owner) = (&extras.uploads, KeyHash::of(call.key));
    let token = token(call).await?;
    let mut attached = files::attach(showing(call, token.as_ref()), cache, owner, encoded).await;
    if let Err(failure) = &attached
        && let Some(token) = renewed(call, token.as_ref(), failure).await?
    {
        attached = files::attach(showing(call, Some(&token)), cache, owner, encoded).await;
    }
    attached
}

async fn slot(call: Call<'_>, patience: Patience) -> Result<Option<Slot>, UpstreamFailure> {
    match call.upstream.extras().and_then(|extras| extras.slots.as_ref()) {
        Some(slots) => slots.take(KeyHash::of(call.key), patience, call.deadline).await.map(Some),
        None => Ok(None),
    }
}

/// Returns the token to show in place of the key, for providers that want one.
async fn token(call: Call<'_>) -> Result<Option<Token>, UpstreamFailure> {
    match (tokens(call), call.key) {
        (Some(tokens), Some(key)) => tokens.get(key, call.deadline).await.map(Some),
        _ => Ok(None),
    }
}

/// Shows the key where tokens are given out, for providers that want tokens.
pub(super) async fn renew_token(call: Call<'_>) -> Result<(), UpstreamFailure> {
    match (tokens(call), call.key) {
        (Some(tokens), Some(key)) => tokens.renew(key, call.deadline).await.map(drop),
        _ => Ok(()),
    }
}

/// Returns a new token when the failure means that the one shown has ended early.
async fn renewed(
    call: Call<'_>,
    token: Option<&Token>,
    failure: &UpstreamFailure,
) -> Result<Option<Token>, UpstreamFailure> {
    match (tokens(call), call.key, token) {
        (Some(tokens), Some(key), Some(token)) if tokens.has_ended(key, token, failure) => {
            tokens.get(key, call.deadline).await.map(Some)
        }
        _ => Ok(None),
    }
}

fn tokens(call: Call<'_>) -> Option<&AccessTokens> {
    call.upstream.extras()?.tokens.as_ref()
}

/// Returns the call with the token in place of the key.
fn showing<'a>(call: Call<'a>, token: Option<&'a Token>) -> Call<'a> {
    Call { key: token.map_or(call.key, |token| Some(&token.shown)), ..call }
}

/// A call that lives as long as its events.
struct OwnedCall {
    http: reqwest::Client,
    timeouts: UpstreamTimeouts,
    upstream: Arc<HttpUpstream>,
    key: Option<ProviderKey>,
    deadline: Instant,
}

impl OwnedCall {
    fn of(call: Call<'_>) -> Self {
        Self {
            http: call.http.clone(),
            timeouts: call.timeouts,
            upstream: call.upstream.clone(),
            key: call.key.cloned(),
            deadline: call.deadline,
        }
    }

    fn call(&self) -> Call<'_> {
        let Self { http, timeouts, upstream, key, deadline } = self;
        Call { http, timeouts: *timeouts, upstream, key: key.as_ref(), deadline: *deadline }
    }
}
