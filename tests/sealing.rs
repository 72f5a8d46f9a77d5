//! The encryption of provider keys as an operator meets it: rotations that are killed while gateways serve, wrong master
//! keys, and what is on the disk meanwhile.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and waits for its tasks itself")]

#[path = "sealing/killed.rs"]
mod killed;
#[path = "support/pg.rs"]
mod pg;
mod support;
#[path = "sealing/world.rs"]
mod world;

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
};

use ai_model_gateway::sealing::{MasterKey, MasterSource};
use support::gateway::KEY;
use world::{World, client, create, use_all};

/// Every file of a folder and its content.
fn contents(folder: &Path) -> HashMap<PathBuf, Vec<u8>> {
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.map(|file| (file.clone(), std::fs::read(file).unwrap())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_master_key_starts_nothing_and_writes_nothing() {
    let world = World::new(None).await;
    let gateway = world.gateway().await;
    create(&mut client(&gateway).await, &world.secrets).await;
    gateway.stop().await;
    let text = std::fs::read_to_string(world.file("master.key")).unwrap();
    let before = contents(world.data.path());
    assert!(before.keys().all(|file| !file.to_string_lossy().ends_with("-wal")), "the gateway has put all away");

    let other = MasterKey::generate().unwrap();
    let other_file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(other_file.path(), other.text().as_bytes()).unwrap();
    let path = other_file.path().to_str().unwrap();
    for (env, place) in [
        (("AIGW_MASTER_KEY", other.text().as_str()), "the setting AIGW_MASTER_KEY"),
        (("APP_ENCRYPTION_KEY", other.text().as_str()), "APP_ENCRYPTION_KEY"),
        (("AIGW_MASTER_KEY_FILE", path), path),
    ] {
        for command in ["serve", "rotate-master-key"] {
            let new = MasterKey::generate().unwrap();
            let output = world.run(&[command], &[env, ("AIGW_NEW_MASTER_KEY", new.text().as_str())]);
            let told = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(1), "{told}");
            assert!(told.contains("the master key is wrong") && told.contains(place), "{told}");
            assert!(told.contains(other.id()) && !told.contains(other.text().as_str()), "{told}");
            assert!(contents(world.data.path()) == before, "{command} with {place} has written something");
        }
    }

    std::fs::remove_file(world.file("master.key")).unwrap();
    let before = contents(world.data.path());
    let output = world.run(&["serve"], &[]);
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(told.contains("master.key does not exist") && told.contains("Put the file back"), "{told}");
    assert!(contents(world.data.path()) == before, "no master key was made in the place of the missing one");

    std::fs::write(world.file("master.key"), text).unwrap();
    let gateway = world.gateway().await;
    assert_eq!(use_all(&mut client(&gateway).await).await, 1);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_the_operators_own_is_rotated_in_two_runs() {
    let world = World::new(None).await;
    let gateway = world.gateway().await;
    create(&mut client(&gateway).await, &world.secrets).await;
    gateway.stop().await;
    // What was generated becomes the operator's own.
    let old_text = std::fs::read_to_string(world.file("master.key")).unwrap();
    let new_text = MasterKey::generate().unwrap().text();
    let (old, new) = (("AIGW_MASTER_KEY", old_text.trim()), ("AIGW_MASTER_KEY", new_text.as_str()));
    let next = ("AIGW_NEW_MASTER_KEY", new_text.as_str());
    for (args, env, code, told) in [
        (&["rotate-master-key"][..], &[old][..], 2, "its successor must come from you too"),
        (&["rotate-master-key", "--finish"], &[old], 1, "there is no rotation to finish"),
        (&["rotate-master-key"], &[old, next], 0, "1. put the value of AIGW_NEW_MASTER_KEY into AIGW_MASTER_KEY"),
        (&["rotate-master-key"], &[old, next], 0, "0 secrets were encrypted anew"),
        (&["rotate-master-key", "--finish"], &[old], 1, "is not in its place"),
        (&["rotate-master-key", "--finish"], &[new], 0, "the rotation is complete"),
        (&["rotate-master-key", "--finish"], &[old], 1, "the master key is wrong"),
        (&["serve"], &[old], 1, "the master key is wrong"),
    ] {
        let output = world.run(args, env);
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {err}");
        assert!(err.contains(told) && !err.contains(new.1) && !err.contains(old.1), "{args:?}: {err}");
    }
}

#[test]
fn the_generated_files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt as _;
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().join("state");
    let key = MasterSource::Generated(folder.join("master.key")).current_or_create().unwrap();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("master.key")), 0o600);
    assert!(!folder.join("master.key.new").exists());
    let again = MasterSource::File(folder.join("master.key")).current().unwrap().unwrap();
    assert_eq!(again.id(), key.id());
    assert_ne!(KEY, again.text().as_str());
}
