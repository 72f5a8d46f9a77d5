//! Provider keys as their owners see them: over gRPC, from a whole gateway, on SQLite and on a real PostgreSQL.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and waits for its tasks itself")]

#[path = "support/on_both.rs"]
mod on_both;
#[path = "support/pg.rs"]
mod pg;
mod support;

use std::time::Duration;

use ai_model_gateway::{
    access::GatewayKeySecret,
    domain::{
        key::GatewayKey,
        scope::Scopes,
        user::{Role, User},
    },
    pb::{self, ProviderKey, ProviderKeyState, key_service_client::KeyServiceClient},
    storage::{DatabaseUrl, Store},
};
use on_both::on_both;
use prost_types::FieldMask;
use support::gateway::{Gateway, KEY};
use tonic::{Code, Status, transport::Channel};

#[path = "provider_keys/errors.rs"]
mod errors;
#[path = "provider_keys/health.rs"]
mod health;
#[path = "provider_keys/watch.rs"]
mod watch;

on_both!(
    a_key_lives_its_life,
    lists_page_by_page_what_is_wanted,
    keys_of_others_do_not_exist,
    everything_is_there_after_a_restart,
    the_log_tells_what_owners_did,
);

/// A gateway with a place for its data, and another way to its database.
struct Scene {
    data: tempfile::TempDir,
    url: String,
    gateway: Gateway,
    client: KeyServiceClient<Channel>,
    store: Store,
}

impl Scene {
    async fn open(url: &str) -> Self {
        Self::start(tempfile::tempdir().unwrap(), url.to_owned(), &[]).await
    }

    /// The same with a SQLite file of its own.
    async fn on_sqlite() -> Self {
        let data = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/gateway.db", data.path().display());
        Self::start(data, url, &[]).await
    }

    async fn start(data: tempfile::TempDir, url: String, settings: &[(&str, &str)]) -> Self {
        let own = [("AIGW_DATA_DIR", data.path().to_str().unwrap()), ("DATABASE_URL", &url)];
        let gateway = Gateway::start(&[&own[..], settings].concat()).await;
        let channel = gateway.channel().await;
        let store = Store::open(&DatabaseUrl::parse(&url).unwrap(), 2).await.unwrap();
        Self { data, url, gateway, client: KeyServiceClient::new(channel), store }
    }

    async fn restart(self, settings: &[(&str, &str)]) -> Self {
        self.gateway.stop().await;
        Self::start(self.data, self.url, settings).await
    }

    /// Creates a key of the sandbox of all tests and returns it.
    async fn create(&self, name: &str, secret: &str) -> ProviderKey {
        self.call(new("xai", name, secret)).await.unwrap()
    }

    async fn call<R: Rpc>(&self, request: R) -> Result<R::Answer, Status> {
        request.send(self.client.clone(), KEY).await
    }

    async fn list(&self) -> Vec<ProviderKey> {
        self.call(pb::ListProviderKeysRequest::default()).await.unwrap().provider_keys
    }

