use std::path::PathBuf;

use secrecy::{ExposeSecret as _, SecretString};

use super::*;
use crate::{
    access::OWNER_ID,
    admin::data_keys::DataKeys,
    domain::{
        health::Health,
        key::{GatewayKey, StoredKey},
        user::{Role, User},
    },
    storage::{DatabaseUrl, SealedKey},
};

const KEYS: usize = 250;

/// A data directory with a store, and as many processes on it as a test wants.
struct Site {
    dir: tempfile::TempDir,
}

impl Site {
    async fn new() -> Self {
        let site = Self { dir: tempfile::tempdir().unwrap() };
        let store = site.store().await;
        let owner = User { id: OWNER_ID.into(), name: "Owner".into(), role: Role::Owner, created_ms: 1, active: true };
        let key = GatewayKey { id: "g".into(), user_id: OWNER_ID.into(), ..Default::default() };
        store.create_owner_if_empty(&owner, &key).await.unwrap();
        site
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn generated(&self) -> MasterSource {
        MasterSource::Generated(self.file("master.key"))
    }

    async fn store(&self) -> Store {
        let url = DatabaseUrl::parse(&format!("sqlite://{}/gateway.db", self.dir.path().display())).unwrap();
        Store::open(&url, 1).await.unwrap()
    }

    async fn start(&self, source: &MasterSource) -> Result<DataKeys, DataKeyError> {
        DataKeys::open(self.store().await, source.clone(), 1000).await
    }

    async fn rotation(&self, source: &MasterSource) -> Rotation {
        Rotation::new(self.store().await, source.clone()).await.unwrap()
    }

    async fn run(&self) -> Result<Rotated, RotationError> {
        self.rotation(&self.generated()).await.run(&self.file("master.key"), 2000).await
    }

    async fn masters(&self) -> usize {
        let rows = self.store().await.data_keys().await.unwrap();
        rows.iter().map(|row| &row.master_id).collect::<std::collections::BTreeSet<_>>().len()
    }
}

fn secret(n: usize) -> SecretString {
    format!("secret-{n}").into()
}

/// Stores keys `from..to`, sealed by this process.
async fn add(keys: &DataKeys, store: &Store, from: usize, to: usize) {
    let row = |n: usize| {
        let id = format!("key-{n:04}");
        let sealed = keys.sealer().seal(Place::of_provider_key(&id, OWNER_ID), &secret(n)).unwrap();
        let stored = StoredKey {
            id,
            user_id: OWNER_ID.into(),
            provider: "p".into(),
            name: format!("key {n}"),
            active: true,
            selected: false,
            health: Health { since_ms: 3, strikes: 2, ..Health::default() },
            quota_owner: String::new(),
            hint: String::new(),
            fingerprint: format!("{n}"),
            parameters: Default::default(),
            secret_version: 7,
            created_ms: 1,
            updated_ms: 1,
            last_used_ms: None,
        };
        SealedKey { stored, secret: sealed }
    };
    let rows: Vec<_> = (from..to).map(row).collect();
    store.insert_provider_keys(&rows, 100_000, true).await.unwrap();
}

/// Opens every secret; returns how many there are and how many the newest data key has sealed.
async fn open_all(keys: &DataKeys, store: &Store) -> (usize, usize) {
    let secrets = store.sealed_secrets("", 100_000).await.unwrap();
    keys.refresh().await.unwrap();
    for row in &secrets {
        let n: usize = row.id.trim_start_matches("key-").parse().unwrap();
        let opened = keys.sealer().open(Place::of_provider_key(&row.id, &row.user_id), &row.sealed);
        assert_eq!(opened.unwrap().expose_secret(), secret(n).expose_secret());
    }
    (secrets.len(), secrets.iter().filter(|row| keys.sealer().is_newest(&row.sealed)).count())
}

#[tokio::test]
async fn a_rotation_changes_the_master_key_and_nothing_else() {
    let site = Site::new().await;
    let (old, store) = (site.start(&site.generated()).await.unwrap(), site.store().await);
    add(&old, &store, 0, KEYS).await;
    let before = store.load_provider_keys().await.unwrap();
    let (file, print) = (std::fs::read(site.file("master.key")).unwrap(), old.sealer().fingerprint("p", &secret(1)));

    let rotated = site.run().await.unwrap();
    assert_eq!((rotated.resealed, rotated.unreadable.len()), (KEYS, 0));
    assert_ne!(std::fs::read(site.file("master.key")).unwrap(), file);
    assert!(!site.file("master.key.next").exists());
    assert_eq!(site.masters().await, 1);

    let after = store.load_provider_keys().await.unwrap();
    assert!(after.revision > before.revision, "other processes are told");
    for (before, after) in before.keys.iter().zip(&after.keys) {
        assert_eq!(before.stored, after.stored, "version, health and times stay");
        assert_ne!(before.secret, after.secret);
    }
    let new = site.start(&site.generated()).await.unwrap();
    assert_eq!(open_all(&new, &store).await, (KEYS, KEYS));
    assert_eq!(open_all(&old, &store).await, (KEYS, KEYS), "a process from before takes the new keys over");
    assert_eq!(new.sealer().fingerprint("p", &secret(1)), print);
    assert_eq!(old.sealer().fingerprint("p", &secret(1)), print);

    let again = site.run().await.unwrap();
    assert_eq!(again.resealed, KEYS);
    assert_eq!(open_all(&old, &store).await, (KEYS, KEYS));
}

/// Stops before every step, and in the middle of the long one.
#[tokio::test]
async fn a_rotation_that_stops_anywhere_is_finished_by_the_next_run() {
    for stop in 0..7 {
        let site = Site::new().await;
        let (old, store) = (site.start(&site.generated()).await.unwrap(), site.store().await);
        add(&old, &store, 0, 20).await;
        let rotation = site.rotation(&site.generated()).await;
        {
            let path = site.file("master.key");
            let staging = Staging::begin(&path).unwrap();
            assert!(matches!(site.run().await, Err(RotationError::Master(MasterError::Locked(_)))));
            let masters = [rotation.source.current().unwrap().unwrap(), MasterKey::generate().unwrap()];
            let masters =
                if stop > 0 { [masters.into_iter().next().unwrap(), staging.stage().unwrap()] } else { masters };
            if stop > 1 {
                rotation.wrap(&masters, 2000).await.unwrap();
            }
            if stop > 2 {
                let sealer = Sealer::new(rotation.open(&rotation.rows().await.unwrap(), &masters).unwrap());
                let half = store.sealed_secrets("key-0010", 100).await.unwrap();
                let anew = |old: SealedSecret| ResealedSecret { sealed: seal_anew(&sealer, &old).unwrap(), old };
                assert_eq!(store.reseal(&half.into_iter().map(anew).collect::<Vec<_>>()).await.unwrap(), 9);
            }
            if stop > 3 {
                rotation.reseal(&masters).await.unwrap();
            }
            if stop > 4 {
                rotation.settle().await.unwrap();
                staging.promote().unwrap();
            }
            if stop > 5 {
                rotation.unwrap_others(&masters[1]).await.unwrap();
            }
        }
        // A process from before, one that has not looked since, and one that starts now.
        add(&old, &store, 20, 21).await;
        assert_eq!(open_all(&old, &store).await.0, 21, "stop {stop}");
        let new = site.start(&site.generated()).await.unwrap();
        assert_eq!(open_all(&new, &store).await.0, 21, "stop {stop}");

        site.run().await.unwrap();
        assert_eq!(site.masters().await, 1, "stop {stop}");
        assert_eq!(open_all(&old, &store).await, (21, 21), "stop {stop}");
        assert_eq!(open_all(&site.start(&site.generated()).await.unwrap(), &store).await, (21, 21), "stop {stop}");
    }
}

#[tokio::test]
async fn whoever_replaces_a_secret_meanwhile_wins() {
    let site = Site::new().await;
    let (keys, store) = (site.start(&site.generated()).await.unwrap(), site.store().await);
    add(&keys, &store, 0, 2).await;
    let read = store.sealed_secrets("", 10).await.unwrap();
    store.delete_provider_key(OWNER_ID, "key-0000").await.unwrap();
    add(&keys, &store, 0, 1).await;
    let anew = |old: &SealedSecret| ResealedSecret { old: old.clone(), sealed: b"anew".to_vec() };
    let batch: Vec<_> = read.iter().map(anew).collect();
    assert_eq!(store.reseal(&batch).await.unwrap(), 1);
    let now = store.sealed_secrets("", 10).await.unwrap();
    assert_ne!(now[0].sealed, b"anew");
    assert_eq!(now[1].sealed, b"anew");
}

#[tokio::test]
async fn what_nobody_can_open_is_told_and_left_alone() {
    let site = Site::new().await;
    let (keys, store) = (site.start(&site.generated()).await.unwrap(), site.store().await);
    add(&keys, &store, 0, 3).await;
    let read = store.sealed_secrets("", 10).await.unwrap();
    let swap = |a: usize, b: usize| ResealedSecret { old: read[a].clone(), sealed: read[b].sealed.clone() };
    store.reseal(&[swap(0, 1)]).await.unwrap();
    let rotated = site.run().await.unwrap();
    assert_eq!((rotated.resealed, rotated.unreadable), (2, vec!["key-0000".to_owned()]));
    assert_eq!(store.sealed_secrets("", 1).await.unwrap()[0].sealed, read[1].sealed);
}

fn value(key: &MasterKey) -> MasterSource {
    MasterSource::Value(key.text().as_str().into())
}

#[tokio::test]
async fn a_key_of_the_operators_own_is_rotated_in_two_runs() {
    let site = Site::new().await;
    let [one, two, three] = [(); 3].map(|()| value(&MasterKey::generate().unwrap()));
    let (old, store) = (site.start(&one).await.unwrap(), site.store().await);
    add(&old, &store, 0, 5).await;
    let (before, after) = (site.rotation(&one).await, site.rotation(&two).await);

    assert!(matches!(before.finish().await, Err(RotationError::NothingToFinish(_))));
    assert!(matches!(after.finish().await, Err(RotationError::DataKeys(DataKeyError::Wrong { .. }))));
    assert!(matches!(before.prepare(&one, 2000).await, Err(RotationError::SameKey(_))));
    for resealed in [5, 0] {
        assert_eq!(before.prepare(&two, 2000).await.unwrap().resealed, resealed);
    }
    assert!(matches!(before.prepare(&three, 2000).await, Err(RotationError::Begun(_))));
    for source in [&one, &two] {
        assert_eq!(open_all(&site.start(source).await.unwrap(), &store).await, (5, 5), "both open it");
    }
    assert_eq!(open_all(&old, &store).await, (5, 5), "a process from before looks again");
    assert!(matches!(before.finish().await, Err(RotationError::NotInPlace { .. })));
    after.finish().await.unwrap();
    assert!(matches!(site.start(&one).await, Err(DataKeyError::Wrong { .. })));
    assert_eq!(open_all(&site.start(&two).await.unwrap(), &store).await, (5, 5));
    assert_eq!(open_all(&old, &store).await, (5, 5), "a process from before goes on with the keys it has");
}

#[tokio::test]
async fn a_rotation_to_a_lost_key_can_be_forgotten() {
    let site = Site::new().await;
    let [one, two, three] = [(); 3].map(|()| value(&MasterKey::generate().unwrap()));
    let (keys, store) = (site.start(&one).await.unwrap(), site.store().await);
    add(&keys, &store, 0, 5).await;
    let rotation = site.rotation(&one).await;
    rotation.prepare(&two, 2000).await.unwrap();
    rotation.start_over().await.unwrap();
    assert_eq!(site.masters().await, 1);
    rotation.prepare(&three, 2000).await.unwrap();
    site.rotation(&three).await.finish().await.unwrap();
    assert_eq!(open_all(&site.start(&three).await.unwrap(), &store).await, (5, 5));
}

#[tokio::test]
async fn a_missing_or_wrong_master_key_is_refused_and_never_replaced() {
    let site = Site::new().await;
    let store = site.store().await;
    drop(site.start(&site.generated()).await.unwrap());
    let (rows, file) = (store.data_keys().await.unwrap(), std::fs::read_to_string(site.file("master.key")).unwrap());

    let wrong = value(&MasterKey::generate().unwrap());
    let error = site.start(&wrong).await.err().unwrap().to_string();
    assert!(error.contains("AIGW_MASTER_KEY") && error.contains(&rows[0].master_id), "{error}");
    std::fs::rename(site.file("master.key"), site.file("elsewhere")).unwrap();
    let error = site.start(&site.generated()).await.err().unwrap().to_string();
    assert!(error.contains("master.key does not exist") && error.contains(&rows[0].master_id), "{error}");
    assert!(!site.file("master.key").exists(), "none is made in its place");
    assert!(matches!(site.run().await, Err(RotationError::DataKeys(DataKeyError::Missing { .. }))));
    assert!(!site.file("master.key.next").exists());
    assert_eq!(store.data_keys().await.unwrap(), rows);

    assert!(site.start(&MasterSource::File(site.file("elsewhere"))).await.is_ok());
    for text in ["", "short", &file[1..], &format!("{file}{file}")] {
        std::fs::write(site.file("master.key"), text).unwrap();
        let error = site.start(&site.generated()).await.err().unwrap();
        assert!(matches!(error, DataKeyError::Master(MasterError::Malformed(_))), "{error}");
        assert!(text.is_empty() || !error.to_string().contains(text));
    }
}

#[tokio::test]
async fn changed_data_keys_are_refused() {
    let site = Site::new().await;
    let store = site.store().await;
    drop(site.start(&site.generated()).await.unwrap());
    let rows = store.data_keys().await.unwrap();
    let mut damaged = rows.clone();
    damaged[0].wrapped[20] ^= 1;
    store.swap_data_keys(&rows, &damaged).await.unwrap();
    assert!(matches!(site.start(&site.generated()).await, Err(DataKeyError::Damaged(RingError::Damaged(_)))));
    store.swap_data_keys(&damaged, &rows[..1]).await.unwrap();
    assert!(matches!(site.start(&site.generated()).await, Err(DataKeyError::Damaged(RingError::Incomplete))));
    assert!(!store.swap_data_keys(&rows, &[]).await.unwrap(), "only what was read is replaced");
    assert_eq!(store.data_keys().await.unwrap(), rows[..1]);
}

#[tokio::test]
async fn starts_at_once_agree_on_one_key() {
    for _ in 0..5 {
        let site = Site::new().await;
        let start = || async { site.start(&site.generated()).await.unwrap() };
        let (a, b, c) = tokio::join!(start(), start(), start());
        let id = |keys: &DataKeys| keys.sealer().ring().newest().id.to_string();
        assert_eq!((id(&a), id(&b)), (id(&b), id(&c)));
        assert_eq!(site.masters().await, 1);
    }
}
