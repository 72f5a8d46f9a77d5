use super::*;

const SCOPE: &[KeyParameter] = &[KeyParameter { name: "scope", values: &["ONE", "TWO"] }];

fn kinds() -> KeyKinds {
    let kind = |parameters, variables: &[&str]| KeyKind {
        parameters,
        variables: variables.iter().map(|name| (*name).to_owned()).collect(),
        console: "",
    };
    let kinds = [("own-1", kind(&[], &["OWN_1_API_KEY"])), ("xai", kind(SCOPE, &["XAI_API_KEY", "GROK_API_KEY"]))];
    KeyKinds(kinds.into_iter().map(|(name, kind)| (name.to_owned(), kind)).collect())
}

#[test]
fn variables_name_providers() {
    for (variable, want) in [
        ("XAI_API_KEY", Some("xai")),
        ("grok_api_key", Some("xai")),
        ("XAI_API_KEY_2", Some("xai")),
        ("XAI_API_KEY17", Some("xai")),
        ("XAI_API_KEYS", Some("xai")),
        ("xai_api_keys", Some("xai")),
        ("XAI_API_KEYS_2", None),
        ("OWN_1_API_KEY", Some("own-1")),
        ("OWN_1_API_KEY_1", Some("own-1")),
        ("XAI_API_KEY_", None),
        ("XAI_API_KEY_2_", None),
        ("XAI_API_KEY__2", None),
        ("MY_XAI_API_KEY", None),
        ("XAI_API_KEY_TWO", None),
        ("2", None),
        ("", None),
    ] {
        assert_eq!(kinds().of_variable(variable), want, "{variable}");
    }
}

#[test]
fn parameters_are_those_the_provider_knows() {
    for (provider, name, value, want) in [
        ("xai", "scope", "TWO", Ok(())),
        ("xai", "scope", "two", Err(("p.scope", "`scope` must be one of ONE, TWO"))),
        ("xai", "Scope", "TWO", Err(("p", "keys of this provider take scope and nothing else"))),
        ("own-1", "scope", "ONE", Err(("p", "keys of this provider take no parameters; leave them out"))),
    ] {
        let parameters = BTreeMap::from([(name.to_owned(), value.to_owned())]);
        let checked = kinds().get(provider, "provider").unwrap().check_parameters(&parameters, "p");
        let checked = checked.map_err(|error| (error.field.unwrap_or_default(), error.message));
        assert_eq!(checked, want.map_err(|(field, message)| (field.to_owned(), message.to_owned())), "{name}={value}");
    }
    let error = kinds().get("AIza-a-secret", "provider").unwrap_err();
    assert_eq!(error.message, "no provider of this name takes keys; there are own-1, xai");
    assert_eq!(error.field.as_deref(), Some("provider"));
}
