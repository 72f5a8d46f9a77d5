//! The encryption of provider keys as an operator meets it: rotations that are killed while gateways serve, wrong master
//! keys, and what is on the disk meanwhile.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and waits for its tasks itself")]

#[path = "support/pg.rs"]
mod pg;
mod support;

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use ai_model_gateway::{
    admin::data_keys::DataKeys,
    pb::{self, ProviderKeyTestVerdict as Verdict, key_service_client::KeyServiceClient},
    sealing::{MasterKey, MasterSource, Place},
    storage::{DatabaseUrl, Store},
};
use base64::Engine as _;
use secrecy::ExposeSecret as _;
use support::{
    gateway::{Gateway, KEY, over_grpc, with_key},
    upstream::{Act, STREAM_HEAD, ScriptedUpstream, Seen, json_reply},
};
use tonic::transport::Channel;

/// Pause between two rounds of use, so that the rotations have a processor too.
const BREATH: Duration = Duration::from_millis(50);
/// How many keys there are when it begins.
const KEYS: usize = 20;

type Client = KeyServiceClient<Channel>;

/// A data directory, a database, and a provider that takes only the secrets which were stored.
struct World {
    data: tempfile::TempDir,
    database: String,
    upstream: ScriptedUpstream,
    secrets: Arc<Secrets>,
}

struct Secrets {
    /// What every secret begins with, and nothing else: what to search for.
    mark: String,
    /// Every secret that was ever stored.
    all: Mutex<BTreeSet<String>>,
    /// The one each key should have, and the one it is about to get.
    of_key: Mutex<HashMap<String, BTreeSet<String>>>,
}

impl Secrets {
    fn new() -> Self {
        Self { mark: format!("xai-{}", random_text()), all: Mutex::default(), of_key: Mutex::default() }
    }

    fn new_one(&self) -> String {
        let secret = format!("{}{}", self.mark, random_text());
        self.all.lock().unwrap().insert(secret.clone());
        secret
    }
}

impl World {
    async fn new(database: Option<String>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let database = database.unwrap_or_else(|| format!("sqlite://{}/gateway.db", data.path().display()));
        let secrets = Arc::new(Secrets::new());
        let known = secrets.clone();
        let upstream = ScriptedUpstream::start(move |seen| answer(seen, &known)).await;
        Self { data, database, upstream, secrets }
    }

    async fn gateway(&self) -> Gateway {
        let url = self.upstream.url();
        let data = self.data.path().to_str().unwrap();
        let own = [("AIGW_DATA_DIR", data), ("DATABASE_URL", &self.database), ("XAI_API_BASE_URL", &url)];
        Gateway::start(&own).await
    }

    fn file(&self, name: &str) -> PathBuf {
        self.data.path().join(name)
    }

    fn command(&self, args: &[&str], env: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ai-model-gateway"));
        let own = [("AIGW_DATA_DIR", self.data.path().to_str().unwrap()), ("DATABASE_URL", &self.database)];
        let ports = [("AIGW_GRPC_ADDR", "127.0.0.1:0"), ("AIGW_EDGE_ADDR", "127.0.0.1:0")];
        command.args(args).env_clear().envs(own).envs(ports).envs(env.iter().copied()).current_dir(self.data.path());
        command
    }

    fn run(&self, args: &[&str], env: &[(&str, &str)]) -> Output {
        self.command(args, env).output().unwrap()
    }

    /// Reads every secret as a gateway that starts now would. Returns how many there are and what their data keys are.
    async fn read_all(&self) -> (usize, BTreeSet<Vec<u8>>) {
        let store = Store::open(&DatabaseUrl::parse(&self.database).unwrap(), 1).await.unwrap();
        let source = MasterSource::Generated(self.file("master.key"));
        let before = self.secrets.of_key.lock().unwrap().clone();
        let rows = store.sealed_secrets("", 10_000).await.unwrap();
        let keys = DataKeys::open(store, source, 1).await.unwrap_or_else(|e| panic!("{e}"));
        for row in &rows {
            let opened = keys.sealer().open(Place::of_provider_key(&row.id, &row.user_id), &row.sealed);
            let opened = opened.unwrap_or_else(|e| panic!("{}: {e}", row.id));
            let after = self.secrets.of_key.lock().unwrap().get(&row.id).cloned();
            let Some(wanted) = before.get(&row.id) else { continue };
            assert!(wanted.contains(opened.expose_secret()) || after.unwrap().contains(opened.expose_secret()));
        }
        (rows.len(), rows.into_iter().map(|row| row.sealed[1..17].to_vec()).collect())
    }

