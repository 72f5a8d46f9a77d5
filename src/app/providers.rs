//! Turns the rows of the registry and the operator's own providers into what routing, upstream and gRPC need of them.

use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use http::{HeaderMap, HeaderValue};
use secrecy::ExposeSecret as _;

use crate::{
    admin::key_kinds::{KeyKind, KeyKinds},
    config::{ProviderAuth, ProviderEntry, ProviderFormat, Settings, Tls, Upstream},
    domain::{
        chat::Modality,
        key::{ProviderKey, RequestKeyScope},
        model::{Capability, Model, ProviderInfo},
    },
    providers::{
        adapter::Adapter,
        anthropic::AnthropicAdapter,
        gemini::GeminiAdapter,
        key_test::KeyTest,
        openai::{OpenAiAdapter, vendors::vendor},
        registry::{
            BUILT_IN, BuiltIn, CONFIGURED_KEY_HEADER, Choices, KeyStyle, SANDBOX_MODEL, SANDBOX_VISION_MODEL, Wire,
        },
    },
    routing::{
        catalog::{Catalog, Sources, read},
        plan::FallbackKeys,
    },
    upstream::{HostTls, HttpUpstream, UpstreamTimeouts, dedicated_client},
};

/// How long a request waits for its place among those of the same key before another key is tried.
const LONGEST_WAIT_FOR_A_PLACE: Duration = Duration::from_secs(30);

/// Builds the catalog: built-in providers, configured ones and their models.
pub fn catalog(settings: &Settings) -> anyhow::Result<Catalog> {
    let built_in = BUILT_IN.iter().map(|row| ProviderInfo {
        name: row.name.to_owned(),
        prefix: row.prefix.to_owned(),
        name_hints: row.name_hints.to_vec(),
        passes_unknown_models: !matches!(row.wire, Wire::Sandbox),
        needs_key: row.key_style != KeyStyle::None,
        key_hint: format!("send one in the header {}, or set {}", row.key_header, row.key_variable),
        configured: false,
    });
    let configured = settings.providers.iter().map(|entry| ProviderInfo {
        name: entry.name.clone(),
        prefix: entry.name.clone(),
        name_hints: Vec::new(),
        passes_unknown_models: entry.models.is_empty(),
        needs_key: entry.auth != ProviderAuth::None,
        key_hint: format!("send one in the header {CONFIGURED_KEY_HEADER}, or set api_key in the configuration"),
        configured: true,
    });
    let models =
        settings.providers.iter().flat_map(|entry| entry.models.iter().map(|name| configured_model(&entry.name, name)));
    let mut sources = Sources {
        providers: built_in.chain(configured).collect(),
        configured: models.collect(),
        file: Vec::new(),
        default_model: default_model(settings),
    };
    let Some(path) = &settings.catalog_file else { return Ok(Catalog::new(sources)?) };
    let place = || format!("catalog file {} (AIGW_CATALOG_FILE)", path.display());
    let text = std::fs::read_to_string(path).with_context(place)?;
    sources.file = read(&text).map_err(anyhow::Error::msg).with_context(place)?;
    Catalog::new(sources).with_context(place)
}

/// What a name tells of a model. Nobody is refused by it; the operator's catalog file can say more.
fn configured_model(provider: &str, name: &str) -> Model {
    let (capabilities, output_modalities) = if name.to_ascii_lowercase().contains("embed") {
        (vec![Capability::Embeddings], Vec::new())
    } else {
        (vec![Capability::Chat, Capability::Streaming], vec![Modality::Text])
    };
    Model {
        id: format!("{provider}/{name}"),
        provider: provider.to_owned(),
        upstream_name: name.to_owned(),
        owned_by: provider.to_owned(),
        output_modalities,
        capabilities,
        ..Model::default()
    }
}

/// The model of a request that names none: the default of the first provider with a key, else the sandbox.
fn default_model(settings: &Settings) -> String {
    let built_in = BUILT_IN.iter().filter(|row| matches!(row.wire, Wire::Http(_)));
    for row in built_in.filter(|row| settings.upstreams.get(row.name).is_some_and(|u| u.api_key.is_some())) {
        if let Some(model) = settings.default_models.chat(row.name) {
            return format!("{}/{model}", row.prefix);
        }
    }
    let configured = settings.providers.iter().find_map(|e| Some(format!("{}/{}", e.name, e.default_model.as_ref()?)));
    configured.unwrap_or_else(|| SANDBOX_MODEL.to_owned())
}

