//! Rotations that are killed at any moment, while gateways serve.

use std::{
    collections::BTreeSet,
    path::PathBuf,
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use ai_model_gateway::{
    admin::data_keys::DataKeys,
    sealing::MasterSource,
    storage::{DatabaseUrl, Store},
};

use super::{
    pg,
    support::gateway::{Gateway, over_grpc},
    world::{Secrets, World, client, create, replace, use_all},
};

/// Pause between two rounds of use, so that the rotations have a processor too.
const BREATH: Duration = Duration::from_millis(50);
/// How many keys there are when it begins.
const KEYS: usize = 20;

/// What goes on while the master key changes: keys are used, replaced and created. Returns how often they were used.
async fn load(gateway: Gateway, secrets: Arc<Secrets>, ids: Vec<String>, stop: Arc<AtomicBool>) -> (Gateway, usize) {
    let (mut client, mut used, mut turn) = (client(&gateway).await, 0, 0);
    let mut chats = gateway.client().await;
    while !stop.load(Ordering::Relaxed) {
        let answer = over_grpc(&mut chats, "x-ai/grok-4.3").await;
        assert_eq!((answer.text.as_str(), answer.error), ("ok", None));
        used += 1 + use_all(&mut client).await;
        replace(&mut client, &secrets, &ids[turn % ids.len()]).await;
        if turn % 10 == 9 {
            create(&mut client, &secrets).await;
        }
        turn += 1;
        tokio::time::sleep(BREATH).await;
    }
    (gateway, used)
}

/// What the other gateway has just created comes in a little later.
async fn knows_all(gateway: &Gateway, secrets: usize) {
    let (mut client, begun) = (client(gateway).await, Instant::now());
    loop {
        let used = use_all(&mut client).await;
        if used == secrets {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(10), "{used} of {secrets} keys");
        tokio::time::sleep(BREATH).await;
    }
}

fn random_below(limit: Duration) -> Duration {
    let mut random = [0; 8];
    aws_lc_rs::rand::fill(&mut random).unwrap();
    limit.mul_f64(u64::from_le_bytes(random) as f64 / u64::MAX as f64)
}

/// Kills this many rotations, each at a random moment, then lets one end.
async fn survive(world: World, kills: usize, folders: Vec<PathBuf>) {
    let first = world.gateway().await;
    let mut ids = Vec::new();
    let mut creator = client(&first).await;
    for _ in 0..KEYS {
        ids.push(create(&mut creator, &world.secrets).await);
    }
    let began = Instant::now();
    let whole = world.run(&["rotate-master-key"], &[]);
    assert!(whole.status.success(), "{}", String::from_utf8_lossy(&whole.stderr));
    // How long to wait at most is found on the way: about one run in six shall come to its end.
    let mut longest = began.elapsed();

    let stop = Arc::new(AtomicBool::new(false));
    let mut serving = vec![tokio::spawn(load(first, world.secrets.clone(), ids[..KEYS / 2].to_vec(), stop.clone()))];
    let mut masters = BTreeSet::new();
    let mut ended = 0;
    for kill in 0..kills {
        let mut run = world.command(&["rotate-master-key"], &[]).stderr(Stdio::null()).spawn().unwrap();
        tokio::time::sleep(random_below(longest)).await;
        run.kill().unwrap();
        let came_to_its_end = run.wait().unwrap().success();
        longest = longest.mul_f64(if came_to_its_end { 0.8 } else { 1.05 });
        ended += usize::from(came_to_its_end);
        masters.insert(std::fs::read_to_string(world.file("master.key")).unwrap());
        if kill % 5 == 0 {
            world.read_all().await;
        }
        if kill == kills / 2 {
            let second = world.gateway().await;
            serving.push(tokio::spawn(load(second, world.secrets.clone(), ids[KEYS / 2..].to_vec(), stop.clone())));
        }
    }
    world.search(&folders);
    stop.store(true, Ordering::Relaxed);
    let (mut used, mut gateways) = (0, Vec::new());
    for task in serving {
        let (gateway, times) = task.await.unwrap();
        used += times;
        gateways.push(gateway);
    }
    for _ in 0..2 {
        let last = world.run(&["rotate-master-key"], &[]);
        assert!(last.status.success(), "{}", String::from_utf8_lossy(&last.stderr));
    }
    masters.insert(std::fs::read_to_string(world.file("master.key")).unwrap());

    let (secrets, data_keys) = world.read_all().await;
    assert_eq!(secrets, world.secrets.of_key.lock().unwrap().len());
    assert_eq!(data_keys.len(), 1, "all are sealed with the newest data key");
    for gateway in gateways {
        knows_all(&gateway, secrets).await;
        gateway.stop().await;
    }
    let searched = world.search(&folders);
    only_the_last_opens(&world, &masters).await;
    println!(
        "{kills} rotations killed within {longest:?}, {ended} of them too late; {} master keys; {secrets} secrets; \
         {used} requests meanwhile; {searched} bytes searched",
        masters.len(),
    );
}

/// Of all master keys there were, the one in place opens the database and no other does.
async fn only_the_last_opens(world: &World, masters: &BTreeSet<String>) {
    let current = std::fs::read_to_string(world.file("master.key")).unwrap();
    for text in masters {
        let store = Store::open(&DatabaseUrl::parse(&world.database).unwrap(), 1).await.unwrap();
        let opened = DataKeys::open(store, MasterSource::Value(text.trim().into()), 1).await;
        assert_eq!(opened.is_ok(), *text == current);
    }
    assert!(!world.file("master.key.next").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_survives_being_killed_on_sqlite() {
    let world = World::new(None).await;
    let folder = world.data.path().to_owned();
    survive(world, 200, vec![folder]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotation_survives_being_killed_on_postgres() {
    let Some(database) = pg::database() else { return };
    // The server's own files, write-ahead log included.
    let server = PathBuf::from(database.split("host=").nth(1).unwrap()).join("data");
    let world = World::new(Some(database)).await;
    let folder = world.data.path().to_owned();
    survive(world, 30, vec![folder, server]).await;
}