    /// Looks into every file for every secret, however it may be written. A process that closes a SQLite file loses its
    /// locks on it, and this process serves: another one copies the files.
    fn search(&self, folders: &[PathBuf]) -> usize {
        let needles = forms(self.secrets.mark.as_bytes());
        let copy = tempfile::tempdir().unwrap();
        // A server at work takes files away meanwhile.
        let _ = Command::new("cp").arg("-r").args(folders).arg(copy.path()).stderr(Stdio::null()).status().unwrap();
        let bytes = search(copy.path(), &needles);
        assert!(copy.path().read_dir().unwrap().count() == folders.len() && bytes > 0);
        bytes
    }
}

/// Answers as xAI, with a list of models or a streamed chat, whoever shows a secret that was stored.
fn answer(seen: &Seen, secrets: &Secrets) -> Vec<Act> {
    let shown = seen.head.lines().find_map(|line| line.strip_prefix("authorization: bearer "));
    let known = shown.is_some_and(|shown| secrets.all.lock().unwrap().contains(shown));
    match known {
        false => vec![Act::Send(json_reply("401 Unauthorized", r#"{"error":"no such key"}"#))],
        true if seen.head.starts_with("get ") => vec![Act::Send(json_reply("200 OK", MODELS))],
        true => vec![Act::Send(STREAM_HEAD.into()), Act::Send(CHAT.into())],
    }
}

const MODELS: &str = r#"{"object":"list","data":[{"id":"grok-4.3","object":"model","created":1}]}"#;
const CHAT: &str = "data: {\"id\":\"c\",\"model\":\"grok-4.3\",\"choices\":[{\"index\":0,\"delta\":\
    {\"role\":\"assistant\",\"content\":\"ok\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n";

/// In small letters: the scripted provider reads headers so.
fn random_text() -> String {
    let mut random = [0; 12];
    aws_lc_rs::rand::fill(&mut random).unwrap();
    hex(&random)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What to look for: as it is, in hexadecimal, and in base64 at each of the three ways bytes can fall in it.
fn forms(secret: &[u8]) -> Vec<Vec<u8>> {
    let mut forms = vec![secret.to_vec(), hex(secret).into_bytes(), hex(secret).to_uppercase().into_bytes()];
    for skip in 0..3 {
        let whole = &secret[skip..skip + (secret.len() - skip) / 3 * 3];
        for engine in [base64::engine::general_purpose::STANDARD, base64::engine::general_purpose::URL_SAFE] {
            forms.push(engine.encode(whole).into_bytes());
        }
    }
    forms
}

fn search(path: &Path, needles: &[Vec<u8>]) -> usize {
    if path.is_dir() {
        return std::fs::read_dir(path).unwrap().map(|entry| search(&entry.unwrap().path(), needles)).sum();
    }
    let content = std::fs::read(path).unwrap_or_default();
    for needle in needles {
        let found = memchr::memmem::find(&content, needle).is_some();
        assert!(!found, "{} holds {}", path.display(), String::from_utf8_lossy(needle));
    }
    content.len()
}

async fn client(gateway: &Gateway) -> Client {
    Client::connect(format!("http://{}", gateway.grpc)).await.unwrap()
}

/// Stores a key; notes what its secret is.
async fn create(client: &mut Client, secrets: &Secrets) -> String {
    let secret = secrets.new_one();
    let key = pb::ProviderKey { provider: "xai".into(), ..Default::default() };
    let request = pb::CreateProviderKeyRequest { provider_key: Some(key), secret: secret.clone() };
    let created = client.create_provider_key(with_key(request)).await.unwrap().into_inner();
    let id = created.provider_key.unwrap().id;
    secrets.of_key.lock().unwrap().insert(id.clone(), BTreeSet::from([secret]));
    id
}

/// Gives a key another secret. While that goes on, both are right.
async fn replace(client: &mut Client, secrets: &Secrets, id: &str) {
    let secret = secrets.new_one();
    secrets.of_key.lock().unwrap().get_mut(id).unwrap().insert(secret.clone());
    let request = pb::UpdateProviderKeyRequest {
        provider_key: Some(pb::ProviderKey { id: id.into(), ..Default::default() }),
        update_mask: Some(prost_types::FieldMask { paths: vec!["secret".into()] }),
        secret: secret.clone(),
    };
    client.update_provider_key(with_key(request)).await.unwrap();
    secrets.of_key.lock().unwrap().insert(id.into(), BTreeSet::from([secret]));
}

/// Has the gateway show every key to the provider. Returns how many there were.
async fn use_all(client: &mut Client) -> usize {
    let request = pb::TestProviderKeysRequest { provider: "xai".into() };
    let results = client.test_provider_keys(with_key(request)).await.unwrap().into_inner().results;
    for result in &results {
        assert_eq!(result.verdict(), Verdict::Passed, "{}", result.message);
    }
    results.len()
}

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
        assert_eq!(use_all(&mut client(&gateway).await).await, secrets);
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
