//! Provider keys.

use std::collections::BTreeMap;

use ai_model_gateway::{
    domain::{
        failure::FailureClass,
        health::{Health, KeyState},
        key::StoredKey,
        user::{Role, User},
    },
    storage::{Edited, Insertion, KeyEdit, KeyName, NewSecret, Revision, SealedKey, Selection, Store},
};
use futures_util::future::join_all;

use super::{on_both, pg, with_owner};

on_both!(
    a_key_comes_back_as_it_was_stored,
    says_what_became_of_each_key,
    changes_what_an_edit_names,
    deletes_one_or_all_of_a_provider,
    selects_one_key_of_each_provider,
    two_selected_keys_are_impossible,
    a_failover_moves_the_selection_once,
    keeps_the_newest_health_and_the_longest_rest,
    one_process_claims_a_probe,
    notes_when_keys_were_used,
    only_what_changes_something_grows_the_revision,
);

fn provider_key(n: i64) -> SealedKey {
    let stored = StoredKey {
        id: format!("p{n}"),
        user_id: "owner".into(),
        provider: "xai".into(),
        name: format!("key {n}"),
        active: true,
        selected: false,
        health: Health::active(n),
        quota_owner: String::new(),
        hint: "wxyz".into(),
        fingerprint: format!("f{n}"),
        parameters: BTreeMap::new(),
        secret_version: 1,
        created_ms: n,
        updated_ms: n,
        last_used_ms: None,
    };
    SealedKey { stored, secret: vec![1, 2, 3] }
}

fn of_provider(n: i64, provider: &str) -> SealedKey {
    let key = provider_key(n);
    SealedKey { stored: StoredKey { provider: provider.into(), ..key.stored }, ..key }
}

async fn insert(store: &Store, keys: &[SealedKey]) {
    let became = store.insert_provider_keys(keys, 100, false).await.unwrap();
    assert!(became.iter().all(|became| *became == Insertion::Stored), "{became:?}");
}

async fn with_keys(url: &str, count: i64) -> Store {
    let store = with_owner(url).await;
    insert(&store, &(1..=count).map(provider_key).collect::<Vec<_>>()).await;
    store
}

async fn load(store: &Store) -> Vec<SealedKey> {
    let mut keys = store.load_provider_keys().await.unwrap().keys;
    keys.sort_by_key(|key| key.stored.created_ms);
    keys
}

async fn stored(store: &Store, id: &str) -> StoredKey {
    load(store).await.into_iter().map(|key| key.stored).find(|key| key.id == id).unwrap()
}

async fn selected(store: &Store) -> Vec<String> {
    load(store).await.into_iter().filter(|key| key.stored.selected).map(|key| key.stored.id).collect()
}

async fn revision(store: &Store) -> i64 {
    store.revision(Revision::ProviderKeys).await.unwrap()
}

fn resting(state: KeyState, since_ms: i64, until_ms: i64) -> Health {
    Health {
        state,
        since_ms,
        until_ms: Some(until_ms),
        class: Some(FailureClass::RateLimit),
        reason: "too much".into(),
        strikes: 2,
    }
}

async fn a_key_comes_back_as_it_was_stored(url: &str) {
    let store = with_owner(url).await;
    let mut key = provider_key(1);
    key.stored = StoredKey {
        active: false,
        selected: true,
        health: resting(KeyState::QuotaExhausted, 5, 9),
        quota_owner: "project".into(),
        parameters: BTreeMap::from([("scope".to_owned(), "ä\"".to_owned())]),
        secret_version: 7,
        last_used_ms: Some(8),
        ..key.stored
    };
    insert(&store, &[key.clone()]).await;
    let rows = store.load_provider_keys().await.unwrap();
    assert_eq!(rows.revision, revision(&store).await);
    assert_eq!((&rows.keys[0].stored, &rows.keys[0].secret), (&key.stored, &key.secret));
}

async fn says_what_became_of_each_key(url: &str) {
    let store = with_keys(url, 2).await;
    let same_secret = |n: i64, fingerprint: &str| {
        let key = provider_key(n);
        SealedKey { stored: StoredKey { fingerprint: fingerprint.into(), ..key.stored }, ..key }
    };
    let exists = |id: &str, name: &str| Insertion::Exists(KeyName { id: id.into(), name: name.into() });
    let keys = [same_secret(3, "f1"), provider_key(4), same_secret(5, "f4"), provider_key(6)];
    let became = store.insert_provider_keys(&keys, 3, true).await.unwrap();
    let wanted = [exists("p1", "key 1"), Insertion::Stored, exists("p4", "key 4"), Insertion::Full];
    assert_eq!(became, wanted);
    assert_eq!(load(&store).await.len(), 2, "all or none");
    assert_eq!(store.insert_provider_keys(&keys, 3, false).await.unwrap(), wanted);
    assert_eq!(load(&store).await.len(), 3, "each for itself");
    let elsewhere =
        SealedKey { stored: StoredKey { provider: "google".into(), ..same_secret(7, "f1").stored }, secret: vec![1] };
    insert(&store, &[elsewhere]).await;
    assert_eq!(store.insert_provider_keys(&[], 3, false).await.unwrap(), []);
}

