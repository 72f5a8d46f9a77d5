use super::*;

fn provider() -> ProviderInfo {
    ProviderInfo {
        name: "google".into(),
        prefix: "google".into(),
        name_hints: vec!["gemini"],
        passes_unknown_models: true,
        needs_key: true,
        key_hint: "send the header X-Google-API-Key".into(),
        configured: false,
    }
}

fn fallback() -> FallbackKeys {
    let key = ProviderKey::new("environment", "e");
    FallbackKeys(HashMap::from([("google".to_owned(), Arc::new(key))]))
}

fn sent(scope: RequestKeyScope) -> RequestKeys {
    RequestKeys(vec![(scope, "h".into())])
}

fn aliases(provider: &ProviderInfo, sent: &RequestKeys, fallback: &FallbackKeys) -> Result<Vec<String>> {
    let target = Target { provider: provider.name.clone(), model: "m".into() };
    plan(target, provider, sent, fallback).map(|p| p.keys.iter().map(|k| k.alias.clone()).collect())
}

#[test]
fn orders_keys() {
    let google = RequestKeyScope::Provider("google".into());
    let other = RequestKeyScope::Provider("xai".into());
    let none = FallbackKeys::default();
    let cases = [
        ("header before environment", sent(google.clone()), fallback(), vec!["header", "environment"]),
        ("header alone", sent(google), FallbackKeys::default(), vec!["header"]),
        (
            "the general header is for configured providers",
            sent(RequestKeyScope::Configured),
            fallback(),
            vec!["environment"],
        ),
        ("another provider's header", sent(other), fallback(), vec!["environment"]),
        ("environment alone", RequestKeys::default(), fallback(), vec!["environment"]),
    ];
    for (name, sent, fallback, want) in cases {
        assert_eq!(aliases(&provider(), &sent, &fallback).unwrap(), want, "{name}");
    }

    let configured = ProviderInfo { configured: true, ..provider() };
    assert_eq!(aliases(&configured, &sent(RequestKeyScope::Configured), &none).unwrap(), ["header"]);

    let error = aliases(&provider(), &RequestKeys::default(), &none).unwrap_err();
    assert_eq!(error.kind, ErrorKind::ProviderKeysExhausted);
    assert!(error.message.contains("X-Google-API-Key"), "{error}");

    let open = ProviderInfo { needs_key: false, ..provider() };
    assert!(aliases(&open, &RequestKeys::default(), &fallback()).unwrap().is_empty(), "no key where none is needed");
}
