use super::*;
use crate::domain::chat::Modality;

fn provider(name: &str, prefix: &str, hints: Vec<&'static str>, open: bool) -> ProviderInfo {
    ProviderInfo {
        name: name.into(),
        prefix: prefix.into(),
        name_hints: hints,
        passes_unknown_models: open,
        needs_key: open,
        key_hint: String::new(),
        configured: false,
    }
}

fn catalog() -> Catalog {
    let providers = vec![
        provider("google", "google", vec!["gemini"], true),
        provider("xai", "x-ai", vec!["grok"], true),
        provider("perplexity", "perplexity", vec!["sonar", "r1-1776"], true),
        provider("sandbox", "sandbox", vec![], false),
        ProviderInfo { configured: true, ..provider("local", "local", vec![], true) },
    ];
    let own =
        Model { id: "local/llama".into(), provider: "local".into(), upstream_name: "llama".into(), ..Model::default() };
    Catalog::new(Sources {
        providers,
        configured: vec![own],
        file: read(FILE).unwrap(),
        default_model: "sandbox/echo".into(),
    })
    .unwrap()
}

const FILE: &str = r#"{"models": [
    {"provider": "google", "name": "gemini-3.7-flash", "remove": true},
    {"provider": "google", "name": "gemini-3.8-flash", "context_window_tokens": 7},
    {"provider": "local", "name": "bert", "capabilities": ["embeddings"], "aliases": ["small-bert"]}
]}"#;

#[test]
fn resolves_names() {
    let catalog = catalog();
    let cases = [
        ("google/gemini-3.8-flash", "google", "gemini-3.8-flash"),
        ("google/some-new-model", "google", "some-new-model"),
        ("x-ai/grok-4.3", "xai", "grok-4.3"),
        ("xai/grok-4.3", "xai", "grok-4.3"),
        ("gemini-3.8-flash", "google", "gemini-3.8-flash"),
        ("my-tuned-Gemini", "google", "my-tuned-Gemini"),
        ("grok-9", "xai", "grok-9"),
        ("sonar-pro", "perplexity", "sonar-pro"),
        ("llama", "local", "llama"),
        ("local/org/name:tag", "local", "org/name:tag"),
        ("local/small-bert", "local", "bert"),
        ("google/gemini-3.7-flash", "google", "gemini-3.7-flash"),
        ("echo", "sandbox", "echo"),
        ("", "sandbox", "echo"),
    ];
    for (name, want_provider, want_model) in cases {
        let (target, _) = catalog.resolve(name).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!((target.provider.as_str(), target.model.as_str()), (want_provider, want_model), "{name}");
    }
}

#[test]
fn explains_names_it_does_not_know() {
    let catalog = catalog();
    for (name, hint) in [
        ("sandbox/ecko", "sandbox/echo"),
        ("nobody/echo", "sandbox/echo"),
        ("sandbox/", "sandbox/"),
        ("google/", "google/"),
        ("gemini-1.5-pro", "use `google/gemini-3.8-flash` instead"),
        ("google/gemini-2.0-flash", "on 2026-06-01"),
        ("perplexity/r1-1776", "shut down by its provider in 2025; use"),
        ("google/gemini-1.5-pro", "in 2025-09"),
    ] {
        let error = catalog.resolve(name).expect_err(name);
        assert_eq!(error.kind, ErrorKind::ModelNotFound, "{name}");
        assert!(error.message.contains(hint), "{name}: {error}");
        assert_eq!(error.field.as_deref(), Some("prompt.model"));
    }
}

#[test]
fn a_replacement_is_itself_known_and_alive() {
    let catalog = catalog();
    for model in catalog.models() {
        if let Some(Deprecation { replacement, .. }) = &model.deprecation
            && !replacement.is_empty()
        {
            let next = catalog.find(replacement).unwrap_or_else(|| panic!("{replacement}"));
            assert!(next.deprecation.as_ref().is_none_or(|d| !d.retired), "{} leads to {replacement}", model.id);
        }
    }
}

