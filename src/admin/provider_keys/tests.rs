//! What cannot be seen from outside: secrets that do not open, and choices that cross.

use std::{collections::BTreeMap, sync::Arc};

use super::{EditKey, KeyStatus, NewKey, ProviderKeys, status_of};
use crate::{
    activity::{Backlog, activity_log},
    admin::{actor::Actor, data_keys::DataKeys, happenings::HappeningKeeper, key_kinds::KeyKinds},
    domain::{
        activity::{Action, ActivityEntry},
        failure::FailureClass,
        happening::{Happening, KeyChange, KeyRef},
        health::{Health, KeyState},
        key::{Caller, GatewayKey, StoredKey},
        user::{Role, User},
    },
    routing::{happenings::happenings, key_pool::KeyPool},
    storage::{DatabaseUrl, Store},
};

struct Scene {
    _dir: tempfile::TempDir,
    store: Store,
}

impl Scene {
    async fn open() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = DatabaseUrl::parse(&format!("sqlite://{}/gateway.db", dir.path().display())).unwrap();
        let store = Store::open(&url, 1).await.unwrap();
        let owner = User { id: "owner".into(), name: "o".into(), role: Role::Owner, created_ms: 1, active: true };
        let key = GatewayKey { id: "g".into(), user_id: "owner".into(), hash: vec![0; 32], ..GatewayKey::default() };
        store.create_owner_if_empty(&owner, &key).await.unwrap();
        Self { _dir: dir, store }
    }

    /// The keys as a process sees them that has data keys of its own.
    async fn keys(&self) -> (Arc<ProviderKeys>, Backlog<ActivityEntry>) {
        let (log, queue) = activity_log(100);
        let pool = Arc::new(KeyPool::new(happenings(100).0));
        let data_keys = Arc::new(DataKeys::detached(self.store.clone()).unwrap());
        let kinds = KeyKinds(BTreeMap::from([("p".to_owned(), Default::default())]));
        let keys = ProviderKeys::new(self.store.clone(), data_keys, pool, log, Arc::new(kinds));
        keys.publish().await.unwrap();
        (Arc::new(keys), queue)
    }
}

fn owner() -> Actor {
    let caller = Caller { user_id: "owner".into(), key_id: "g".into(), ..Caller::default() };
    Actor { caller: Arc::new(caller), request_id: "r".into(), now_ms: 10 }
}

async fn create(keys: &ProviderKeys, name: &str) -> StoredKey {
    let new = NewKey {
        provider: "p".into(),
        name: name.into(),
        secret: format!("secret-of-{name}").into(),
        active: true,
        quota_owner: String::new(),
        parameters: BTreeMap::new(),
    };
    keys.create(&owner(), new).await.unwrap()
}

fn states(keys: &ProviderKeys) -> Vec<(String, KeyStatus)> {
    keys.keys_of("owner").into_iter().map(|key| (key.name.clone(), status_of(&key, 20).status)).collect()
}

#[tokio::test]
async fn a_secret_that_does_not_open_hides_no_other_key() {
    let scene = Scene::open().await;
    let (before, _queue) = scene.keys().await;
    let lost = create(&before, "lost").await;
    let (after, _queue) = scene.keys().await;
    create(&after, "good").await;
    let seen = [("lost".to_owned(), KeyStatus::Invalid), ("good".to_owned(), KeyStatus::Active)];
    assert_eq!(states(&after), seen);
    let shown = after.get("owner", &lost.id, "id").unwrap();
    assert!(shown.health.reason.contains("set the secret anew"), "{shown:?}");
    assert!(after.pool.key("owner", &lost.id).is_none(), "no request tries it");

    let edit = EditKey { secret: Some("a-new-secret".to_owned().into()), ..EditKey::default() };
    let healed = after.edit(&owner(), &lost.id, edit).await.unwrap();
    assert_eq!((status_of(&healed, 20).status, healed.secret_version), (KeyStatus::Active, 2));
    assert!(after.pool.key("owner", &lost.id).is_some());
    after.delete(&owner(), &lost.id).await.unwrap();
    assert_eq!(states(&after).len(), 1);
}

#[tokio::test]
async fn opened_secrets_are_not_opened_again() {
    let scene = Scene::open().await;
    let (keys, _queue) = scene.keys().await;
    let key = create(&keys, "a").await;
    let opened = keys.pool.key("owner", &key.id).unwrap().key;
    create(&keys, "b").await;
    assert!(Arc::ptr_eq(&opened, &keys.pool.key("owner", &key.id).unwrap().key));
    let edit = EditKey { name: Some("c".into()), ..EditKey::default() };
    keys.edit(&owner(), &key.id, edit).await.unwrap();
    assert_eq!(keys.pool.key("owner", &key.id).unwrap().key.alias, "c", "attempts show the new name");
}

