//! Every test of the storage runs on SQLite and on a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/pg.rs"]
mod pg;

use ai_model_gateway::{
    domain::key::GatewayKey,
    storage::{DatabaseUrl, Store, StoreError, User, migration_names},
};

fn owner() -> User {
    User { id: "owner".into(), name: "Owner".into(), role: "owner".into(), created_ms: 1, active: true }
}

fn key(n: u8) -> GatewayKey {
    GatewayKey {
        id: format!("k{n:03}"),
        user_id: "owner".into(),
        name: format!("key {n}"),
        hash: vec![n; 32],
        active: true,
        created_ms: i64::from(n),
        expires_ms: n.is_multiple_of(2).then_some(99),
        ..GatewayKey::default()
    }
}

async fn open(url: &str) -> Store {
    Store::open(&DatabaseUrl::parse(url).unwrap(), 4).await.unwrap()
}

async fn with_owner(url: &str) -> Store {
    let store = open(url).await;
    assert!(store.create_owner_if_empty(&owner(), &key(0)).await.unwrap());
    store
}

macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $name() {
                let dir = tempfile::tempdir().unwrap();
                super::$name(format!("sqlite://{}/new/gateway.db", dir.path().display())).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                let Some(url) = super::pg::database() else { return };
                super::$name(url).await;
            })*
        }
    };
}

on_both!(
    stores_keys,
    refuses_what_conflicts,
    revokes,
    the_snapshot_holds_active_keys_only,
    every_write_grows_the_revision,
    processes_that_start_together_create_one_owner,
    concurrent_writes_all_land,
    a_dropped_call_leaves_no_transaction,
    opens_again,
);

async fn stores_keys(url: String) {
    let store = with_owner(&url).await;
    store.insert_gateway_key(&key(2)).await.unwrap();
    store.insert_gateway_key(&key(1)).await.unwrap();
    assert_eq!(store.list_gateway_keys().await.unwrap(), [key(0), key(1), key(2)], "oldest first");
    assert_eq!(store.find_gateway_key("k002").await.unwrap(), Some(key(2)));
    assert_eq!(store.find_gateway_key("none").await.unwrap(), None);
}

async fn refuses_what_conflicts(url: String) {
    let store = with_owner(&url).await;
    for (case, bad) in [
        ("same id", GatewayKey { hash: vec![9; 32], ..key(0) }),
        ("same key", GatewayKey { id: "other".into(), ..key(0) }),
        ("no such user", GatewayKey { user_id: "nobody".into(), ..key(3) }),
    ] {
        let error = store.insert_gateway_key(&bad).await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict(_)), "{case}: {error:?}");
    }
    assert_eq!(store.list_gateway_keys().await.unwrap(), [key(0)]);
}

async fn revokes(url: String) {
    let store = with_owner(&url).await;
    let revoked = GatewayKey { active: false, ..key(0) };
    assert_eq!(store.set_gateway_key_active("k000", false).await.unwrap(), Some(revoked.clone()));
    assert_eq!(store.find_gateway_key("k000").await.unwrap(), Some(revoked));
    assert_eq!(store.set_gateway_key_active("k000", true).await.unwrap(), Some(key(0)));
    assert_eq!(store.set_gateway_key_active("none", false).await.unwrap(), None);
}

async fn the_snapshot_holds_active_keys_only(url: String) {
    let store = with_owner(&url).await;
    store.insert_gateway_key(&key(1)).await.unwrap();
    store.set_gateway_key_active("k000", false).await.unwrap();
    let rows = store.load_access_snapshot().await.unwrap();
    assert_eq!(rows.keys, [key(1)]);
    assert_eq!(rows.revision, store.revision().await.unwrap());
}

