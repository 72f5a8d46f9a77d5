use std::sync::Arc;

use super::*;
use crate::{
    access::{Directory, OWNER_ID},
    domain::{error::ErrorKind, key::Caller, scope::Scope},
    storage::{DatabaseUrl, Store},
};

/// A gateway process of its own on the store in `dir`.
async fn process(dir: &tempfile::TempDir) -> (GatewayKeys, Arc<Directory>) {
    let url = DatabaseUrl::parse(&format!("sqlite://{}/gateway.db", dir.path().display())).unwrap();
    let directory = Arc::new(Directory::new());
    (GatewayKeys::new(Store::open(&url, 1).await.unwrap(), directory.clone()), directory)
}

fn laptop() -> CreateKey {
    CreateKey::named(" laptop ")
}

/// Whoever shows this key, at this time.
fn actor(directory: &Directory, secret: &GatewayKeySecret, now_ms: i64) -> Actor {
    let caller = directory.authenticate(Some(secret.expose()), now_ms).unwrap();
    Actor { caller, request_id: "r".into(), now_ms }
}

fn scopes(scopes: &[Scope]) -> Scopes {
    scopes.iter().copied().collect()
}

fn models(patterns: &[&str]) -> ModelPatterns {
    ModelPatterns::new(patterns.iter().map(|p| (*p).to_owned()))
}

#[tokio::test]
async fn the_first_start_makes_one_key() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, directory) = process(&dir).await;
    let first = keys.bootstrap(None, 5).await.unwrap().unwrap();
    assert!(first.generated);
    assert_eq!(directory.authenticate(Some(first.secret.expose()), 5).unwrap().user_id, OWNER_ID);

    let (keys, directory) = process(&dir).await;
    assert!(keys.bootstrap(None, 6).await.unwrap().is_none());
    assert!(directory.authenticate(Some(first.secret.expose()), 6).is_ok());
}

#[tokio::test]
async fn the_operator_may_choose_the_first_key() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, directory) = process(&dir).await;
    assert!(!keys.bootstrap(Some("correct-horse"), 5).await.unwrap().unwrap().generated);
    assert!(directory.authenticate(Some("correct-horse"), 5).is_ok());
    assert!(keys.bootstrap(Some("another"), 5).await.unwrap().is_none());
    assert!(directory.authenticate(Some("another"), 5).is_err());
}

#[tokio::test]
async fn a_key_lives_from_create_to_delete() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, directory) = process(&dir).await;
    let first = keys.bootstrap(None, 5).await.unwrap().unwrap();
    let owner = actor(&directory, &first.secret, 6);
    let (key, secret) = keys.create(&owner, laptop()).await.unwrap();
    assert_eq!((key.name.as_str(), key.created_ms, key.scopes), ("laptop", 6, Scopes::all()));
    assert_eq!(directory.authenticate(Some(secret.expose()), 6).unwrap().key_id, key.id);
    assert_eq!(keys.list_all().await.unwrap().len(), 2);
    let change = GatewayKeyChange { name: Some(" desk ".into()), ..GatewayKeyChange::default() };
    assert_eq!(keys.update(&owner, &key.id, change).await.unwrap().name, "desk");
    assert_eq!(directory.authenticate(Some(secret.expose()), 6).unwrap().key_name, "desk");
    assert!(!keys.revoke(&key.id, 7).await.unwrap().active);
    assert!(directory.authenticate(Some(secret.expose()), 7).is_err());
    let change = GatewayKeyChange { active: Some(true), ..GatewayKeyChange::default() };
    assert!(keys.update(&owner, &key.id, change).await.unwrap().active);
    keys.delete(&owner, &key.id).await.unwrap();
    assert!(directory.authenticate(Some(secret.expose()), 7).is_err());
    for error in [
        keys.revoke("none", 7).await.unwrap_err(),
        keys.delete(&owner, &key.id).await.unwrap_err(),
        keys.get(&owner, &key.id).await.unwrap_err(),
    ] {
        assert_eq!(error.kind, ErrorKind::NotFound);
    }
    keys.delete(&owner, &owner.caller.key_id).await.unwrap();
    assert!(directory.authenticate(Some(first.secret.expose()), 7).is_err(), "the key in use may go too");
}

#[tokio::test]
async fn a_new_key_has_what_its_maker_has() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, directory) = process(&dir).await;
    keys.bootstrap(None, 5).await.unwrap();
    let narrow = CreateKey { scopes: scopes(&[Scope::Keys]), models: models(&["a/*"]), ..laptop() };
    let (_, secret) = keys.issue(OWNER_ID, narrow, 5).await.unwrap();
    let maker = actor(&directory, &secret, 6);
    let (key, _) = keys.create(&maker, laptop()).await.unwrap();
    assert_eq!((key.scopes, key.models.as_slice()), (scopes(&[Scope::Keys]), &["a/*".to_owned()][..]));
    for (request, field) in [
        (CreateKey { scopes: Scopes::all(), ..laptop() }, "gateway_key.scopes"),
        (CreateKey { models: models(&["b/c"]), ..laptop() }, "gateway_key.allowed_models"),
    ] {
        let error = keys.create(&maker, request).await.unwrap_err();
        assert_eq!((error.kind, error.field.as_deref()), (ErrorKind::NotAllowed, Some(field)));
    }
    let widen = GatewayKeyChange { models: Some(ModelPatterns::default()), ..GatewayKeyChange::default() };
    let error = keys.update(&maker, &maker.caller.key_id, widen).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::NotAllowed, "not even itself");
}