    /// Creates another user and returns the user's gateway key, once the gateway knows it.
    async fn somebody_else(&self) -> String {
        let token = "sk-somebody-elses-key-0123456789-0123456789";
        let secret = GatewayKeySecret::from_token(token).unwrap();
        let user = User { id: "other".into(), name: "Other".into(), role: Role::Member, created_ms: 1, active: true };
        self.store.insert_user(&user).await.unwrap();
        let key = GatewayKey {
            id: secret.public_id().to_owned(),
            user_id: user.id,
            name: "theirs".into(),
            hash: secret.hash().to_vec(),
            active: true,
            scopes: Scopes::all(),
            ..GatewayKey::default()
        };
        assert!(self.store.insert_gateway_key(&key, 10).await.unwrap());
        for _ in 0..100 {
            if pb::ListProviderKeysRequest::default().send(self.client.clone(), token).await.is_ok() {
                return token.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the gateway does not learn of the key");
    }
}

/// An rpc by its request.
trait Rpc {
    type Answer;
    async fn send(self, client: KeyServiceClient<Channel>, key: &str) -> Result<Self::Answer, Status>;
}

macro_rules! rpcs {
    ($($request:ident, $method:ident, $answer:ty, |$response:ident| $take:expr;)*) => {$(
        impl Rpc for pb::$request {
            type Answer = $answer;
            async fn send(self, mut client: KeyServiceClient<Channel>, key: &str) -> Result<$answer, Status> {
                let mut request = tonic::Request::new(self);
                request.metadata_mut().insert("authorization", format!("Bearer {key}").parse().unwrap());
                let $response = client.$method(request).await?.into_inner();
                Ok($take)
            }
        }
    )*};
}

rpcs! {
    CreateProviderKeyRequest, create_provider_key, ProviderKey, |r| r.provider_key.unwrap();
    GetProviderKeyRequest, get_provider_key, ProviderKey, |r| r.provider_key.unwrap();
    ListProviderKeysRequest, list_provider_keys, pb::ListProviderKeysResponse, |r| r;
    UpdateProviderKeyRequest, update_provider_key, ProviderKey, |r| r.provider_key.unwrap();
    DeleteProviderKeyRequest, delete_provider_key, (), |_r| ();
    DeleteProviderKeysRequest, delete_provider_keys, u32, |r| r.deleted_count;
    SelectProviderKeyRequest, select_provider_key, ProviderKey, |r| r.provider_key.unwrap();
    UnselectProviderKeyRequest, unselect_provider_key, ProviderKey, |r| r.provider_key.unwrap();
    WatchProviderKeysRequest, watch_provider_keys, tonic::Streaming<pb::WatchProviderKeysResponse>, |r| r;
}

fn new(provider: &str, name: &str, secret: &str) -> pb::CreateProviderKeyRequest {
    let key = ProviderKey { provider: provider.into(), name: name.into(), ..ProviderKey::default() };
    pb::CreateProviderKeyRequest { provider_key: Some(key), secret: secret.into() }
}

fn get(id: &str) -> pb::GetProviderKeyRequest {
    pb::GetProviderKeyRequest { id: id.into() }
}

fn select(id: &str) -> pb::SelectProviderKeyRequest {
    pb::SelectProviderKeyRequest { id: id.into() }
}

fn unselect(id: &str) -> pb::UnselectProviderKeyRequest {
    pb::UnselectProviderKeyRequest { id: id.into() }
}

fn delete(id: &str) -> pb::DeleteProviderKeyRequest {
    pb::DeleteProviderKeyRequest { id: id.into() }
}

fn update(key: &ProviderKey, fields: &[&str], secret: &str) -> pb::UpdateProviderKeyRequest {
    pb::UpdateProviderKeyRequest {
        provider_key: Some(key.clone()),
        update_mask: Some(FieldMask { paths: fields.iter().map(|field| (*field).to_owned()).collect() }),
        secret: secret.into(),
    }
}

async fn a_key_lives_its_life(url: &str) {
    let scene = Scene::open(url).await;
    let key = scene.create("", "  xai-secret-0001\n").await;
    assert_eq!((key.name.as_str(), key.hint.as_str()), ("xai …001", "001"), "a quarter of it at most");
    assert_eq!((key.active, key.selected, key.state()), (Some(true), false, ProviderKeyState::Active));
    assert_eq!((key.state_reason.as_str(), key.state_end_time, key.failure_class), ("", None, None));
    assert!(key.create_time.is_some() && key.create_time == key.update_time && key.last_used_time.is_none());
    assert_eq!(key.fingerprint.len(), 64);
    assert_eq!(scene.call(get(&key.id)).await.unwrap(), key);

    let named = ProviderKey { name: " Main ".into(), quota_owner: "team".into(), ..key.clone() };
    let renamed = scene.call(update(&named, &["name", "quota_owner"], "")).await.unwrap();
    assert_eq!((renamed.name.as_str(), renamed.quota_owner.as_str()), ("Main", "team"));
    let off = ProviderKey { active: Some(false), ..renamed.clone() };
    let off = scene.call(update(&off, &["active"], "")).await.unwrap();
    assert_eq!(
        (off.state(), off.state_reason.is_empty(), off.name.as_str()),
        (ProviderKeyState::Disabled, false, "Main")
    );
    let on = scene.call(update(&renamed, &["active"], "")).await.unwrap();
    assert_eq!(on.state(), ProviderKeyState::Active);
    let cleared = ProviderKey { quota_owner: String::new(), ..on.clone() };
    assert_eq!(scene.call(update(&cleared, &["quota_owner"], "")).await.unwrap().quota_owner, "");
    let secret = scene.call(update(&on, &["secret"], "another-secret-of-it-9999")).await.unwrap();
    assert_eq!(secret.hint, "9999");
    assert_ne!(secret.fingerprint, key.fingerprint);

    let second = scene.create("second", "xai-secret-0002").await;
    assert!(scene.call(select(&key.id)).await.unwrap().selected);
    assert!(scene.call(select(&key.id)).await.unwrap().selected, "once more");
    assert!(scene.call(select(&second.id)).await.unwrap().selected);
    let selected: Vec<bool> = scene.list().await.iter().map(|key| key.selected).collect();
    assert_eq!(selected, [false, true]);
    assert!(!scene.call(unselect(&second.id)).await.unwrap().selected);
    assert!(!scene.call(unselect(&second.id)).await.unwrap().selected, "once more");

    scene.call(delete(&key.id)).await.unwrap();
    assert_eq!(scene.call(get(&key.id)).await.unwrap_err().code(), Code::NotFound);
    scene.create("third", "xai-secret-0003").await;
    scene.call(new("google", "elsewhere", "xai-secret-0003")).await.unwrap();
    let all = |provider: &str| pb::DeleteProviderKeysRequest { provider: provider.into() };
    assert_eq!(scene.call(all("xai")).await.unwrap(), 2);
    assert_eq!(scene.call(all("xai")).await.unwrap(), 0);
    assert_eq!(scene.list().await.len(), 1, "the other provider's");
    scene.gateway.stop().await;
}

async fn lists_page_by_page_what_is_wanted(url: &str) {
    let scene = Scene::open(url).await;
    for n in 0..7 {
        scene.create(&format!("Key_{n}"), &format!("xai-secret-{n:04}")).await;
    }
    let google = scene.call(new("google", "50% off", "google-secret-1")).await.unwrap();
    scene.call(select(&google.id)).await.unwrap();
    let off = ProviderKey { active: Some(false), ..scene.list().await[2].clone() };
    scene.call(update(&off, &["active"], "")).await.unwrap();

    let names = async |request: pb::ListProviderKeysRequest| {
        let (mut names, mut sizes, mut request) = (Vec::new(), Vec::new(), request);
        loop {
            let page = scene.call(request.clone()).await.unwrap();
            sizes.push(page.provider_keys.len());
            names.extend(page.provider_keys.into_iter().map(|key| key.name));
            if page.next_page_token.is_empty() {
                return (names.join(" "), sizes);
            }
            request.page_token = page.next_page_token;
        }
    };
    let all = pb::ListProviderKeysRequest::default;
    let page_token = scene.call(pb::ListProviderKeysRequest { page_size: 2, ..all() }).await.unwrap().next_page_token;
    let filtered = pb::ListProviderKeysRequest { page_token, provider: "xai".into(), ..all() };
    assert_eq!(errors::field(&scene.call(filtered).await.unwrap_err()), "page_token", "of a list with another filter");
    let state = |state: ProviderKeyState| vec![i32::from(state)];
    for (case, request, wanted, pages) in [
        ("all", all(), "Key_0 Key_1 Key_2 Key_3 Key_4 Key_5 Key_6 50% off", vec![8]),
        (
            "pages",
            pb::ListProviderKeysRequest { page_size: 3, provider: "xai".into(), ..all() },
            "Key_0 Key_1 Key_2 Key_3 Key_4 Key_5 Key_6",
            vec![3, 3, 1],
        ),
        (
            "whole pages",
            pb::ListProviderKeysRequest { page_size: 4, ..all() },
            "Key_0 Key_1 Key_2 Key_3 Key_4 Key_5 Key_6 50% off",
            vec![4, 4],
        ),
        ("provider", pb::ListProviderKeysRequest { provider: "google".into(), ..all() }, "50% off", vec![1]),
        ("selected", pb::ListProviderKeysRequest { selected: Some(true), ..all() }, "50% off", vec![1]),
        (
            "disabled",
            pb::ListProviderKeysRequest { states: state(ProviderKeyState::Disabled), ..all() },
            "Key_2",
            vec![1],
        ),
        ("invalid", pb::ListProviderKeysRequest { states: state(ProviderKeyState::Invalid), ..all() }, "", vec![0]),
        ("text", pb::ListProviderKeysRequest { text: "KEY_5".into(), ..all() }, "Key_5", vec![1]),
        ("no wildcard", pb::ListProviderKeysRequest { text: "y%".into(), ..all() }, "", vec![0]),
        ("a percent sign", pb::ListProviderKeysRequest { text: "0%".into(), ..all() }, "50% off", vec![1]),
        (
            "all conditions",
            pb::ListProviderKeysRequest {
                selected: Some(false),
                text: "key".into(),
                provider: "google".into(),
                ..all()
            },
            "",
            vec![0],
        ),
    ] {
        assert_eq!(names(request).await, (wanted.to_owned(), pages), "{case}");
    }
    scene.gateway.stop().await;
}

async fn keys_of_others_do_not_exist(url: &str) {
    let scene = Scene::open(url).await;
    let key = scene.create("mine", "xai-secret-0001").await;
    let other = scene.somebody_else().await;
    let client = || scene.client.clone();
    let renamed = ProviderKey { name: "stolen".into(), ..key.clone() };
    for id in [key.id.as_str(), "no-such-key"] {
        let own = ProviderKey { id: id.to_owned(), ..renamed.clone() };
        for status in [
            get(id).send(client(), &other).await.unwrap_err(),
            select(id).send(client(), &other).await.unwrap_err(),
            unselect(id).send(client(), &other).await.unwrap_err(),
            delete(id).send(client(), &other).await.unwrap_err(),
            update(&own, &["name"], "").send(client(), &other).await.unwrap_err(),
            update(&own, &["secret"], "xai-secret-0009").send(client(), &other).await.unwrap_err(),
        ] {
            let wanted = "no provider key has this id; list the keys to see their ids";
            assert_eq!((status.code(), status.message()), (Code::NotFound, wanted));
        }
    }
    let all = pb::DeleteProviderKeysRequest { provider: "xai".into() };
    assert_eq!(all.send(client(), &other).await.unwrap(), 0);
    let theirs = new("xai", "theirs", "xai-secret-0001").send(client(), &other).await.unwrap();
    let listed = pb::ListProviderKeysRequest::default().send(client(), &other).await.unwrap();
    assert_eq!(listed.provider_keys, std::slice::from_ref(&theirs), "the same secret is no secret between users");
    select(&theirs.id).send(client(), &other).await.unwrap();
    assert!(scene.call(select(&key.id)).await.unwrap().selected, "each has a selection of their own");
    assert!(get(&theirs.id).send(client(), &other).await.unwrap().selected);
    scene.gateway.stop().await;
}

async fn everything_is_there_after_a_restart(url: &str) {
    let scene = Scene::open(url).await;
    for n in 0..3 {
        scene.create(&format!("key {n}"), &format!("xai-secret-{n:04}")).await;
    }
    let keys = scene.list().await;
    scene.call(select(&keys[1].id)).await.unwrap();
    let off = ProviderKey { active: Some(false), quota_owner: "team".into(), ..keys[2].clone() };
    scene.call(update(&off, &["active", "quota_owner"], "")).await.unwrap();
    let before = scene.list().await;
    let scene = scene.restart(&[]).await;
    assert_eq!(scene.list().await, before);
    let again = scene.call(new("xai", "again", "xai-secret-0000")).await.unwrap_err();
    assert_eq!(again.code(), Code::AlreadyExists, "fingerprints stay the same");
    scene.gateway.stop().await;
}

async fn the_log_tells_what_owners_did(url: &str) {
    let scene = Scene::open(url).await;
    let first = scene.create("first", "xai-secret-0001").await;
    let second = scene.create("second", "xai-secret-0002").await;
    scene.call(select(&first.id)).await.unwrap();
    scene.call(select(&first.id)).await.unwrap();
    scene.call(select(&second.id)).await.unwrap();
    scene.call(unselect(&second.id)).await.unwrap();
    scene.call(unselect(&second.id)).await.unwrap();
    scene.call(update(&ProviderKey { name: "1st".into(), ..first.clone() }, &["name"], "")).await.unwrap();
    scene.call(update(&first, &["secret"], "xai-secret-0009")).await.unwrap();
    scene.call(delete(&first.id)).await.unwrap();
    scene.call(pb::DeleteProviderKeysRequest { provider: "xai".into() }).await.unwrap();
    let told = [
        "ADD first",
        "ADD second",
        "SELECT first",
        "UNSELECT first",
        "SELECT second",
        "UNSELECT second",
        "UPDATE 1st",
        "UPDATE 1st",
        "DELETE 1st",
        "DELETE second",
    ];
    assert_eq!(health::told(&scene, told.len()).await, told);
    scene.gateway.stop().await;
}
