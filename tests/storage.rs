//! Every test of the storage runs on SQLite and on a real PostgreSQL.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/on_both.rs"]
mod on_both;
#[path = "support/pg.rs"]
mod pg;

use ai_model_gateway::{
    domain::{
        key::{GatewayKey, GatewayKeyChange},
        scope::{ModelPatterns, Scope},
        user::{Role, User},
    },
    storage::{DatabaseUrl, GatewayKeyQuery, Revision, Store, StoreError, migration_names},
};
use on_both::on_both;

fn owner() -> User {
    User { id: "owner".into(), name: "Owner".into(), role: Role::Owner, created_ms: 1, active: true }
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

#[path = "storage/provider_keys.rs"]
mod provider_keys;

on_both!(
    stores_keys,
    refuses_what_conflicts,
    changes_what_is_named_only,
    lists_keys_page_by_page,
    a_user_has_so_many_keys,
    users_come_and_go,
    the_last_use_only_grows,
    the_snapshot_holds_active_keys_only,
    every_write_grows_the_revision,
    processes_that_start_together_create_one_owner,
    concurrent_writes_all_land,
    a_dropped_call_leaves_no_transaction,
    opens_again,
);

async fn stores_keys(url: &str) {
    let store = with_owner(url).await;
    store.insert_gateway_key(&key(2), 1000).await.unwrap();
    store.insert_gateway_key(&key(1), 1000).await.unwrap();
    assert_eq!(
        store.list_gateway_keys(&GatewayKeyQuery::default()).await.unwrap(),
        [key(0), key(1), key(2)],
        "oldest first"
    );
    assert_eq!(store.find_gateway_key("k002").await.unwrap(), Some(key(2)));
    assert_eq!(store.find_gateway_key("none").await.unwrap(), None);
}

async fn refuses_what_conflicts(url: &str) {
    let store = with_owner(url).await;
    for (case, bad) in [
        ("same id", GatewayKey { hash: vec![9; 32], ..key(0) }),
        ("same key", GatewayKey { id: "other".into(), ..key(0) }),
        ("no such user", GatewayKey { user_id: "nobody".into(), ..key(3) }),
    ] {
        let error = store.insert_gateway_key(&bad, 1000).await.unwrap_err();
        assert!(matches!(error, StoreError::Conflict(_)), "{case}: {error:?}");
    }
    assert_eq!(store.list_gateway_keys(&GatewayKeyQuery::default()).await.unwrap(), [key(0)]);
}

fn active(active: bool) -> GatewayKeyChange {
    GatewayKeyChange { active: Some(active), ..GatewayKeyChange::default() }
}

async fn changes_what_is_named_only(url: &str) {
    let store = with_owner(url).await;
    let all = GatewayKeyChange {
        name: Some("new".into()),
        active: Some(false),
        expires_ms: Some(None),
        scopes: Some([Scope::Keys, Scope::Activity].into_iter().collect()),
        models: Some(ModelPatterns::new(["a/*".to_owned(), "b".to_owned()])),
    };
    let changed = GatewayKey {
        name: "new".into(),
        active: false,
        expires_ms: None,
        scopes: all.scopes.unwrap(),
        models: all.models.clone().unwrap(),
        updated_ms: 7,
        ..key(0)
    };
    assert_eq!(store.update_gateway_key("k000", &all, 7).await.unwrap(), Some(changed.clone()));
    assert_eq!(store.find_gateway_key("k000").await.unwrap(), Some(changed.clone()));
    let back = GatewayKey { active: true, updated_ms: 8, ..changed };
    assert_eq!(store.update_gateway_key("k000", &active(true), 8).await.unwrap(), Some(back.clone()));
    let nothing = GatewayKeyChange::default();
    let touched = GatewayKey { updated_ms: 9, ..back };
    assert_eq!(store.update_gateway_key("k000", &nothing, 9).await.unwrap(), Some(touched));
    assert_eq!(store.update_gateway_key("none", &all, 9).await.unwrap(), None);
    assert!(store.delete_gateway_key("k000").await.unwrap());
    assert!(!store.delete_gateway_key("k000").await.unwrap());
}

async fn lists_keys_page_by_page(url: &str) {
    let store = with_owner(url).await;
    let other = User { id: "other".into(), name: "Other".into(), role: Role::Member, ..owner() };
    store.insert_user(&other).await.unwrap();
    for n in 1..6u8 {
        // Two of a kind: the id decides where the time does not.
        let key = GatewayKey { created_ms: i64::from(n / 2), active: n != 3, ..key(n) };
        store.insert_gateway_key(&key, 1000).await.unwrap();
    }
    store.insert_gateway_key(&GatewayKey { user_id: "other".into(), ..key(9) }, 1000).await.unwrap();
    let query = |active, after| GatewayKeyQuery { user_id: Some("owner".into()), active, after, limit: Some(2) };
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = store.list_gateway_keys(&query(None, after)).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.created_ms, last.id.clone()));
        assert!(page.len() <= 2);
        seen.extend(page.into_iter().map(|key| key.id));
    }
    assert_eq!(seen, ["k000", "k001", "k002", "k003", "k004", "k005"]);
    let inactive = store.list_gateway_keys(&query(Some(false), None)).await.unwrap();
    assert_eq!(inactive.iter().map(|key| key.id.as_str()).collect::<Vec<_>>(), ["k003"]);
    assert_eq!(store.list_gateway_keys(&GatewayKeyQuery::default()).await.unwrap().len(), 7);
}

