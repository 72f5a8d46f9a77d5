//! A gateway's data, a provider that takes only what was stored there, and where to look for secrets that got out.

use std::{
    collections::{BTreeSet, HashMap},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{Arc, Mutex},
};

use ai_model_gateway::{
    admin::data_keys::DataKeys,
    pb::{self, ProviderKeyTestVerdict as Verdict, key_service_client::KeyServiceClient},
    sealing::{MasterSource, Place},
    storage::{DatabaseUrl, Store},
};
use base64::Engine as _;
use secrecy::ExposeSecret as _;
use tonic::transport::Channel;

use super::support::{
    gateway::{Gateway, with_key},
    upstream::{Act, STREAM_HEAD, ScriptedUpstream, Seen, json_reply},
};

pub type Client = KeyServiceClient<Channel>;

/// A data directory, a database, and a provider that takes only the secrets which were stored.
pub struct World {
    pub data: tempfile::TempDir,
    pub database: String,
    pub upstream: ScriptedUpstream,
    pub secrets: Arc<Secrets>,
}

pub struct Secrets {
    /// What every secret begins with, and nothing else: what to search for.
    mark: String,
    /// Every secret that was ever stored.
    all: Mutex<BTreeSet<String>>,
    /// The one each key should have, and the one it is about to get.
    pub of_key: Mutex<HashMap<String, BTreeSet<String>>>,
}

impl Secrets {
    pub fn new() -> Self {
        Self { mark: format!("xai-{}", random_text()), all: Mutex::default(), of_key: Mutex::default() }
    }

    fn new_one(&self) -> String {
        let secret = format!("{}{}", self.mark, random_text());
        self.all.lock().unwrap().insert(secret.clone());
        secret
    }
}

impl World {
    pub async fn new(database: Option<String>) -> Self {
        let data = tempfile::tempdir().unwrap();
        let database = database.unwrap_or_else(|| format!("sqlite://{}/gateway.db", data.path().display()));
        let secrets = Arc::new(Secrets::new());
        let known = secrets.clone();
        let upstream = ScriptedUpstream::start(move |seen| answer(seen, &known)).await;
        Self { data, database, upstream, secrets }
    }

    pub async fn gateway(&self) -> Gateway {
        let url = self.upstream.url();
        let data = self.data.path().to_str().unwrap();
        let own = [("AIGW_DATA_DIR", data), ("DATABASE_URL", &self.database), ("XAI_API_BASE_URL", &url)];
        Gateway::start(&own).await
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.data.path().join(name)
    }

    pub fn command(&self, args: &[&str], env: &[(&str, &str)]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ai-model-gateway"));
        let own = [("AIGW_DATA_DIR", self.data.path().to_str().unwrap()), ("DATABASE_URL", &self.database)];
        let ports = [("AIGW_GRPC_ADDR", "127.0.0.1:0"), ("AIGW_EDGE_ADDR", "127.0.0.1:0")];
        command.args(args).env_clear().envs(own).envs(ports).envs(env.iter().copied()).current_dir(self.data.path());
        command
    }

    pub fn run(&self, args: &[&str], env: &[(&str, &str)]) -> Output {
        self.command(args, env).output().unwrap()
    }

    /// Reads every secret as a gateway that starts now would. Returns how many there are and what their data keys are.
    pub async fn read_all(&self) -> (usize, BTreeSet<Vec<u8>>) {
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
    pub fn search(&self, folders: &[PathBuf]) -> usize {
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

pub async fn client(gateway: &Gateway) -> Client {
    Client::new(gateway.channel().await)
}

/// Stores a key; notes what its secret is.
pub async fn create(client: &mut Client, secrets: &Secrets) -> String {
    let secret = secrets.new_one();
    let key = pb::ProviderKey { provider: "xai".into(), ..Default::default() };
    let request = pb::CreateProviderKeyRequest { provider_key: Some(key), secret: secret.clone() };
    let created = client.create_provider_key(with_key(request)).await.unwrap().into_inner();
    let id = created.provider_key.unwrap().id;
    secrets.of_key.lock().unwrap().insert(id.clone(), BTreeSet::from([secret]));
    id
}

/// Gives a key another secret. While that goes on, both are right.
pub async fn replace(client: &mut Client, secrets: &Secrets, id: &str) {
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
pub async fn use_all(client: &mut Client) -> usize {
    let request = pb::TestProviderKeysRequest { provider: "xai".into() };
    let results = client.test_provider_keys(with_key(request)).await.unwrap().into_inner().results;
    for result in &results {
        assert_eq!(result.verdict(), Verdict::Passed, "{}", result.message);
    }
    results.len()
}