/// Models for pictures of requests that name none, in the order in which a caller's keys are looked for.
pub fn vision_models(settings: &Settings) -> Vec<String> {
    let built_in = BUILT_IN.iter().filter(|row| matches!(row.wire, Wire::Http(_)));
    let built_in =
        built_in.filter_map(|row| Some(format!("{}/{}", row.prefix, settings.default_models.vision(row.name)?)));
    let configured = settings.providers.iter().filter_map(|e| Some(format!("{}/{}", e.name, e.vision_model.as_ref()?)));
    built_in.chain(configured).chain([SANDBOX_VISION_MODEL.to_owned()]).collect()
}

/// Keys from the environment and the configuration file.
pub fn fallback_keys(settings: &Settings) -> FallbackKeys {
    let key = |secret: &secrecy::SecretString, alias: &str| Arc::new(ProviderKey::new(alias, secret.clone()));
    let built_in = BUILT_IN.iter().filter_map(|row| {
        let secret = settings.upstreams.get(row.name)?.api_key.as_ref()?;
        Some((row.name.to_owned(), key(secret, "environment")))
    });
    let configured =
        settings.providers.iter().filter_map(|e| Some((e.name.clone(), key(e.api_key.as_ref()?, "configuration"))));
    FallbackKeys::new(built_in.chain(configured))
}

/// What is known of the keys of every provider that takes one.
pub fn key_kinds(settings: &Settings) -> KeyKinds {
    let built_in = BUILT_IN.iter().filter(|row| row.key_style != KeyStyle::None).map(|row| {
        let variables = [&[row.key_variable], row.key_aliases].concat().into_iter().map(str::to_owned).collect();
        (row.name.to_owned(), KeyKind { parameters: row.key_parameters, variables, console: row.key_console })
    });
    let configured = settings.providers.iter().filter(|entry| entry.auth != ProviderAuth::None).map(|entry| {
        let by_name = format!("{}_API_KEY", entry.name.to_ascii_uppercase().replace('-', "_"));
        let by_custom = vendor(&entry.name).map(|row| row.key_variable.to_owned());
        let mut variables: Vec<_> = [by_name].into_iter().chain(by_custom.filter(|name| !name.is_empty())).collect();
        variables.dedup();
        (entry.name.clone(), KeyKind { variables, ..KeyKind::default() })
    });
    KeyKinds(built_in.chain(configured).collect())
}

/// Request headers that may carry a provider key.
pub fn key_headers() -> Arc<[(String, RequestKeyScope)]> {
    let built_in = BUILT_IN.iter().filter(|row| !row.key_header.is_empty());
    let headers = built_in.map(|row| (row.key_header.to_owned(), RequestKeyScope::Provider(row.name.to_owned())));
    headers.chain([(CONFIGURED_KEY_HEADER.to_owned(), RequestKeyScope::Configured)]).collect()
}

/// Every provider reached over HTTP.
pub fn upstreams(
    settings: &Settings,
    http: &reqwest::Client,
    timeouts: UpstreamTimeouts,
) -> anyhow::Result<HashMap<String, HttpUpstream>> {
    let choices = Choices {
        xai_api: settings.upstreams.xai_api,
        perplexity_api: settings.upstreams.perplexity_api,
        gemini_safety_threshold: settings.upstreams.gemini_safety_threshold,
    };
    let mut upstreams = HashMap::new();
    for row in &BUILT_IN {
        let Wire::Http(adapter) = row.wire else { continue };
        let plain = || Upstream { base_url: row.base_url.to_owned(), ..Upstream::default() };
        let own = settings.upstreams.get(row.name).cloned().unwrap_or_else(plain);
        let upstream = built_in(row, adapter(&choices), &own, http, timeouts)?;
        let model = settings.default_models.chat(row.name).map(str::to_owned);
        upstreams.insert(row.name.to_owned(), upstream.with_key_test(row.key_test.clone(), model));
    }
    for entry in &settings.providers {
        upstreams.insert(entry.name.clone(), configured(entry)?);
    }
    Ok(upstreams)
}

