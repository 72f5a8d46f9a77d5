use super::*;
use crate::{
    domain::failure::FailureClass,
    routing::{
        fixtures::{self, disabled, failure, key, pool, provider, selected, sent},
        key_pool::PoolKey,
    },
};

fn sources(keys: Vec<PoolKey>, environment: bool) -> KeySources {
    fixtures::sources(&Arc::new(pool(keys).0), environment)
}

fn plan(sources: &KeySources, provider: &ProviderInfo, sent: &RequestKeys) -> Result<Plan> {
    let target = Target { provider: provider.name.clone(), model: "m".into() };
    let caller = Arc::new(Caller { user_id: "u".into(), ..Caller::default() });
    sources.plan(target, provider, Asked { caller, ..Asked::default() }, sent)
}

fn aliases(sources: &KeySources, provider: &ProviderInfo, sent: &RequestKeys) -> Result<String> {
    let plan = plan(sources, provider, sent)?;
    Ok(plan.keys.iter().map(|key| key.key().alias.as_str()).collect::<Vec<_>>().join(" "))
}

#[test]
fn orders_keys() {
    let of = |scope| RequestKeys(vec![(scope, "h".into())]);
    let (general, other) = (of(RequestKeyScope::Configured), of(RequestKeyScope::Provider("q".into())));
    let three = || vec![key("a"), selected("b"), key("c")];
    let cases = [
        ("header before environment", sent(true), sources(vec![], true), "header environment"),
        ("header alone", sent(true), sources(vec![], false), "header"),
        ("the general header is for configured providers", general.clone(), sources(vec![], true), "environment"),
        ("another provider's header", other, sources(vec![], true), "environment"),
        ("environment alone", sent(false), sources(vec![], true), "environment"),
        ("all there are", sent(true), sources(three(), true), "header b c a environment"),
        ("stored ones alone", sent(false), sources(three(), false), "b c a"),
        ("no disabled ones", sent(false), sources(vec![disabled(selected("a")), key("b")], true), "b environment"),
    ];
    for (name, sent, sources, want) in &cases {
        assert_eq!(aliases(sources, &provider(), sent).unwrap(), *want, "{name}");
    }

    let configured = ProviderInfo { configured: true, ..provider() };
    assert_eq!(aliases(&sources(vec![], false), &configured, &general).unwrap(), "header");

    for (keys, why) in [(vec![], "there is no key"), (vec![disabled(key("a"))], "switched off")] {
        let error = aliases(&sources(keys, false), &provider(), &sent(false)).unwrap_err();
        assert_eq!(error.kind, ErrorKind::ProviderKeysExhausted);
        assert!(error.message.contains(why) && error.message.contains("x-p-key"), "{error}");
    }

    let open = ProviderInfo { needs_key: false, ..provider() };
    assert!(aliases(&sources(three(), true), &open, &sent(false)).unwrap().is_empty(), "no key where none is needed");
}

#[test]
fn keys_that_are_switched_off_count_as_none() {
    let ring = |keys| plan(&sources(keys, true), &provider(), &sent(false)).unwrap().ring;
    assert!(ring(vec![]).is_none() && ring(vec![disabled(key("a"))]).is_none());
    assert!(ring(vec![key("a")]).is_some());
}

#[test]
fn the_first_usable_key_is_found_without_a_claim() {
    let sources = sources(vec![selected("a"), key("b")], true);
    let first = |user: &str, now| sources.first(&provider(), user, &sent(false), now).map(|key| key.alias.clone());
    assert_eq!((first("u", 5).as_deref(), first("v", 5).as_deref()), (Some("a"), Some("environment")));
    sources.pool.tested("a", 1, Err(&failure(FailureClass::RateLimit)), 5);
    assert_eq!(first("u", 6).as_deref(), Some("b"));
    for _ in 0..2 {
        assert_eq!(first("u", 60_000).as_deref(), Some("a"), "looking is no probe");
    }
}