async fn a_user_has_so_many_keys(url: &str) {
    let store = with_owner(url).await;
    assert!(store.insert_gateway_key(&key(1), 2).await.unwrap());
    assert!(!store.insert_gateway_key(&key(2), 2).await.unwrap());
    let writes = (3..20)
        .map(|n| (store.clone(), key(n)))
        .map(|(store, key)| async move { store.insert_gateway_key(&key, 5).await.unwrap() });
    let stored = futures_util::future::join_all(writes).await.into_iter().filter(|stored| *stored).count();
    assert_eq!(stored, 3, "also when they come at once");
}

async fn users_come_and_go(url: &str) {
    let store = with_owner(url).await;
    let ann = User { id: "u1".into(), name: "ann".into(), role: Role::Member, created_ms: 2, active: true };
    store.insert_user(&ann).await.unwrap();
    for bad in [User { id: "u2".into(), ..ann.clone() }, User { name: "bob".into(), ..ann.clone() }] {
        assert!(matches!(store.insert_user(&bad).await.unwrap_err(), StoreError::Conflict(_)), "{bad:?}");
    }
    assert_eq!(store.list_users().await.unwrap(), [owner(), ann.clone()]);
    assert_eq!(store.find_user("u1").await.unwrap(), Some(ann.clone()));
    assert_eq!(store.find_user("ann").await.unwrap(), Some(ann.clone()));
    assert_eq!(store.find_user("bob").await.unwrap(), None);
    store.insert_gateway_key(&GatewayKey { user_id: "u1".into(), ..key(1) }, 9).await.unwrap();
    assert!(store.find_active_gateway_key("k001").await.unwrap().is_some());
    assert_eq!(store.set_user_active("u1", false).await.unwrap(), Some(User { active: false, ..ann }));
    assert_eq!(store.find_active_gateway_key("k001").await.unwrap(), None);
    assert_eq!(store.load_access_snapshot().await.unwrap().keys, [key(0)], "no key of a disabled user");
    let refused = store.set_user_active("owner", false).await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict(_)), "the last owner");
    assert!(store.list_users().await.unwrap()[0].active);
    assert_eq!(store.set_user_active("none", true).await.unwrap(), None);
}

