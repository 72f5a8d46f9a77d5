//! The exchange of keys for tokens.

use std::time::{Duration, UNIX_EPOCH};

use http::HeaderMap;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::fixtures::{fixture, fixtures};
use crate::{
    domain::{
        failure::{FailureClass, UpstreamFailure},
        key::ProviderKey,
    },
    providers::{
        adapter::{AccessToken, Reply, TokenExchange},
        gigachat::GigaChatTokens,
    },
};

const UNIQUE: &str = "5d1e2c3b-4a59-4687-b7a6-95847362514f";
/// Half an hour before the tokens of the fixtures end.
const NOW: Duration = Duration::from_secs(1_790_000_000);

fn decode(body: &Value, now: Duration) -> Result<AccessToken, UpstreamFailure> {
    let (headers, body) = (HeaderMap::new(), body.to_string());
    let reply = Reply { status: 200, headers: &headers, body: body.as_bytes() };
    GigaChatTokens::default().decode_token(reply, UNIX_EPOCH + now)
}

#[test]
fn writes_every_request() {
    let key = "aWQ6c2VjcmV0";
    for (name, tokens, key) in [
        ("req_oauth_token", GigaChatTokens::default(), key.to_owned()),
        ("req_oauth_token", GigaChatTokens::default(), format!(" Basic {key}\n")),
        ("req_oauth_token_from_client_pair", GigaChatTokens::new("GIGACHAT_API_CORP"), pair()),
    ] {
        let provider = &fixture(name)["provider"];
        let request = tokens.encode_token(&ProviderKey::new("k", key), UNIQUE).unwrap();
        for (header, value) in provider["headers"].as_object().unwrap() {
            let want = value.as_str().unwrap().replace("{{auth_key}}", "aWQ6c2VjcmV0").replace("{{uuid4}}", UNIQUE);
            assert_eq!(request.headers[header.as_str()], want, "{name} {header}");
        }
        assert_eq!(request.body, provider["raw_body"].as_str().unwrap(), "{name}");
        assert!(!format!("{request:?}").contains("aWQ6c2VjcmV0"), "{name} shows its secret");
    }
    let odd = GigaChatTokens::new("a&b=я c").encode_token(&ProviderKey::new("k", "k"), UNIQUE).unwrap();
    assert_eq!(odd.body, "scope=a%26b%3D%D1%8F+c");
    let parameters = [("scope".to_owned(), "GIGACHAT_API_B2B".to_owned())].into();
    let own = ProviderKey { parameters, ..ProviderKey::new("k", "k") };
    let own = GigaChatTokens::default().encode_token(&own, UNIQUE).unwrap();
    assert_eq!(own.body, "scope=GIGACHAT_API_B2B", "a key knows its scope better than the operator");
}

fn pair() -> String {
    let config = fixture("req_oauth_token_from_client_pair")["openai"]["config"].clone();
    format!("{}:{}", config["client_id"].as_str().unwrap(), config["client_secret"].as_str().unwrap())
}

#[test]
fn refuses_keys_no_header_can_carry() {
    let failure = GigaChatTokens::default().encode_token(&ProviderKey::new("k", "key\u{7}secret"), UNIQUE).unwrap_err();
    assert_eq!(failure.class, FailureClass::Credential);
    assert!(!failure.message.contains("secret"));
}

#[test]
fn reads_every_token() {
    for (name, fixture) in fixtures("resp_oauth") {
        let token = decode(&fixture["provider"]["body"], NOW).expect(&name);
        let want = &fixture["openai"]["token"];
        assert_eq!(token.secret.expose_secret(), want["access_token"].as_str().unwrap(), "{name}");
        let ends = u64::try_from((NOW + token.lifetime).as_millis()).unwrap();
        assert_eq!(Some(ends), want["expires_at_unix_ms"].as_u64(), "{name}");
    }
}

#[test]
fn no_clock_makes_a_token_useless() {
    let half_an_hour = Duration::from_secs(1800);
    for (ends, want) in [
        (json!(1_790_000_900), Duration::from_secs(900)),
        (json!("1790000900000"), Duration::from_secs(900)),
        (json!(1_790_086_400), half_an_hour),
        (json!(1_790_000_001), half_an_hour),
        (json!(1_700_000_000), half_an_hour),
        (json!(0), half_an_hour),
        (json!(-5), half_an_hour),
        (json!(u64::MAX), half_an_hour),
        (Value::Null, half_an_hour),
    ] {
        let token = decode(&json!({"access_token": "t", "expires_at": ends}), NOW).unwrap();
        assert_eq!(token.lifetime, want, "{ends}");
    }
}

#[test]
fn says_when_there_is_no_token() {
    let check = |body: Value, class: FailureClass| assert_eq!(decode(&body, NOW).unwrap_err().class, class, "{body}");
    check(json!({}), FailureClass::BadResponse);
    check(json!({"access_token": ""}), FailureClass::BadResponse);
    check(json!({"code": 6, "message": "credentials doesn't match db data"}), FailureClass::Credential);
}

#[test]
fn only_a_refused_token_has_ended() {
    let ended = |class, http_status| {
        let failure = UpstreamFailure { http_status, ..UpstreamFailure::new(class, "x") };
        GigaChatTokens::default().token_ended(&failure)
    };
    assert!(ended(FailureClass::Credential, Some(401)));
    assert!(!ended(FailureClass::Credential, Some(403)));
    assert!(!ended(FailureClass::Credential, None));
    assert!(!ended(FailureClass::RateLimit, Some(429)));
}