async fn changes_what_an_edit_names(url: &str) {
    let store = with_keys(url, 2).await;
    assert!(store.store_health("p1", 1, &resting(KeyState::Invalid, 10, 20)).await.unwrap());
    let before = stored(&store, "p1").await;
    let secret = |fingerprint: &str| NewSecret { sealed: vec![9], fingerprint: fingerprint.into(), hint: "new".into() };
    let edits = [
        ("nothing", KeyEdit::default(), before.clone()),
        (
            "name",
            KeyEdit { name: Some("n".into()), ..KeyEdit::default() },
            StoredKey { name: "n".into(), ..before.clone() },
        ),
        ("off", KeyEdit { active: Some(false), ..KeyEdit::default() }, StoredKey { active: false, ..before.clone() }),
        (
            "quota owner",
            KeyEdit { quota_owner: Some("q".into()), ..KeyEdit::default() },
            StoredKey { quota_owner: "q".into(), ..before.clone() },
        ),
        (
            "parameters",
            KeyEdit { parameters: Some(BTreeMap::from([("a".into(), "b".into())])), ..KeyEdit::default() },
            StoredKey { parameters: BTreeMap::from([("a".into(), "b".into())]), ..before.clone() },
        ),
        (
            "secret",
            KeyEdit { secret: Some(secret("f9")), ..KeyEdit::default() },
            StoredKey {
                secret_version: 2,
                fingerprint: "f9".into(),
                hint: "new".into(),
                health: Health::active(100),
                ..before.clone()
            },
        ),
    ];
    let back = KeyEdit {
        name: Some(before.name.clone()),
        active: Some(true),
        quota_owner: Some(String::new()),
        parameters: Some(BTreeMap::new()),
        secret: None,
    };
    for (case, edit, wanted) in edits {
        let wanted = StoredKey { updated_ms: 100, ..wanted };
        let Edited::Done(done) = store.edit_provider_key("owner", "p1", &edit, 100).await.unwrap() else {
            panic!("{case}")
        };
        assert_eq!(done.after, wanted, "{case}");
        assert_eq!(stored(&store, "p1").await, wanted, "{case}");
        store.edit_provider_key("owner", "p1", &back, 100).await.unwrap();
    }
    let taken = KeyEdit { secret: Some(secret("f2")), ..KeyEdit::default() };
    let other = Edited::Exists(KeyName { id: "p2".into(), name: "key 2".into() });
    assert_eq!(store.edit_provider_key("owner", "p1", &taken, 100).await.unwrap(), other);
    for (user, id) in [("nobody", "p1"), ("owner", "none")] {
        assert_eq!(store.edit_provider_key(user, id, &back, 100).await.unwrap(), Edited::NotFound);
    }
}

async fn deletes_one_or_all_of_a_provider(url: &str) {
    let store = with_keys(url, 3).await;
    insert(&store, &[of_provider(4, "google")]).await;
    assert_eq!(store.delete_provider_key("nobody", "p1").await.unwrap(), None);
    assert_eq!(store.delete_provider_key("owner", "p1").await.unwrap(), Some(provider_key(1).stored));
    assert_eq!(store.delete_provider_key("owner", "p1").await.unwrap(), None);
    assert_eq!(store.delete_provider_keys("nobody", "xai").await.unwrap(), []);
    let deleted = store.delete_provider_keys("owner", "xai").await.unwrap();
    assert_eq!(deleted, [provider_key(2).stored, provider_key(3).stored], "oldest first");
    assert_eq!(load(&store).await.len(), 1);
}