async fn every_write_grows_the_revision(url: String) {
    let store = open(&url).await;
    let mut last = store.revision().await.unwrap();
    let mut grew = async |store: &Store| {
        let now = store.revision().await.unwrap();
        std::mem::replace(&mut last, now) < now
    };
    assert!(!grew(&store).await);
    store.create_owner_if_empty(&owner(), &key(0)).await.unwrap();
    assert!(grew(&store).await);
    store.insert_gateway_key(&key(1)).await.unwrap();
    assert!(grew(&store).await);
    store.set_gateway_key_active("k001", false).await.unwrap();
    assert!(grew(&store).await);
    assert!(store.insert_gateway_key(&key(1)).await.is_err());
    assert!(!grew(&store).await, "a refused write changes nothing");
    assert!(!store.create_owner_if_empty(&owner(), &key(2)).await.unwrap());
    assert!(!grew(&store).await);
}

async fn processes_that_start_together_create_one_owner(url: String) {
    let starts: Vec<_> = (0..6u8)
        .map(|n| {
            let url = url.clone();
            // A thread and a runtime each, as separate processes would have.
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async { open(&url).await.create_owner_if_empty(&owner(), &key(n)).await.unwrap() })
            })
        })
        .collect();
    let created = starts.into_iter().map(|t| t.join().unwrap()).filter(|created| *created).count();
    assert_eq!(created, 1);
    assert_eq!(open(&url).await.list_gateway_keys().await.unwrap().len(), 1);
}

async fn concurrent_writes_all_land(url: String) {
    let store = with_owner(&url).await;
    let before = store.revision().await.unwrap();
    let keys: Vec<GatewayKey> = (1..=40).map(key).collect();
    let writes = keys.iter().map(|key| store.insert_gateway_key(key));
    for result in futures_util::future::join_all(writes).await {
        result.unwrap();
    }
    assert_eq!(store.list_gateway_keys().await.unwrap().len(), 41);
    assert_eq!(store.revision().await.unwrap(), before + 40);
}

async fn a_dropped_call_leaves_no_transaction(url: String) {
    let store = with_owner(&url).await;
    for n in 1..50u8 {
        // Dropped at some point between nothing and done.
        let limit = std::time::Duration::from_micros(u64::from(n) * 40);
        let _ = tokio::time::timeout(limit, store.insert_gateway_key(&key(n))).await;
    }
    store.insert_gateway_key(&key(200)).await.unwrap();
    let keys = store.list_gateway_keys().await.unwrap();
    assert_eq!(keys.len() as i64, store.revision().await.unwrap(), "one revision for each key that landed");
}

async fn opens_again(url: String) {
    with_owner(&url).await;
    let store = open(&url).await;
    assert!(!store.create_owner_if_empty(&owner(), &key(7)).await.unwrap());
    assert_eq!(store.load_access_snapshot().await.unwrap().keys, [key(0)]);
}

#[test]
fn both_databases_have_the_same_migrations() {
    let names = migration_names().unwrap();
    assert!(!names.sqlite.is_empty());
    assert_eq!(names.sqlite, names.postgres);
}

#[tokio::test]
async fn the_sqlite_file_is_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let _store = with_owner(&format!("sqlite://{}/gateway.db", data.display())).await;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&data), 0o700);
    for file in std::fs::read_dir(&data).unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[tokio::test]
async fn errors_say_what_is_wrong_and_no_secret() {
    let dir = tempfile::tempdir().unwrap();
    let garbage = dir.path().join("garbage.db");
    std::fs::write(&garbage, vec![b'x'; 4096]).unwrap();
    let cases = [
        (format!("sqlite://{}", garbage.display()), "Corrupt"),
        ("sqlite:///proc/none/gateway.db".to_owned(), "Unavailable"),
        ("postgres://me:s3cret@127.0.0.1:1/db".to_owned(), "Unavailable"),
    ];
    for (url, kind) in cases {
        let error = Store::open(&DatabaseUrl::parse(&url).unwrap(), 1).await.err().unwrap();
        let text = format!("{error:?} {error}");
        assert!(text.starts_with(kind) && !text.contains("s3cret"), "{text}");
    }
}
