use super::*;

fn provider(name: &str, prefix: &str, hints: Vec<&'static str>, open: bool) -> ProviderInfo {
    ProviderInfo {
        name: name.into(),
        prefix: prefix.into(),
        name_hints: hints,
        passes_unknown_models: open,
        needs_key: open,
        key_hint: String::new(),
        configured: false,
        available: true,
    }
}

fn catalog() -> Catalog {
    let providers = vec![
        provider("google", "google", vec!["gemini"], true),
        provider("xai", "x-ai", vec!["grok"], true),
        provider("perplexity", "perplexity", vec!["sonar", "r1-1776"], true),
        provider("sandbox", "sandbox", vec![], false),
        provider("local", "local", vec![], true),
    ];
    let own =
        Model { id: "local/llama".into(), provider: "local".into(), upstream_name: "llama".into(), ..Model::default() };
    Catalog::new(providers, vec![own], "sandbox/echo".into()).unwrap()
}

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
        ("perplexity/r1-1776", "shut down"),
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