async fn selects_one_key_of_each_provider(url: &str) {
    let store = with_keys(url, 2).await;
    insert(&store, &[of_provider(3, "google")]).await;
    let is = |n: i64, selected| StoredKey { selected, ..provider_key(n).stored };
    let selection = |key, changed, before| Some(Selection { key, changed, before });
    assert_eq!(store.select_provider_key("owner", "p1").await.unwrap(), selection(is(1, true), true, None));
    assert_eq!(store.select_provider_key("owner", "p1").await.unwrap(), selection(is(1, true), false, None));
    let moved = store.select_provider_key("owner", "p2").await.unwrap();
    assert_eq!(moved, selection(is(2, true), true, Some(is(1, true))));
    assert!(store.select_provider_key("owner", "p3").await.unwrap().unwrap().changed, "another provider");
    assert_eq!(selected(&store).await, ["p2", "p3"]);
    assert_eq!(store.unselect_provider_key("owner", "p1").await.unwrap(), selection(is(1, false), false, None));
    assert_eq!(store.unselect_provider_key("owner", "p2").await.unwrap(), selection(is(2, false), true, None));
    assert_eq!(selected(&store).await, ["p3"]);
    for (user, id) in [("nobody", "p1"), ("owner", "none")] {
        assert_eq!(store.select_provider_key(user, id).await.unwrap(), None);
        assert_eq!(store.unselect_provider_key(user, id).await.unwrap(), None);
    }
    join_all((0..40).map(|n| store.select_provider_key("owner", if n % 2 == 0 { "p1" } else { "p2" }))).await;
    assert_eq!(selected(&store).await.len(), 2, "one of each provider");
}

/// Past all code of the gateway: the database itself refuses.
async fn two_selected_keys_are_impossible(url: &str) {
    let store = with_keys(url, 2).await;
    store.select_provider_key("owner", "p1").await.unwrap();
    let update = "UPDATE provider_keys SET selected = TRUE WHERE id = 'p2'";
    let columns = "user_id, provider, secret, hint, state_since_ms, created_ms, updated_ms";
    let insert = format!(
        "INSERT INTO provider_keys (id, name, fingerprint, selected, {columns}) \
         SELECT 'p9', 'n', 'f9', TRUE, {columns} FROM provider_keys WHERE id = 'p1'"
    );
    let elsewhere =
        insert.replace("user_id, provider", "provider, user_id").replacen("p9', 'n', 'f9'", "p8', 'n', 'f8'", 1);
    for (statement, refused) in [(update, true), (insert.as_str(), true)] {
        assert_eq!(execute(url, statement).await.is_err(), refused, "{statement}");
    }
    assert!(execute(url, &elsewhere).await.is_err(), "a user that does not exist");
    let unselected = insert.replace("TRUE", "FALSE");
    execute(url, &unselected).await.unwrap();
    assert!(execute(url, "UPDATE provider_keys SET state = 'tired' WHERE id = 'p1'").await.is_err());
    assert_eq!(selected(&store).await, ["p1"]);
}

async fn execute(url: &str, statement: &str) -> Result<(), String> {
    use diesel::{Connection as _, connection::SimpleConnection as _};
    if let Some(path) = url.strip_prefix("sqlite://") {
        let mut connection = diesel::SqliteConnection::establish(path).unwrap();
        return connection
            .batch_execute(&format!("PRAGMA foreign_keys = ON; {statement}"))
            .map_err(|error| error.to_string());
    }
    let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls).await.unwrap();
    let statement = async { client.batch_execute(statement).await.map_err(|error| error.to_string()) };
    tokio::select! {
        done = statement => done,
        ended = connection => panic!("{ended:?}"),
    }
}

async fn a_failover_moves_the_selection_once(url: &str) {
    let store = with_keys(url, 60).await;
    insert(&store, &[of_provider(61, "google")]).await;
    store
        .insert_user(&User { id: "other".into(), name: "o".into(), role: Role::Member, created_ms: 1, active: true })
        .await
        .unwrap();
    store.edit_provider_key("owner", "p2", &KeyEdit { active: Some(false), ..KeyEdit::default() }, 100).await.unwrap();
    store.select_provider_key("owner", "p1").await.unwrap();
    for (case, user, from, to) in [
        ("from one that is not selected", "owner", "p3", "p4"),
        ("to one that is switched off", "owner", "p1", "p2"),
        ("to one that is gone", "owner", "p1", "none"),
        ("to another provider", "owner", "p1", "p61"),
        ("by somebody else", "other", "p1", "p3"),
    ] {
        assert_eq!(store.move_selection(user, from, to).await.unwrap(), None, "{case}");
        assert_eq!(selected(&store).await, ["p1"], "{case}");
    }
    let targets: Vec<String> = (10..60).map(|n| format!("p{n}")).collect();
    let moves = join_all(targets.iter().map(|to| store.move_selection("owner", "p1", to))).await;
    let moved: Vec<i64> = moves.into_iter().filter_map(|moved| moved.unwrap()).collect();
    assert_eq!(moved, [revision(&store).await], "one of fifty, and it knows its revision");
    assert_eq!(selected(&store).await.len(), 1);
}

