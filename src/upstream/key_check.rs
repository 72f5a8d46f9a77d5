//! Finds out whether a provider takes a key: by a list of models it shows to keys only, or by one token of a chat.

use futures_util::{FutureExt as _, TryStreamExt as _, future::BoxFuture};
use tokio::time::{Instant, timeout_at};

use super::{
    attempt,
    call::Call,
    exchange::{get, listed, nothing},
    transport::Upstreams,
};
use crate::{
    domain::{
        chat::{ChatRequest, Message, Part, Role, Sampling},
        failure::{FailureClass, UpstreamFailure},
        key::ProviderKey,
        model::{Capability, ListedModel},
    },
    providers::{adapter::Mode, key_test::KeyTest},
    routing::transport::KeyCheck,
};

impl KeyCheck for Upstreams {
    fn check<'a>(
        &'a self,
        provider: &'a str,
        key: &'a ProviderKey,
        deadline: Instant,
    ) -> BoxFuture<'a, Result<Vec<String>, UpstreamFailure>> {
        async move {
            let upstream = self.provider(provider).ok_or_else(nothing)?;
            let tried = try_out(self.call(upstream, Some(key), deadline));
            let late = || UpstreamFailure::new(FailureClass::Timeout, "the provider did not answer in time");
            timeout_at(deadline, tried).await.unwrap_or_else(|_| Err(late()))
        }
        .boxed()
    }
}

/// Makes the calls that the provider's row asks for.
async fn try_out(call: Call<'_>) -> Result<Vec<String>, UpstreamFailure> {
    attempt::renew_token(call).await?;
    let models = match &call.upstream.key_test {
        KeyTest::Models => by_list(call).await?,
        KeyTest::ModelsIfPrivate => {
            let models = by_list(call).await?;
            if listed(Call { key: None, ..call }).await.is_ok() {
                by_chat(call, "", &models).await?;
            }
            models
        }
        KeyTest::Path(path) => {
            get(call, path).await?;
            Vec::new()
        }
        KeyTest::Chat(options) => {
            by_chat(call, options, &[]).await?;
            Vec::new()
        }
    };
    Ok(models.into_iter().map(|model| model.upstream_name).collect())
}

/// Asks for the list. Where there is none for this key, a chat decides.
async fn by_list(call: Call<'_>) -> Result<Vec<ListedModel>, UpstreamFailure> {
    match models(call).await {
        Err(failure) if says_nothing(&failure) && call.upstream.test_model.is_some() => {
            by_chat(call, "", &[]).await?;
            Ok(Vec::new())
        }
        listed => listed,
    }
}

async fn models(call: Call<'_>) -> Result<Vec<ListedModel>, UpstreamFailure> {
    if call.upstream.adapter.model_list().is_none() {
        return Err(no_model());
    }
    listed(call).await
}

/// Whether a failure is of the list and not of the key: there is none, or it is not for this key. Providers let owners
/// make keys for chats alone.
fn says_nothing(failure: &UpstreamFailure) -> bool {
    match failure.class {
        FailureClass::Credential => failure.http_status == Some(403),
        FailureClass::Caller | FailureClass::Model => failure.http_status.is_none_or(|s| [404, 405, 501].contains(&s)),
        FailureClass::ServerError => failure.http_status == Some(501),
        FailureClass::Quota
        | FailureClass::RateLimit
        | FailureClass::Overload
        | FailureClass::Network
        | FailureClass::Timeout
        | FailureClass::BadResponse
        | FailureClass::ContextLength
        | FailureClass::Blocked => false,
    }
}

/// Generates one token with the operator's model for it, or with the first one of the list.
async fn by_chat(call: Call<'_>, options: &str, known: &[ListedModel]) -> Result<(), UpstreamFailure> {
    let first = |models: &[ListedModel]| models.iter().find(|model| chats(model)).map(|m| m.upstream_name.clone());
    let model = match call.upstream.test_model.clone().or_else(|| first(known)) {
        Some(model) => model,
        None => first(&models(call).await?).ok_or_else(no_model)?,
    };
    let encoded = call.upstream.adapter.encode(&one_token(options), &model, Mode::Unary);
    let encoded = encoded.map_err(|error| UpstreamFailure::new(FailureClass::Caller, error.message))?;
    let events = attempt::open(call, &encoded, Mode::Unary).await?;
    events.try_for_each(async |_| Ok(())).await
}

fn chats(model: &ListedModel) -> bool {
    model.capabilities.is_empty() || model.capabilities.contains(&Capability::Chat)
}

fn one_token(options: &str) -> ChatRequest {
    let hello = Message { role: Role::User, parts: vec![Part::Text("Hi".into())], name: String::new() };
    ChatRequest {
        messages: vec![hello],
        sampling: Sampling { max_output_tokens: Some(1), ..Sampling::default() },
        provider_options: options.to_owned(),
        ..ChatRequest::default()
    }
}

fn no_model() -> UpstreamFailure {
    let message = "the provider lists no model to test the key with; set default_model for it in the configuration";
    UpstreamFailure::new(FailureClass::Caller, message)
}