#[tokio::test]
async fn every_change_is_told_in_its_words() {
    let scene = Scene::open().await;
    let (keys, queue) = scene.keys().await;
    let (from, to) = (create(&keys, "from").await, create(&keys, "to").await);
    let named = |key: &StoredKey| KeyRef { id: key.id.clone(), name: key.name.clone(), secret_version: 1 };
    let rests = |state, until_ms| Health {
        state,
        since_ms: 30,
        until_ms,
        class: Some(FailureClass::RateLimit),
        reason: "Too much.".into(),
        strikes: 1,
    };
    let (key, minute) = (named(&from), Some(60_000));
    let failed = KeyChange::Failed { key: key.clone(), class: FailureClass::Timeout, message: "no answer".into() };
    let over =
        |reselect| KeyChange::FailedOver { from: key.clone(), to: named(&to), class: FailureClass::Quota, reselect };
    let rested = |health| KeyChange::Rested { key: key.clone(), health };
    for (change, action, message) in [
        (
            rested(rests(KeyState::Cooling, minute)),
            Action::Error,
            "Too much. It rests until Thu, 01 Jan 1970 00:01:00 GMT.",
        ),
        (
            rested(rests(KeyState::Invalid, minute)),
            Action::Error,
            "Too much. The gateway tries it again at Thu, 01 Jan 1970 00:01:00 GMT.",
        ),
        (
            rested(rests(KeyState::Invalid, None)),
            Action::Error,
            "Too much. The gateway does not try it again by itself.",
        ),
        (KeyChange::Recovered { key: key.clone(), health: Health::active(40) }, Action::Recovered, "It works again."),
        (
            over(false),
            Action::Failover,
            "A request left \"from\", which had failed (quota), and succeeded with \"to\".",
        ),
        (over(true), Action::Failover, "A request left \"from\", which had failed (quota), and succeeded with \"to\"."),
        (failed, Action::Error, "A request ended in an error (timeout): no answer"),
        (
            KeyChange::Exhausted { retry_ms: Some(1001) },
            Action::FailoverExhausted,
            "No key of the provider could be used. One can be tried in 2 s.",
        ),
        (
            KeyChange::Exhausted { retry_ms: None },
            Action::FailoverExhausted,
            "No key of the provider could be used. None comes back by itself: test them or replace their secrets.",
        ),
    ] {
        queue.try_take(&mut Vec::new(), usize::MAX);
        let happening = Happening {
            user_id: "owner".into(),
            provider: "p".into(),
            caller: None,
            request_id: "r".into(),
            model_id: "p/m".into(),
            at_ms: 50,
            changes: vec![change],
            attempts: Vec::new(),
        };
        HappeningKeeper::new(keys.clone()).store(&happening).await;
        let mut entries = Vec::new();
        assert_eq!(queue.try_take(&mut entries, usize::MAX), 1, "nothing was selected, so nothing moved");
        assert_eq!((entries[0].action, entries[0].message.as_str()), (action, message));
    }
}

#[tokio::test]
async fn no_text_that_is_shown_holds_the_secret() {
    const SECRET: &str = "AIza-0123456789-abcdef";
    let scene = Scene::open().await;
    let (keys, _queue) = scene.keys().await;
    let new = |name: &str, quota_owner: &str| NewKey {
        provider: "p".into(),
        name: name.into(),
        secret: SECRET.into(),
        active: true,
        quota_owner: quota_owner.into(),
        parameters: BTreeMap::new(),
    };
    let embedded = format!("key {SECRET}");
    for (name, quota_owner, field) in [(SECRET, "", "name"), (&embedded, "", "name"), ("k", SECRET, "quota_owner")] {
        let error = keys.create(&owner(), new(name, quota_owner)).await.unwrap_err();
        assert_eq!(error.field, Some(format!("provider_key.{field}")));
        assert!(!error.message.contains(SECRET));
    }
    let key = keys.create(&owner(), new("k", "")).await.unwrap();
    let other = create(&keys, "a-name-as-long-as-a-key").await;
    let text = || Some(SECRET.to_owned());
    for (id, edit, field) in [
        (&key.id, EditKey { name: text(), ..EditKey::default() }, "name"),
        (&key.id, EditKey { quota_owner: text(), ..EditKey::default() }, "quota_owner"),
        (&key.id, EditKey { name: text(), secret: Some(SECRET.into()), ..EditKey::default() }, "name"),
        (&other.id, EditKey { secret: Some(other.name.clone().into()), ..EditKey::default() }, "name"),
    ] {
        let error = keys.edit(&owner(), id, edit).await.unwrap_err();
        assert_eq!(error.field, Some(format!("provider_key.{field}")));
    }
}