async fn keeps_the_newest_health_and_the_longest_rest(url: &str) {
    let store = with_keys(url, 1).await;
    let cooling = |since, until| resting(KeyState::Cooling, since, until);
    for (case, version, found, changed, wanted) in [
        ("a rest", 1, cooling(10, 50), true, cooling(10, 50)),
        ("the same again", 1, cooling(10, 50), false, cooling(10, 50)),
        ("another secret", 2, cooling(99, 500), false, cooling(10, 50)),
        ("a newer one that is shorter", 1, cooling(20, 40), true, cooling(20, 50)),
        ("an older success", 1, Health::active(15), false, cooling(20, 50)),
        ("a newer success", 1, Health::active(30), true, Health::active(30)),
        ("an older failure", 1, cooling(25, 90), false, Health::active(30)),
        ("a refusal", 1, resting(KeyState::Invalid, 40, 60), true, resting(KeyState::Invalid, 40, 60)),
    ] {
        assert_eq!(store.store_health("p1", version, &found).await.unwrap(), changed, "{case}");
        assert_eq!(stored(&store, "p1").await.health, wanted, "{case}");
    }
    assert!(!store.store_health("none", 1, &cooling(99, 100)).await.unwrap());
}

async fn one_process_claims_a_probe(url: &str) {
    let store = with_keys(url, 2).await;
    for id in ["p1", "p2"] {
        store.store_health(id, 1, &resting(KeyState::Invalid, 10, 50)).await.unwrap();
    }
    store.store_health("p2", 1, &Health::active(20)).await.unwrap();
    assert!(!store.claim_probe("p1", 49, 90).await.unwrap(), "another time");
    assert!(!store.claim_probe("p2", 50, 90).await.unwrap(), "not invalid");
    let claims = join_all((0..20).map(|_| store.claim_probe("p1", 50, 90))).await;
    assert_eq!(claims.into_iter().filter(|claim| *claim.as_ref().unwrap()).count(), 1);
    assert_eq!(stored(&store, "p1").await.health, resting(KeyState::Invalid, 10, 90));
}

async fn notes_when_keys_were_used(url: &str) {
    let store = with_keys(url, 3).await;
    let before = revision(&store).await;
    let used = |times: &[(i64, i64)]| times.iter().map(|(n, at)| (format!("p{n}"), *at)).collect::<Vec<_>>();
    store.touch_provider_keys(&used(&[(2, 20), (1, 10), (9, 90)])).await.unwrap();
    store.touch_provider_keys(&used(&[(1, 11), (2, 19)])).await.unwrap();
    let times: Vec<_> = load(&store).await.into_iter().map(|key| key.stored.last_used_ms).collect();
    assert_eq!(times, [Some(11), Some(20), None], "never backwards");
    assert_eq!(revision(&store).await, before, "nobody waits for it");
}

async fn only_what_changes_something_grows_the_revision(url: &str) {
    let store = with_keys(url, 3).await;
    let mut last = revision(&store).await;
    assert!(last > 0);
    let name = KeyEdit { name: Some("n".into()), ..KeyEdit::default() };
    let cooling = resting(KeyState::Cooling, 10, 50);
    macro_rules! check {
        ($grows:expr, $call:expr) => {
            $call.await.unwrap();
            let now = revision(&store).await;
            assert_eq!(now > last, $grows, stringify!($call));
            last = now;
        };
    }
    check!(true, store.insert_provider_keys(&[provider_key(4)], 9, false));
    check!(false, store.insert_provider_keys(&[provider_key(4)], 9, false));
    check!(false, store.insert_provider_keys(&[provider_key(5)], 4, false));
    check!(true, store.edit_provider_key("owner", "p1", &name, 9));
    check!(false, store.edit_provider_key("owner", "none", &name, 9));
    check!(true, store.select_provider_key("owner", "p1"));
    check!(false, store.select_provider_key("owner", "p1"));
    check!(true, store.move_selection("owner", "p1", "p2"));
    check!(false, store.move_selection("owner", "p1", "p2"));
    check!(true, store.unselect_provider_key("owner", "p2"));
    check!(false, store.unselect_provider_key("owner", "p2"));
    check!(true, store.store_health("p1", 1, &cooling));
    check!(false, store.store_health("p1", 1, &cooling));
    check!(false, store.claim_probe("p1", 1, 2));
    check!(true, store.delete_provider_key("owner", "p1"));
    check!(false, store.delete_provider_key("owner", "p1"));
    check!(true, store.delete_provider_keys("owner", "xai"));
    check!(false, store.delete_provider_keys("owner", "xai"));
    assert!(last > 0);
}
