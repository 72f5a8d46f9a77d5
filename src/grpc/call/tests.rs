use super::*;

fn headers(name: &'static str, value: &str) -> HeaderMap {
    HeaderMap::from_iter([(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())])
}

#[test]
fn reads_grpc_timeout() {
    let of = |value: &str| grpc_timeout(&headers("grpc-timeout", value));
    assert_eq!(of("5S"), Some(Duration::from_secs(5)));
    assert_eq!(of("250m"), Some(Duration::from_millis(250)));
    assert_eq!(of("2H"), Some(Duration::from_secs(7200)));
    assert_eq!(of("99999999H"), Some(Duration::from_secs(99_999_999 * 3600)));
    for bad in ["S", "5", "5s", "123456789S", "-1S", "1.5S", ""] {
        assert_eq!(of(bad), None, "{bad:?}");
    }
}

#[test]
fn reads_bearer_tokens() {
    let of = |value: &str| bearer(&headers("authorization", value)).map(str::to_owned);
    assert_eq!(of("Bearer sk-1").as_deref(), Some("sk-1"));
    assert_eq!(of("bearer  sk-1 ").as_deref(), Some("sk-1"));
    assert_eq!(of("Basic sk-1"), None);
    assert_eq!(of("sk-1"), None);
}

#[test]
fn keeps_sane_request_ids() {
    assert_eq!(request_id(&headers("x-request-id", "abc-1")), "abc-1");
    for odd in ["", "with space", &"x".repeat(129)] {
        let made = request_id(&headers("x-request-id", odd));
        assert!(made.starts_with("req_") && made.len() == 36, "{made}");
    }
}
