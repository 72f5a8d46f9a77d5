//! Keys of all shapes in sentences of all shapes, through every adapter; and texts that must stay as they are.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use http::HeaderMap;

use super::*;
use crate::providers::{
    adapter::Reply,
    registry::{BUILT_IN, Choices, Wire},
};

/// Keys as providers give them, composed on 2026-11-23.
fn keys() -> Vec<(&'static str, String)> {
    let pair = "8f14e45f-ceea-467f-a5d6-0b1f3a9c2d7e:c9f0f895-fb98-4b91-9a5f-7e2d4c6b8a01";
    let claims = URL_SAFE_NO_PAD.encode(r#"{"sub":"1234567890","scope":"GIGACHAT_API_PERS"}"#);
    let head = URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256","typ":"JWT"}"#);
    vec![
        ("google", "AIzaSyD-9tSrke72PouQMnMX-a7eZSW0jkFMBWY".into()),
        ("google, newer", "AQ.Ab8RN6Jh4xQ-2mPz_L0kWd".into()),
        ("google, access token", "ya29.a0AfH6SMBx7Kq-3Lw".into()),
        ("xai", "xai-Qm7kT2vXz9LpR4sWbN8cYd3F".into()),
        ("perplexity", "pplx-7f3a9b2c1d8e4f6a5b0c".into()),
        ("openai", "sk-proj-abcDEF_ghi-JKL".into()),
        ("anthropic", "sk-ant-api03-xYz_12-abc".into()),
        ("cerebras", "csk-j4n6v8x2m5k9".into()),
        ("groq", "gsk_Wb3Tq8Zx1Lm6".into()),
        ("nvidia", "nvapi-Zk3-mQ8_xV".into()),
        ("gigachat", STANDARD.encode(pair)),
        ("a signed token", format!("{head}.{claims}.Rw-x_9")),
        ("hexadecimal", "9f86d081884c7d659a2feaa0c55ad015".into()),
        ("url-safe base64", "kJ7-xQ2_mP9-Zr4_vB8-tL1_nC6-hW3_sD5-yF0".into()),
    ]
}

fn url_encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric();
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

/// Whether the text shows eight characters of the key in a row.
fn shows(text: &str, key: &str) -> bool {
    key.as_bytes().windows(8).any(|part| text.contains(std::str::from_utf8(part).unwrap()))
}

#[test]
fn no_key_is_shown() {
    for (name, key) in keys() {
        for text in [
            format!("Incorrect API key provided: {key}."),
            format!("Incorrect API key provided: {key}. You can find your key at https://example.com/account."),
            format!("{{\"error\":\"key '{key}' is not valid\"}}"),
            format!("Authorization: Bearer {key}"),
            format!("authorization=Bearer%20{key}"),
            format!("GET https://example.com/v1/models?key={key}&page=2"),
            format!("GET https://example.com/v1/models?key={}&page=2", url_encoded(&key)),
            format!("header x-api-key:{key}, sent twice"),
            format!("<{key}>"),
            format!("first line\n{key}\nlast line"),
            format!("{} {key}", "word ".repeat(20)),
            // Whatever is cut, it is not the key.
            format!("{} {key}", "w".repeat(MAX_INPUT - key.len() / 2)),
            format!("{} {key}", "**********".repeat(MAX_INPUT / 10 - 1)),
        ] {
            let public = public_message(&text);
            assert!(!shows(&public, &key), "{name}: {public}");
        }
        if key.bytes().any(|b| !b.is_ascii_alphanumeric()) {
            let encoded = url_encoded(&key);
            let public = public_message(&format!("the header was {encoded} here"));
            assert!(!shows(&public, &encoded), "{name}: {public}");
        }
    }
    let masked = "Bearer abc1 and Basic dXNlcjE= and key=hunter22 and password=opensesame";
    let want = "Bearer [redacted] and Basic [redacted] and [redacted] and [redacted]";
    assert_eq!(public_message(masked), want);
}

#[test]
fn plain_words_stay() {
    for text in [
        "The model `meta-llama/Llama-3.3-70B-Instruct-Turbo-Free` does not exist",
        "models/gemini-2.5-flash-preview-05-20 is not found for API version v1beta",
        "GenerateRequestsPerDayPerProjectPerModel-FreeTier",
        "Quota exceeded for quota metric 'generativelanguage.googleapis.com/generate_content_requests'",
        "Basic authentication is not supported; see https://docs.example.com/en/api/errors",
        "max_tokens=4096 is too large, key=value",
        "request 8f14e45f-ceea-467f-a5d6-0b1f3a9c2d7e failed, 100% of it",
        "Qwen/Qwen3-235B-A22B-Instruct-2507 and deepseek-ai/DeepSeek-R1-Distill-Llama-70B",
    ] {
        assert_eq!(public_message(text), text);
    }
}

/// Bodies as the providers' errors have them, with a key wherever a text can be.
fn bodies(key: &str) -> Vec<String> {
    vec![
        format!("no key: {key}"),
        format!(r#"{{"error":"bad {key}"}}"#),
        format!(
            r#"{{"error":{{"message":"bad {key}","type":"{key}","code":"{key}","param":"{key}","status":"{key}"}}}}"#
        ),
        format!(r#"{{"type":"error","error":{{"type":"{key}","message":"{key}"}},"request_id":"{key}"}}"#),
        format!(r#"{{"status":401,"message":"{key}","code":7}}"#),
        format!(r#"{{"detail":"{key}"}}"#),
        format!(r#"{{"detail":[{{"loc":["body","{key}"],"msg":"{key}","type":"{key}"}}]}}"#),
        format!(r#"[{{"error":{{"code":400,"message":"{key}","status":"{key}","details":[{{"reason":"{key}"}}]}}}}]"#),
        format!("<html><title>{key}</title></html>"),
    ]
}

#[test]
fn no_adapter_shows_a_key() {
    for row in &BUILT_IN {
        let Wire::Http(adapter) = row.wire else { continue };
        let adapter = adapter(&Choices::default());
        for (name, key) in keys() {
            for body in bodies(&key) {
                for status in [400, 401, 403, 404, 429, 500] {
                    let reply = Reply { status, headers: &HeaderMap::new(), body: body.as_bytes() };
                    let failure = adapter.decode_error(reply);
                    let told = format!("{failure:?}");
                    assert!(!shows(&told, &key), "{}: {name}: {body}: {told}", row.name);
                }
            }
        }
    }
}
