use proptest::prelude::*;

use super::*;

fn everything() -> AllowList {
    AllowList::new(&["*".to_owned()])
}

#[test]
fn addresses_of_the_table_get_their_verdict() {
    let table = include_str!("../../../../tests/fixtures/upstream/media_urls.txt");
    let cases: Vec<(bool, String)> = table
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (verdict, url) = line.split_once(' ').unwrap();
            (verdict == "allow", serde_json::from_str(url.trim()).unwrap())
        })
        .collect();
    assert!(cases.len() >= 300, "{} cases", cases.len());
    let allowed = everything();
    let wrong: Vec<_> = cases.iter().filter(|(want, url)| check(url, &allowed).is_some() != *want).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    let nothing = AllowList::new(&[]);
    assert!(cases.iter().all(|(_, url)| check(url, &nothing).is_none()), "an empty list allows nothing");
}

#[test]
fn lists_allow_what_they_name() {
    let hosts = ["Example.com", "*.cdn.example", "img.example:8443", "*.deep.example:444", "127.0.0.1", "localhost.x"];
    let allowed = AllowList::new(&hosts.map(str::to_owned));
    for (url, want) in [
        ("https://example.com/", true),
        ("https://EXAMPLE.COM/", true),
        ("https://www.example.com/", false),
        ("https://notexample.com/", false),
        ("https://example.com.evil.org/", false),
        ("https://example.com:8443/", false),
        ("https://a.cdn.example/", true),
        ("https://a.b.cdn.example/", true),
        ("https://cdn.example/", false),
        ("https://xcdn.example/", false),
        ("https://img.example:8443/", true),
        ("https://img.example/", false),
        ("https://a.deep.example:444/", true),
        ("https://a.deep.example/", false),
        ("https://127.0.0.1/", false),
        ("http://example.com/", false),
        ("https://user@example.com/", false),
    ] {
        assert_eq!(check(url, &allowed).is_some(), want, "{url}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// Whatever the text: an address inside an allowed URL is a public one, and the client would go there.
    #[test]
    fn an_allowed_address_is_public(text in r"[hH][tT]{2}[pP][sS]?:[/\\]{0,3}[-a-z0-9.:@%\[\]/\\_ ]{0,40}") {
        if let Some(url) = check(&text, &everything()) {
            let host = url.host_str().unwrap();
            prop_assert_eq!(url.scheme(), "https");
            prop_assert_eq!(url.port_or_known_default(), Some(443));
            prop_assert!(url.username().is_empty() && url.password().is_none());
            match host.trim_matches(['[', ']']).parse::<IpAddr>() {
                Ok(address) => prop_assert!(is_public(address)),
                Err(_) => prop_assert!(host.contains('.') && !host.ends_with('.')),
            }
        }
    }

    #[test]
    fn no_spelling_of_a_private_address_is_allowed(bits: u32, style in 0..6) {
        let address = Ipv4Addr::from(bits);
        let [a, b, c, d] = address.octets();
        let host = match style {
            0 => address.to_string(),
            1 => bits.to_string(),
            2 => format!("{bits:#x}"),
            3 => format!("{bits:#o}").replace("0o", "0"),
            4 => format!("{a:#x}.{b}.{}", u16::from_be_bytes([c, d])),
            _ => format!("[::ffff:{address}]"),
        };
        let allowed = check(&format!("https://{host}/"), &everything()).is_some();
        prop_assert_eq!(allowed, style == 0 && is_public(address.into()));
    }

    /// The standard library and this table agree on what it knows.
    #[test]
    fn what_the_library_calls_private_is_private(bits: u32) {
        let address = Ipv4Addr::from(bits);
        let known = address.is_private() || address.is_loopback() || address.is_link_local() || address.is_multicast()
            || address.is_broadcast() || address.is_documentation() || address.is_unspecified();
        prop_assert!(!(known && is_public(address.into())));
    }

    #[test]
    fn every_public_ipv6_address_is_global_unicast(bits: u128) {
        let address = Ipv6Addr::from(bits);
        if is_public(address.into()) {
            prop_assert_eq!(address.segments()[0] >> 13, 1);
            prop_assert!(address.to_ipv4().is_none());
        }
    }
}