#[test]
fn a_file_replaces_adds_and_removes() {
    let catalog = catalog();
    assert!(catalog.find("google/gemini-3.7-flash").is_none(), "removed");
    let replaced = catalog.model_at("google", "gemini-3.8-flash").unwrap();
    assert_eq!((replaced.context_window_tokens, replaced.prices.len()), (Some(7), 0), "nothing of the old row is left");
    assert_eq!(replaced.capabilities, [Capability::Chat, Capability::Streaming]);
    assert_eq!(catalog.find("BERT").map(|m| m.id.as_str()), Some("local/bert"));
    assert_eq!(catalog.models().iter().filter(|m| m.id == "google/gemini-3.8-flash").count(), 1);

    let unknown = read(r#"{"models": [{"provider": "gogle", "name": "x"}]}"#).unwrap();
    let error = Catalog::new(Sources { file: unknown, ..Sources::default() }).unwrap_err();
    assert!(error.message.contains("models (gogle/x): provider: there is none of that name"), "{error}");
}

#[test]
fn refuses_what_a_model_cannot_do() {
    let catalog = catalog();
    let at = |provider: &str, model: &str| Target { provider: provider.into(), model: model.into() };
    let cases = [
        (at("google", "gemini-3.5-flash"), Capability::Chat, true),
        (at("google", "gemini-3.5-flash"), Capability::Embeddings, false),
        (at("google", "gemini-embedding-001"), Capability::Embeddings, true),
        (at("google", "gemini-embedding-001"), Capability::Chat, false),
        (at("google", "gemini-embedding-001"), Capability::Vision, false),
        (at("google", "gemini-3.5-flash"), Capability::Vision, true),
        (at("google", "a-new-one"), Capability::Embeddings, true),
        (at("local", "llama"), Capability::Embeddings, true),
        (at("local", "bert"), Capability::Chat, true),
    ];
    for (target, wanted, allowed) in cases {
        let result = catalog.check(&target, wanted, "model");
        assert_eq!(result.is_ok(), allowed, "{target:?} {wanted:?}");
        if let Err(error) = result {
            assert_eq!((error.kind, error.field.as_deref()), (ErrorKind::InvalidRequest, Some("model")));
            assert!(error.message.contains(&target.model), "{error}");
            let others = catalog.models().iter().filter(|m| m.capabilities.contains(&wanted));
            assert!(others.clone().any(|m| error.message.contains(&m.id)), "names models that can: {error}");
        }
    }
}

#[test]
fn the_shipped_rows_are_sound() {
    for row in read(SHIPPED).unwrap() {
        let model = row.into_model("p");
        let name = &model.id;
        let has = |capability| model.capabilities.contains(&capability);
        assert_ne!(has(Capability::Chat), has(Capability::Embeddings), "{name} does one of the two");
        assert_eq!(has(Capability::Chat), has(Capability::Streaming), "{name}");
        assert_eq!(has(Capability::Chat), model.output_modalities == [Modality::Text], "{name}");
        assert!(!has(Capability::Vision) || model.input_modalities.contains(&Modality::Image), "{name}");
        assert!(model.deprecation.as_ref().is_none_or(|d| !d.retired || !d.replacement.is_empty()), "{name}");
    }
}

#[test]
fn an_endless_name_is_refused_at_once() {
    let started = std::time::Instant::now();
    for name in ["x".repeat(10_000_000), format!("google/{}", "x".repeat(10_000_000)), "/".repeat(1_000_000)] {
        assert!(catalog().resolve(&name).unwrap_err().message.len() < 300);
    }
    assert!(started.elapsed().as_secs() < 5, "{:?}", started.elapsed());
}

#[test]
fn a_name_cannot_begin_a_line_of_the_log() {
    for name in ["google/x\ny", "google/x\u{1b}[31m", "gemini\0", "\r"] {
        let error = catalog().resolve(name).unwrap_err();
        assert_eq!(error.kind, ErrorKind::ModelNotFound, "{name:?}");
        assert!(!error.message.contains(char::is_control), "{:?}", error.message);
    }
}
