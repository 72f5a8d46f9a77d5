use std::{
    sync::{
        LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::{FutureExt as _, future::BoxFuture};

use super::*;
use crate::{
    domain::{
        error::ErrorKind,
        failure::FailureClass,
        key::{ProviderKey, RequestKeyScope},
        model::{ListedModel, Price},
        scope::ModelPatterns,
    },
    routing::{
        catalog::{Sources, read},
        happenings::happenings,
        key_pool::KeyPool,
        plan::FallbackKeys,
        transport::ModelLists,
    },
};

/// One list that works, one that fails, one that never comes; remembers who was asked with which key.
#[derive(Default)]
struct Script {
    asked: Mutex<Vec<(String, String)>>,
    count: AtomicUsize,
}

impl ModelLists for Script {
    fn has_list(&self, provider: &str) -> bool {
        provider != "listless"
    }

    fn list<'a>(
        &'a self,
        provider: &'a str,
        key: Option<&'a ProviderKey>,
        _: Instant,
    ) -> BoxFuture<'a, Result<Vec<ListedModel>, UpstreamFailure>> {
        self.count.fetch_add(1, Ordering::Relaxed);
        let alias = key.map(|key| key.alias.clone()).unwrap_or_default();
        self.asked.lock().unwrap().push((provider.to_owned(), alias));
        async move {
            match provider {
                "works" => Ok(listed()),
                "fails" => Err(UpstreamFailure::new(FailureClass::Credential, "bad key")),
                _ => std::future::pending().await,
            }
        }
        .boxed()
    }
}

fn listed() -> Vec<ListedModel> {
    let known = ListedModel {
        upstream_name: "known".into(),
        owned_by: "somebody".into(),
        context_window_tokens: Some(1),
        max_output_tokens: Some(2),
        input_price: Some(3),
        ..ListedModel::default()
    };
    let new = ListedModel {
        upstream_name: "new".into(),
        capabilities: vec![Capability::Chat],
        input_price: Some(3),
        output_price: Some(4),
        ..ListedModel::default()
    };
    let alias = ListedModel { upstream_name: "new-name".into(), aliases: vec!["old".into()], ..ListedModel::default() };
    vec![known, new, alias]
}

const FILE: &str = r#"{"models": [
    {"provider": "works", "name": "known", "context_window_tokens": 1000, "capabilities": ["chat", "tools"]},
    {"provider": "works", "name": "old", "shutdown": "2027-01-01"},
    {"provider": "works", "name": "dead", "retired": true, "replacement": "w/known"},
    {"provider": "fails", "name": "vectors", "capabilities": ["embeddings"]}
]}"#;

fn models() -> (Models, Arc<Script>) {
    let provider = |name: &str, prefix: &str| ProviderInfo {
        name: name.into(),
        prefix: prefix.into(),
        name_hints: Vec::new(),
        passes_unknown_models: true,
        needs_key: name != "slow",
        key_hint: String::new(),
        configured: false,
    };
    let providers = vec![
        provider("works", "w"),
        provider("fails", "f"),
        provider("slow", "s"),
        provider("listless", "l"),
        provider("keyless", "k"),
    ];
    let sources = Sources { providers, file: read(FILE).unwrap(), ..Sources::default() };
    let key = Arc::new(ProviderKey::new("environment", "e"));
    let keys = ["works", "fails", "listless"].map(|name| (name.to_owned(), key.clone()));
    let script = Arc::new(Script::default());
    let models = Models {
        catalog: Arc::new(Catalog::new(sources).unwrap()),
        keys: key_sources(FallbackKeys::new(keys)),
        upstream: UpstreamModels::new(script.clone()),
    };
    (models, script)
}

fn key_sources(fallback: FallbackKeys) -> KeySources {
    KeySources { pool: Arc::new(KeyPool::new(happenings(1).0)), fallback: Arc::new(fallback) }
}

fn viewer(sent: &RequestKeys) -> Viewer<'_> {
    static CALLER: LazyLock<Caller> = LazyLock::new(Caller::default);
    Viewer { caller: &CALLER, sent, now_ms: 1 }
}

fn query() -> ListModels {
    ListModels { today: "2026-11-23".into(), ..ListModels::default() }
}

fn ids(listing: &Listing) -> Vec<&str> {
    listing.models.iter().map(|(model, _)| model.id.as_str()).collect()
}

#[tokio::test]
async fn filters_add_up() {
    let (models, script) = models();
    let cases = [
        ("all", query(), vec!["f/vectors", "w/known", "w/old"]),
        ("a provider", ListModels { provider: "works".into(), ..query() }, vec!["w/known", "w/old"]),
        ("a capability", ListModels { capabilities: vec![Capability::Embeddings], ..query() }, vec!["f/vectors"]),
        (
            "two capabilities",
            ListModels { capabilities: vec![Capability::Chat, Capability::Tools], ..query() },
            vec!["w/known"],
        ),
        ("the next page", ListModels { after: "w/known".into(), ..query() }, vec!["w/old"]),
        ("a later day", ListModels { today: "2027-01-01".into(), ..query() }, vec!["f/vectors", "w/known"]),
        (
            "the dead too",
            ListModels { include_shut_down: true, ..query() },
            vec!["f/vectors", "w/dead", "w/known", "w/old"],
        ),
    ];
    for (name, query, wanted) in cases {
        assert_eq!(ids(&models.list(&query, viewer(&RequestKeys::default())).await), wanted, "{name}");
    }
    assert_eq!(script.count.load(Ordering::Relaxed), 0, "no provider is asked unless the caller says so");
}

