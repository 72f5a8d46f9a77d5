use std::sync::Arc;

use super::*;
use crate::{
    access::{Directory, OWNER_ID},
    domain::error::ErrorKind,
    storage::{DatabaseUrl, Store},
};

/// A gateway process of its own on the store in `dir`.
async fn process(dir: &tempfile::TempDir) -> (GatewayKeys, Arc<Directory>) {
    let url = DatabaseUrl::parse(&format!("sqlite://{}/gateway.db", dir.path().display())).unwrap();
    let directory = Arc::new(Directory::new());
    (GatewayKeys::new(Store::open(&url, 1).await.unwrap(), directory.clone()), directory)
}

fn laptop() -> CreateKey {
    CreateKey { name: " laptop ".into(), user_id: OWNER_ID.into(), expires_ms: None }
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
async fn a_key_lives_from_create_to_revoke() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, directory) = process(&dir).await;
    keys.bootstrap(None, 5).await.unwrap();
    let (key, secret) = keys.create(laptop(), 6).await.unwrap();
    assert_eq!((key.name.as_str(), key.created_ms), ("laptop", 6));
    assert_eq!(directory.authenticate(Some(secret.expose()), 6).unwrap().key_id, key.id);
    assert_eq!(keys.list().await.unwrap().len(), 2);
    assert!(!keys.revoke(&key.id).await.unwrap().active);
    assert!(directory.authenticate(Some(secret.expose()), 7).is_err());
    assert_eq!(keys.revoke("none").await.unwrap_err().kind, ErrorKind::NotFound);
}

#[tokio::test]
async fn another_process_sees_writes_when_it_polls() {
    let dir = tempfile::tempdir().unwrap();
    let (one, _) = process(&dir).await;
    let (two, directory) = process(&dir).await;
    one.bootstrap(None, 5).await.unwrap();
    assert!(two.refresh().await.unwrap());
    let (key, secret) = one.create(laptop(), 6).await.unwrap();
    assert!(directory.authenticate(Some(secret.expose()), 6).is_err());
    assert!(two.refresh().await.unwrap());
    assert!(directory.authenticate(Some(secret.expose()), 6).is_ok());
    one.revoke(&key.id).await.unwrap();
    assert!(two.refresh().await.unwrap());
    assert!(directory.authenticate(Some(secret.expose()), 6).is_err());
    assert!(!two.refresh().await.unwrap());
}

#[tokio::test]
async fn wrong_requests_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let (keys, _) = process(&dir).await;
    keys.bootstrap(None, 5).await.unwrap();
    for (request, field) in [
        (CreateKey { name: " ".into(), ..laptop() }, "name"),
        (CreateKey { name: "x".repeat(201), ..laptop() }, "name"),
        (CreateKey { name: "a\nb".into(), ..laptop() }, "name"),
        (CreateKey { expires_ms: Some(6), ..laptop() }, "expire_time"),
    ] {
        let error = keys.create(request, 6).await.unwrap_err();
        assert_eq!((error.kind, error.field.as_deref()), (ErrorKind::InvalidRequest, Some(field)));
    }
}
