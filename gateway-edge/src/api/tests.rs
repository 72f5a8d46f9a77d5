//! Words, times, queries and bodies.

use prost_types::Timestamp;
use serde_json::{Value, json};

use super::{
    body,
    gateway_keys::{GatewayKeyChanges, NewGatewayKey},
    import::{Import, OPTIONS},
    provider_keys::{NewProviderKey, ProviderKey, ProviderKeyChanges},
    query::Query,
    time,
    words::*,
};
use crate::{error::Failure, pb};

/// What a failure tells: status, param and text.
fn told(failure: &Failure) -> (u16, &str, &str) {
    (failure.status().as_u16(), failure.param().unwrap_or_default(), failure.message())
}

#[test]
fn every_value_of_the_contract_has_its_word() {
    macro_rules! check {
        ($words:expr, $kind:ty, $prefix:literal, $($other:literal)?) => {
            for number in 1..64 {
                let Ok(value) = <$kind>::try_from(number) else { continue };
                let name = value.as_str_name().strip_prefix($prefix).unwrap();
                let found = word(number, $words).unwrap_or_else(|| panic!("{name} has no word"));
                let same = found.eq_ignore_ascii_case(name) $(|| found == $other)?;
                assert!(same, "{found} for {name}");
                assert_eq!(super::words::value(&found.to_lowercase(), $words, "x").unwrap(), number);
            }
            assert_eq!((word(0, $words), word(99, $words)), (None, None));
        };
    }
    check!(STATES, pb::ProviderKeyState, "PROVIDER_KEY_STATE_",);
    check!(FAILURES, pb::FailureClass, "FAILURE_CLASS_",);
    check!(TEST_VERDICTS, pb::ProviderKeyTestVerdict, "PROVIDER_KEY_TEST_VERDICT_",);
    check!(IMPORT_FORMATS, pb::ImportFormat, "IMPORT_FORMAT_",);
    check!(IMPORT_VERDICTS, pb::ImportVerdict, "IMPORT_VERDICT_",);
    check!(SCOPES, pb::GatewayKeyScope, "GATEWAY_KEY_SCOPE_",);
    check!(ACTIONS, pb::ActivityAction, "ACTIVITY_ACTION_",);
    check!(DIMENSIONS, pb::UsageDimension, "USAGE_DIMENSION_", "key");

    let failure = value("sk-secret", STATES, "state").unwrap_err();
    assert_eq!(told(&failure).1, "state");
    assert!(!failure.message().contains("secret") && failure.message().contains("quota_exhausted"));
}

#[test]
fn times() {
    type Read = fn(&str, &str) -> Result<Timestamp, Failure>;
    let rows: [(&str, Read, Option<&str>); 12] = [
        ("2026-11-23T08:00:00Z", time::moment, Some("2026-11-23T08:00:00Z")),
        ("2026-11-23T08:00:00+07:00", time::moment, Some("2026-11-23T01:00:00Z")),
        ("2026-11-23", time::moment, None),
        ("soon", time::moment, None),
        ("2026-11-23", time::start, Some("2026-11-23T00:00:00Z")),
        ("2026-11-23T08:00:00.5Z", time::start, Some("2026-11-23T08:00:00.500Z")),
        ("2026-13-01", time::start, None),
        ("", time::start, None),
        ("2026-11-23", time::end, Some("2026-11-24T00:00:00Z")),
        ("2026-12-31", time::end, Some("2027-01-01T00:00:00Z")),
        ("2026-11-23T23:59:59.999Z", time::end, Some("2026-11-24T00:00:00Z")),
        ("2026-11-23T08:00:00 07:00", time::end, None),
    ];
    for (text, read, want) in rows {
        match (read(text, "from_date"), want) {
            (Ok(time), Some(want)) => assert_eq!(time.to_string(), want, "{text}"),
            (Err(failure), None) => assert_eq!(told(&failure).1, "from_date", "{text}"),
            (got, _) => panic!("{text}: {got:?}"),
        }
    }
    assert_eq!(time::day(&Some(Timestamp { seconds: 1_795_392_000, nanos: 5 })).unwrap(), "2026-11-23");
}