#[tokio::test]
async fn keys_of_others_are_as_if_they_were_not_there() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, directory) = process(&dir).await;
    let first = keys.bootstrap(None, 5).await.unwrap().unwrap();
    let owner = actor(&directory, &first.secret, 6);
    let stranger = Actor { caller: Arc::new(Caller { user_id: "other".into(), ..(*owner.caller).clone() }), ..owner };
    for id in [first.key.id.as_str(), "none"] {
        let change = || GatewayKeyChange { active: Some(false), ..GatewayKeyChange::default() };
        for error in [
            keys.get(&stranger, id).await.unwrap_err(),
            keys.update(&stranger, id, change()).await.unwrap_err(),
            keys.delete(&stranger, id).await.unwrap_err(),
        ] {
            assert_eq!(error.kind, ErrorKind::NotFound);
            assert_eq!(error.message, not_found("id").message);
        }
    }
    assert!(keys.list(&stranger, ListKeys { limit: 10, ..ListKeys::default() }).await.unwrap().is_empty());
}

/// Another replica lets a revoked key in for up to a second. It must not leave a key behind in that time.
#[tokio::test]
async fn a_key_revoked_elsewhere_gives_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (here, _) = process(&dir).await;
    let (there, directory) = process(&dir).await;
    let first = here.bootstrap(None, 5).await.unwrap().unwrap();
    there.refresh().await.unwrap();
    let caller = actor(&directory, &first.secret, 6);
    here.revoke(&first.key.id, 6).await.unwrap();
    assert!(directory.authenticate(Some(first.secret.expose()), 6).is_ok(), "it is not known here yet");
    assert_eq!(there.create(&caller, laptop()).await.unwrap_err().kind, ErrorKind::GatewayKeyInvalid);
    let revive = GatewayKeyChange { active: Some(true), ..GatewayKeyChange::default() };
    let error = there.update(&caller, &first.key.id, revive).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::GatewayKeyInvalid);
}

#[tokio::test]
async fn another_process_sees_writes_when_it_polls() {
    let dir = tempfile::tempdir().unwrap();
    let (one, _) = process(&dir).await;
    let (two, directory) = process(&dir).await;
    one.bootstrap(None, 5).await.unwrap();
    assert!(two.refresh().await.unwrap());
    let (key, secret) = one.issue(OWNER_ID, laptop(), 6).await.unwrap();
    assert!(directory.authenticate(Some(secret.expose()), 6).is_err());
    assert!(two.refresh().await.unwrap());
    assert!(directory.authenticate(Some(secret.expose()), 6).is_ok());
    one.revoke(&key.id, 6).await.unwrap();
    assert!(two.refresh().await.unwrap());
    assert!(directory.authenticate(Some(secret.expose()), 6).is_err());
    assert!(!two.refresh().await.unwrap());
}

#[tokio::test]
async fn the_last_use_is_shown_at_once_and_stored_later() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, directory) = process(&dir).await;
    let first = keys.bootstrap(None, 5).await.unwrap().unwrap();
    let (key, secret) = keys.issue(OWNER_ID, laptop(), 6).await.unwrap();
    let owner = actor(&directory, &first.secret, 9_000);
    let shown = async || keys.get(&owner, &key.id).await.unwrap().last_used_ms;
    let stored = async || keys.state.store.find_gateway_key(&key.id).await.unwrap().unwrap().last_used_ms;
    assert_eq!(shown().await, None);
    actor(&directory, &secret, 10_000);
    assert_eq!((shown().await, stored().await), (Some(10_000), None));
    keys.state.store_uses().await.unwrap();
    assert_eq!(stored().await, Some(10_000));
    assert!(directory.unstored_uses().is_empty());

    // A key that is revoked before its use was stored is the one whose last use somebody will want to know.
    actor(&directory, &secret, 20_000);
    keys.revoke(&key.id, 20_001).await.unwrap();
    keys.state.store_uses().await.unwrap();
    assert_eq!(stored().await, Some(20_000));
}

#[tokio::test]
async fn wrong_requests_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, _) = process(&dir).await;
    keys.bootstrap(None, 5).await.unwrap();
    let named = |name: &str| CreateKey::named(name);
    let with = |patterns: &[&str]| CreateKey { models: models(patterns), ..laptop() };
    for (request, field) in [
        (named(" "), "gateway_key.name"),
        (named(&"x".repeat(101)), "gateway_key.name"),
        (named("a\nb"), "gateway_key.name"),
        (CreateKey { expires_ms: Some(6), ..laptop() }, "gateway_key.expire_time"),
        (with(&["a/b", ""]), "gateway_key.allowed_models[1]"),
        (with(&["a*b"]), "gateway_key.allowed_models[0]"),
        (with(&["a b"]), "gateway_key.allowed_models[0]"),
        (with(&[&"x".repeat(201)]), "gateway_key.allowed_models[0]"),
        (with(&["a"; 101]), "gateway_key.allowed_models"),
    ] {
        let error = keys.issue(OWNER_ID, request, 6).await.unwrap_err();
        assert_eq!((error.kind, error.field.as_deref()), (ErrorKind::InvalidRequest, Some(field)));
    }
    assert!(keys.issue(OWNER_ID, with(&["*", "a/*", "a/b"]), 6).await.is_ok());
}
