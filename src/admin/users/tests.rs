use super::*;
use crate::{
    access::{Directory, OWNER_ID},
    admin::gateway_keys::{CreateKey, GatewayKeys},
    storage::{DatabaseUrl, Store},
};

async fn gateway() -> (Users, GatewayKeys, Arc<Directory>, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::parse(&format!("sqlite://{}/gateway.db", dir.path().display())).unwrap();
    let (store, directory) = (Store::open(&url, 1).await.unwrap(), Arc::new(Directory::new()));
    let users = Users::new(store.clone(), directory.clone());
    (users, GatewayKeys::new(store, directory.clone()), directory, dir)
}

#[tokio::test]
async fn a_user_who_is_switched_off_has_no_keys() {
    let (users, keys, directory, _dir) = gateway().await;
    keys.bootstrap(None, 1).await.unwrap();
    let ann = users.create(" ann ", Role::Member, 2).await.unwrap();
    assert_eq!((ann.name.as_str(), ann.role), ("ann", Role::Member));
    let (_, secret) = keys.issue(&ann.id, CreateKey::named("laptop"), 3).await.unwrap();
    let known = || directory.authenticate(Some(secret.expose()), 4).map(|caller| caller.user_id.clone());
    assert_eq!(known().unwrap(), ann.id);
    assert!(!users.set_active("ann", false).await.unwrap().active);
    assert!(known().is_err());
    assert!(users.set_active(&ann.id, true).await.unwrap().active);
    assert!(known().is_ok());
    assert_eq!(users.list().await.unwrap().iter().map(|u| u.name.as_str()).collect::<Vec<_>>(), ["Owner", "ann"]);
}

#[tokio::test]
async fn one_active_owner_remains() {
    let (users, keys, directory, _dir) = gateway().await;
    let refused = users.create("eve", Role::Owner, 1).await.unwrap_err();
    assert_eq!(refused.kind, ErrorKind::NotAllowed, "the first user comes with the first key");
    let first = keys.bootstrap(None, 1).await.unwrap().unwrap();
    users.create("ann", Role::Member, 2).await.unwrap();
    assert_eq!(users.set_active(OWNER_ID, false).await.unwrap_err().kind, ErrorKind::NotAllowed);
    assert!(directory.authenticate(Some(first.secret.expose()), 3).is_ok());
    users.create("bob", Role::Owner, 4).await.unwrap();
    assert!(users.set_active(OWNER_ID, false).await.is_ok());
    assert_eq!(users.set_active("bob", false).await.unwrap_err().kind, ErrorKind::NotAllowed);
    assert!(users.set_active("ann", false).await.is_ok());
}

#[tokio::test]
async fn names_are_checked_and_unique() {
    let (users, keys, _, _dir) = gateway().await;
    keys.bootstrap(None, 1).await.unwrap();
    users.create("ann", Role::Member, 2).await.unwrap();
    for (name, kind) in [
        ("ann", ErrorKind::AlreadyExists),
        (" ", ErrorKind::InvalidRequest),
        ("a\nb", ErrorKind::InvalidRequest),
        (&"x".repeat(101), ErrorKind::InvalidRequest),
    ] {
        assert_eq!(users.create(name, Role::Member, 3).await.unwrap_err().kind, kind, "{name:?}");
    }
    assert_eq!(users.find("nobody").await.unwrap_err().kind, ErrorKind::NotFound);
}