async fn the_last_use_only_grows(url: &str) {
    let store = with_owner(url).await;
    store.insert_gateway_key(&key(1), 9).await.unwrap();
    let revision = store.revision(Revision::Access).await.unwrap();
    let touch = |ms: i64| vec![("k000".to_owned(), ms), ("k001".to_owned(), ms + 1), ("none".to_owned(), ms)];
    for (ms, want) in [(5, 5), (9, 9), (7, 9)] {
        store.touch_gateway_keys(&touch(ms)).await.unwrap();
        let used = store.find_gateway_key("k000").await.unwrap().unwrap().last_used_ms;
        assert_eq!(used, Some(want));
    }
    assert_eq!(store.find_gateway_key("k001").await.unwrap().unwrap().last_used_ms, Some(10));
    assert_eq!(store.revision(Revision::Access).await.unwrap(), revision, "no snapshot needs it");
}

async fn the_snapshot_holds_active_keys_only(url: &str) {
    let store = with_owner(url).await;
    store.insert_gateway_key(&key(1), 1000).await.unwrap();
    store.update_gateway_key("k000", &active(false), 1).await.unwrap();
    let rows = store.load_access_snapshot().await.unwrap();
    assert_eq!(rows.keys, [key(1)]);
    assert_eq!(rows.revision, store.revision(Revision::Access).await.unwrap());
}

async fn every_write_grows_the_revision(url: &str) {
    let store = open(url).await;
    let mut last = store.revision(Revision::Access).await.unwrap();
    let mut grew = async |store: &Store| {
        let now = store.revision(Revision::Access).await.unwrap();
        std::mem::replace(&mut last, now) < now
    };
    assert!(!grew(&store).await);
    store.create_owner_if_empty(&owner(), &key(0)).await.unwrap();
    assert!(grew(&store).await);
    store.insert_gateway_key(&key(1), 1000).await.unwrap();
    assert!(grew(&store).await);
    store.update_gateway_key("k001", &active(false), 1).await.unwrap();
    assert!(grew(&store).await);
    assert!(store.insert_gateway_key(&key(1), 1000).await.is_err());
    assert!(!grew(&store).await, "a refused write changes nothing");
    assert!(!store.create_owner_if_empty(&owner(), &key(2)).await.unwrap());
    assert!(!grew(&store).await);
}

async fn processes_that_start_together_create_one_owner(url: &str) {
    let starts: Vec<_> = (0..6u8)
        .map(|n| {
            let url = url.to_owned();
            // A thread and a runtime each, as separate processes would have.
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async { open(&url).await.create_owner_if_empty(&owner(), &key(n)).await.unwrap() })
            })
        })
        .collect();
    let created = starts.into_iter().map(|t| t.join().unwrap()).filter(|created| *created).count();
    assert_eq!(created, 1);
    assert_eq!(open(url).await.list_gateway_keys(&GatewayKeyQuery::default()).await.unwrap().len(), 1);
}

async fn concurrent_writes_all_land(url: &str) {
    let store = with_owner(url).await;
    let before = store.revision(Revision::Access).await.unwrap();
    let keys: Vec<GatewayKey> = (1..=40).map(key).collect();
    let writes = keys.iter().map(|key| store.insert_gateway_key(key, 1000));
    for result in futures_util::future::join_all(writes).await {
        result.unwrap();
    }
    assert_eq!(store.list_gateway_keys(&GatewayKeyQuery::default()).await.unwrap().len(), 41);
    assert_eq!(store.revision(Revision::Access).await.unwrap(), before + 40);
}

async fn a_dropped_call_leaves_no_transaction(url: &str) {
    let store = with_owner(url).await;
    for n in 1..50u8 {
        // Dropped at some point between nothing and done.
        let limit = std::time::Duration::from_micros(u64::from(n) * 40);
        let _ = tokio::time::timeout(limit, store.insert_gateway_key(&key(n), 1000)).await;
    }
    store.insert_gateway_key(&key(200), 1000).await.unwrap();
    let keys = store.list_gateway_keys(&GatewayKeyQuery::default()).await.unwrap();
    assert_eq!(
        keys.len() as i64,
        store.revision(Revision::Access).await.unwrap(),
        "one revision for each key that landed"
    );
}

async fn opens_again(url: &str) {
    with_owner(url).await;
    let store = open(url).await;
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
