use super::*;

fn headers(name: http::HeaderName, value: &'static str) -> HeaderMap {
    [(name, HeaderValue::from_static(value))].into_iter().collect()
}

#[test]
fn gzip_goes_to_those_who_take_it() {
    for (value, takes) in [
        ("", false),
        ("gzip", true),
        ("deflate, GZIP;q=0.5", true),
        ("br", false),
        ("gzip;q=0", false),
        ("gzip; q=0.0, br", false),
    ] {
        assert_eq!(takes_gzip(&headers(header::ACCEPT_ENCODING, value)), takes, "{value}");
    }
}

#[test]
fn who_has_it_is_told_so() {
    let asset = Asset::plain("text/plain", "hello");
    let tag = asset.answer(&HeaderMap::new()).headers()[header::ETAG].to_str().unwrap().to_owned();
    assert_ne!(tag, Asset::plain("text/plain", "other").etag);
    let strong = tag.trim_start_matches("W/");
    for (value, status) in [
        ("\"other\"".to_owned(), 200),
        ("*".to_owned(), 304),
        (tag.clone(), 304),
        (strong.to_owned(), 304),
        (format!("\"other\", {tag}"), 304),
    ] {
        let asked = [(header::IF_NONE_MATCH, HeaderValue::try_from(&value).unwrap())].into_iter().collect();
        assert_eq!(asset.answer(&asked).status(), status, "{value}");
    }
}