#[test]
fn queries() {
    let known = ["provider", "provider_name", "state", "selected", "limit"];
    let query = Query::read("state=active,cooling&state=invalid&provider=a%20b+c&limit=7&selected=1", &known).unwrap();
    assert_eq!(query.list("state").collect::<Vec<_>>(), ["active", "cooling", "invalid"]);
    assert_eq!(query.text(&["provider", "provider_name"]).unwrap(), "a b c");
    assert_eq!((query.count("limit").unwrap(), query.flag(&["selected"]).unwrap()), (Some(7), Some(true)));
    let empty = Query::read("provider=&limit=", &known).unwrap();
    assert_eq!((empty.one(&["provider"]).unwrap(), empty.count("limit").unwrap()), (None, None));

    for (text, param) in [
        ("colour=red", "colour"),
        ("=1", ""),
        ("provider=a&provider=b", "provider"),
        ("provider=a&provider_name=b", "provider_name"),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=4294967296", "limit"),
        ("selected=yes", "selected"),
    ] {
        let read = |text: &str| {
            let query = Query::read(text, &known)?;
            query.one(&["provider", "provider_name"])?;
            query.count("limit")?;
            query.flag(&["selected"])
        };
        assert_eq!(told(&read(text).unwrap_err()).1, param, "{text}");
    }
}