#[tokio::test(start_paused = true)]
async fn asks_the_providers_a_key_is_at_hand_for() {
    let (models, script) = models();
    let query = || ListModels { upstream_until: Some(Instant::now() + Duration::from_secs(60)), ..query() };
    let own = RequestKeys(vec![(RequestKeyScope::Provider("works".into()), "own".into())]);
    let before = Instant::now();
    let listing = models.list(&query(), viewer(&own)).await;
    assert_eq!(before.elapsed(), Duration::from_secs(5), "nobody is waited for longer");
    assert_eq!(ids(&listing), ["f/vectors", "w/known", "w/new", "w/new-name", "w/old"]);
    let failures: Vec<_> = listing.failures.iter().map(|(name, failure)| (name.as_str(), failure.class)).collect();
    assert_eq!(failures, [("fails", FailureClass::Credential), ("slow", FailureClass::Timeout)]);
    let asked = script.asked.lock().unwrap().clone();
    let wanted = [("works", "header"), ("fails", "environment"), ("slow", "")];
    assert_eq!(asked, wanted.map(|(provider, key)| (provider.to_owned(), key.to_owned())));

    let model = |id: &str| listing.models.iter().find(|(model, _)| model.id == id).unwrap().0.clone();
    let known = model("w/known");
    assert_eq!(
        (known.context_window_tokens, known.max_output_tokens),
        (Some(1000), Some(2)),
        "the catalog's word stands"
    );
    assert_eq!((known.owned_by.as_str(), known.capabilities.len()), ("works", 2));
    let new = model("w/new");
    let price = Price { input: Some(3), output: Some(4), ..Price::default() };
    assert_eq!((new.prices, new.capabilities, new.provider), (vec![price], vec![Capability::Chat], "works".to_owned()));
}

#[tokio::test(start_paused = true)]
async fn remembers_lists_for_a_while() {
    let (models, script) = models();
    let query = || ListModels {
        provider: "works".into(),
        upstream_until: Some(Instant::now() + Duration::from_secs(60)),
        ..query()
    };
    let own = RequestKeys(vec![(RequestKeyScope::Provider("works".into()), "own".into())]);
    let mut wanted = 0;
    for (name, wait, sent, asks) in [
        ("first", 0, &RequestKeys::default(), 1),
        ("again", 0, &RequestKeys::default(), 0),
        ("another key", 0, &own, 1),
        ("soon", 299, &own, 0),
        ("later", 2, &own, 1),
    ] {
        tokio::time::advance(Duration::from_secs(wait)).await;
        models.list(&query(), viewer(sent)).await;
        wanted += asks;
        assert_eq!(script.count.load(Ordering::Relaxed), wanted, "{name}");
    }
    let failing = || ListModels { provider: "fails".into(), ..query() };
    for _ in 0..2 {
        models.list(&failing(), viewer(&own)).await;
    }
    assert_eq!(script.count.load(Ordering::Relaxed), wanted + 2, "failures are not remembered");
}

#[tokio::test]
async fn tells_whether_a_key_is_at_hand() {
    let (models, _script) = models();
    assert!(models.get("w/known", viewer(&RequestKeys::default())).unwrap().1);
    let bare = Models { keys: key_sources(FallbackKeys::default()), ..models };
    assert!(!bare.get("known", viewer(&RequestKeys::default())).unwrap().1);
    let own = RequestKeys(vec![(RequestKeyScope::Provider("works".into()), "own".into())]);
    assert!(bare.get("known", viewer(&own)).unwrap().1, "a key in the request counts");
}

#[tokio::test]
async fn a_key_sees_the_models_it_may_use() {
    let (models, _script) = models();
    let caller = |patterns: &[&str]| Caller {
        models: ModelPatterns::new(patterns.iter().map(|p| (*p).to_owned())),
        ..Caller::default()
    };
    let sent = RequestKeys::default();
    for (patterns, wanted) in [
        (&["w/*"][..], &["w/known", "w/old"][..]),
        (&["w/old", "f/vectors"], &["f/vectors", "w/old"]),
        (&["w/none"], &[]),
    ] {
        let caller = caller(patterns);
        let viewer = Viewer { caller: &caller, sent: &sent, now_ms: 1 };
        assert_eq!(ids(&models.list(&query(), viewer).await), wanted, "{patterns:?}");
        for name in ["w/known", "known", "f/vectors"] {
            let id = if name == "known" { "w/known" } else { name };
            let kind = models.get(name, viewer).err().map(|error| error.kind);
            assert_eq!(kind, (!wanted.contains(&id)).then_some(ErrorKind::NotAllowed), "{patterns:?} {name}");
        }
        assert_eq!(models.get("none", viewer).unwrap_err().kind, ErrorKind::ModelNotFound);
    }
}