fn built_in(
    row: &BuiltIn,
    adapter: Arc<dyn Adapter>,
    settings: &Upstream,
    shared: &reqwest::Client,
    timeouts: UpstreamTimeouts,
) -> anyhow::Result<HttpUpstream> {
    let base_url = settings.base_url.strip_suffix(row.base_suffix).unwrap_or(&settings.base_url);
    let base_url = base_url.trim_end_matches('/').to_owned();
    let mut upstream = HttpUpstream::new(base_url, row.key_style.clone(), HeaderMap::new(), adapter);
    let mut http = shared.clone();
    if let Some(tls) = &settings.tls {
        let host_tls =
            host_tls(tls, row.authorities).with_context(|| format!("cannot set up TLS for provider {}", row.name))?;
        let own = host_tls.map(|tls| dedicated_client(timeouts, &tls)).transpose();
        let own = own.with_context(|| format!("cannot set up TLS for provider {}", row.name))?;
        http = own.clone().unwrap_or(http);
        upstream = upstream.with_client(own, tls.advice);
    }
    if let (Some(exchange), Some(tokens)) = (row.tokens, &settings.tokens) {
        upstream = upstream.with_tokens(exchange(&tokens.scope), address(&tokens.url)?, http);
    }
    if let Some(url) = &settings.files_url {
        upstream = upstream.with_files_url(address(url)?);
    }
    if let Some(limit) = settings.max_concurrent {
        upstream = upstream.with_limit(limit, LONGEST_WAIT_FOR_A_PLACE);
    }
    Ok(upstream)
}

/// Reads the files of a provider's TLS; nothing when it is trusted like everybody else.
fn host_tls(tls: &Tls, further: Option<&'static [u8]>) -> anyhow::Result<Option<HostTls>> {
    let read = |path: &PathBuf| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let authorities = tls.ca_file.as_ref().map(read).transpose()?;
    let identity = match (&tls.cert_file, &tls.key_file) {
        (Some(certificate), Some(key)) => Some([read(certificate)?, b"\n".to_vec(), read(key)?].concat().into()),
        _ => None,
    };
    let usual = authorities.is_none() && further.is_none() && identity.is_none();
    Ok((!usual).then_some(HostTls { authorities, further, identity }))
}

fn address(url: &str) -> anyhow::Result<reqwest::Url> {
    url.parse().context("an address of a provider is no URL")
}

fn configured(entry: &ProviderEntry) -> anyhow::Result<HttpUpstream> {
    let adapter: Arc<dyn Adapter> = match entry.format {
        ProviderFormat::OpenAi => Arc::new(OpenAiAdapter::new(entry.dialect.clone())),
        ProviderFormat::Gemini => Arc::new(GeminiAdapter::default()),
        ProviderFormat::Anthropic => Arc::new(AnthropicAdapter),
    };
    let mut headers = HeaderMap::new();
    for (name, secret) in &entry.headers {
        let mut value = HeaderValue::from_str(secret.expose_secret())
            .with_context(|| format!("header {name} of provider {} cannot be sent", entry.name))?;
        value.set_sensitive(true);
        headers.insert(name.clone(), value);
    }
    let key_style = match &entry.auth {
        ProviderAuth::Bearer => KeyStyle::Bearer,
        ProviderAuth::Header(name) => KeyStyle::Header(name.clone()),
        ProviderAuth::None => KeyStyle::None,
    };
    let base_url = entry.base_url.trim_end_matches('/').to_owned();
    let key_test = match entry.format {
        ProviderFormat::OpenAi => entry.dialect.key_test(),
        ProviderFormat::Gemini | ProviderFormat::Anthropic => KeyTest::ModelsIfPrivate,
    };
    let model = entry.default_model.as_ref().or(entry.models.first()).cloned();
    Ok(HttpUpstream::new(base_url, key_style, headers, adapter).with_key_test(key_test, model))
}