#[test]
fn a_body_is_refused_by_the_name_of_the_member() {
    let create = |json: &str| body::read::<NewProviderKey>(json.as_bytes()).and_then(NewProviderKey::into_request);
    for (json, param, text) in [
        (r#"{"api_key":"s3cr3t"}"#, "provider_name", "Missing required parameter: 'provider_name'."),
        (r#"{"provider":"google"}"#, "api_key", "Missing required parameter: 'api_key'."),
        (r#"{"provider":"google","api_key":["s3cr3t"]}"#, "api_key", "Invalid 'api_key': expected a string."),
        (r#"{"provider":"g","is_active":"s3cr3t"}"#, "is_active", "Invalid 'is_active': expected a boolean."),
        (r#"{"parameters":{"scope":7}}"#, "parameters.scope", "Invalid 'parameters.scope': expected a string."),
        (r#"{"provider":"a","provider_name":"b"}"#, "provider_name", "'provider_name' is given twice"),
        (r#"{"colour":"s3cr3t"}"#, "colour", "Unknown member 'colour'; known here: "),
        (r#"["s3cr3t"]"#, "", "Invalid body: expected a JSON object."),
        (r#""s3cr3t""#, "", "Invalid body: expected a JSON object."),
        (r#"{"api_key":"s3cr3t""#, "", "We could not parse the JSON body"),
        (r#"{"provider":"a","api_key":"s3cr3t"} s3cr3t"#, "", "We could not parse the JSON body"),
        (r#"["google","s3cr3t",null,null,null,null]"#, "", "Invalid body: expected a JSON object."),
        ("", "", "Invalid body: expected a JSON object."),
    ] {
        let failure = create(json).unwrap_err();
        let (status, named, message) = told(&failure);
        assert_eq!((status, named), (400, param), "{json}: {message}");
        assert!(message.starts_with(text) && !message.contains("s3cr3t"), "{json}: {message}");
    }
    let message = create(r#"{"provider_name":"google","secret":"s3cr3t","name":null,"is_active":false}"#).unwrap();
    let key = message.provider_key.unwrap();
    assert_eq!((&*key.provider, &*message.secret, &*key.name, key.active), ("google", "s3cr3t", "", Some(false)));

    for (json, is_fine) in [("", true), (" \n", true), ("{}", true), (r#"{"a":1}"#, false), ("[]", false)] {
        assert_eq!(body::expect_empty(json.as_bytes()).is_ok(), is_fine, "{json}");
    }
}

#[test]
fn changes_name_what_they_change() {
    let paths = |json: Value| {
        let changes: ProviderKeyChanges = body::read(json.to_string().as_bytes())?;
        let calls = changes.into_calls("k1".into())?;
        let update = calls.update.map(|u| (u.provider_key.unwrap(), u.update_mask.unwrap().paths.join(","), u.secret));
        Ok::<_, Failure>((update, calls.select))
    };
    let (update, select) =
        paths(json!({"name": "n", "is_active": false, "api_key": "s", "quota_owner": null, "parameters": null}))
            .unwrap();
    let (key, mask, secret) = update.unwrap();
    assert_eq!(mask, "name,active,secret,quota_owner,parameters");
    assert_eq!((&*key.id, &*key.name, key.active, &*secret, select), ("k1", "n", Some(false), "s", None));
    // Whether a field can be cleared is for the service to say.
    let (update, _) = paths(json!({"is_active": null})).unwrap();
    assert_eq!((update.as_ref().unwrap().0.active, &*update.unwrap().1), (None, "active"));
    assert!(matches!(paths(json!({"is_selected": true})), Ok((None, Some(true)))));
    for nothing in [json!({}), json!({"is_selected": null})] {
        assert!(paths(nothing).unwrap_err().message().starts_with("Nothing to change"));
    }

    let mask = |json: Value| {
        let changes: GatewayKeyChanges = body::read(json.to_string().as_bytes())?;
        let update = changes.into_request("k1".into())?;
        Ok::<_, Failure>((update.update_mask.unwrap().paths.join(","), update.gateway_key.unwrap()))
    };
    let (paths, key) =
        mask(json!({"name": "n", "is_active": true, "expires_at": null, "scopes": ["keys"], "allowed_models": []}))
            .unwrap();
    assert_eq!(paths, "name,active,expire_time,scopes,allowed_models");
    assert_eq!((key.active, key.expire_time, key.scopes), (Some(true), None, vec![2]));
    assert!(mask(json!({})).is_err());
    assert_eq!(told(&mask(json!({"budget": {}})).unwrap_err()).1, "budget");

    let create = |json: Value| body::read::<NewGatewayKey>(json.to_string().as_bytes())?.into_request();
    assert_eq!(told(&create(json!({})).unwrap_err()).1, "name");
    for scopes in [json!(["root"]), json!([])] {
        assert_eq!(told(&create(json!({"name": "n", "scopes": scopes})).unwrap_err()).1, "scopes", "{scopes}");
    }
    assert_eq!(told(&create(json!({"name": "n", "expires_at": "tomorrow"})).unwrap_err()).1, "expires_at");
}

#[test]
fn a_key_without_more_to_say() {
    let key = pb::ProviderKey { id: "k1".into(), provider: "google".into(), state: 1, ..Default::default() };
    let shown: Value = serde_json::from_slice(&body::write(&ProviderKey::of(&key))).unwrap();
    for name in ["state_end_time", "state_reason", "failure_class", "quota_owner", "last_used_at"] {
        assert_eq!(shown[name], Value::Null, "{name}");
        assert!(shown.as_object().unwrap().contains_key(name), "{name}");
    }
    assert_eq!(
        (&shown["state"], &shown["is_active"], &shown["parameters"]),
        (&json!("active"), &json!(true), &json!({}))
    );
}

#[test]
fn an_import_in_a_json_body() {
    let import = |query: &str, json: &'static str| {
        let mut import = Import::of(&Query::read(query, &OPTIONS).unwrap())?;
        import.json(json.as_bytes().into())?;
        import.into_request()
    };
    let request = import("provider=google&dry_run=true", r#" [{"secret":"a"}]"#).unwrap();
    assert_eq!((request.format, &*request.content), (3, &br#" [{"secret":"a"}]"#[..]));
    assert_eq!((&*request.default_provider, request.dry_run, request.all_or_nothing), ("google", true, false));
    let request = import(
        "format=csv&provider=x",
        r#"{"content":"a\nb","provider":"xai","format":"lines","all_or_nothing":true}"#,
    );
    let request = request.unwrap();
    assert_eq!((request.format, &*request.content, &*request.default_provider), (4, &b"a\nb"[..], "xai"));
    assert!(request.all_or_nothing);
    for (query, json, param) in [
        ("", "{}", "content"),
        ("", r#"{"keys":[]}"#, "keys"),
        ("", r#"{"content":"a","format":"yaml"}"#, "format"),
        ("dry_run=maybe", "[]", "dry_run"),
        ("format=yaml", "[]", "format"),
    ] {
        assert_eq!(told(&import(query, json).unwrap_err()).1, param, "{query} {json}");
    }
}
