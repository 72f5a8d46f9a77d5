//! A gateway whose database has users and keys of every kind, and ways to call it with each.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use ai_model_gateway::{
    access::{Directory, GatewayKeySecret, OWNER_ID},
    admin::{
        gateway_keys::{CreateKey, GatewayKeys},
        users::Users,
    },
    app::now_ms,
    domain::{
        scope::{Scope, Scopes},
        user::Role,
    },
    pb::key_service_client::KeyServiceClient,
    storage::{DatabaseUrl, Store},
};
use http::uri::PathAndQuery;
use prost::Message;
use tonic::{Request, Status, client::Grpc, service::interceptor::InterceptedService, transport::Channel};
use tonic_prost::ProstCodec;

use super::support::gateway::{Gateway, KEY};

/// The same id in every call, so that answers can be compared byte for byte.
pub const REQUEST_ID: &str = "matrix";

pub struct World {
    pub gateway: Gateway,
    pub channel: Channel,
    /// `authorization` headers that are refused, by what is wrong with them.
    pub bad: Headers,
    /// Keys that are good, by name, with what they may do.
    pub good: Keys,
    _data: tempfile::TempDir,
}

impl World {
    pub async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/world.db", data.path().display());
        let (bad, good) = populate(&url).await;
        // Nothing listens there: no test of a key may leave the machine.
        let gateway = Gateway::with_upstream("http://127.0.0.1:1", &[("DATABASE_URL", &url)]).await;
        let channel = gateway.channel().await;
        Self { gateway, channel, bad, good, _data: data }
    }

    pub fn key(&self, name: &str) -> &str {
        &self.good[name].0
    }

    pub fn keys(&self, name: &str) -> KeyServiceClient<InterceptedService<Channel, Bearer>> {
        KeyServiceClient::with_interceptor(self.channel.clone(), Bearer(format!("Bearer {}", self.key(name))))
    }

    /// Calls an rpc with one message, whatever kind of rpc it is, and waits for the first thing it says.
    pub async fn call<M: Message + Default + 'static>(&self, path: &str, header: Option<&str>, message: M) -> Status {
        let mut request = Request::new(message);
        request.metadata_mut().insert("x-request-id", REQUEST_ID.parse().unwrap());
        if let Some(header) = header {
            request.metadata_mut().insert("authorization", header.parse().unwrap());
        }
        let mut grpc = Grpc::new(self.channel.clone());
        grpc.ready().await.unwrap();
        let path: PathAndQuery = path.parse().unwrap();
        let codec = ProstCodec::<M, ()>::default();
        match grpc.server_streaming(request, path, codec).await {
            Err(status) => status,
            Ok(response) => {
                let mut stream = response.into_inner();
                // A watch that has nothing to say is an answer, too.
                match tokio::time::timeout(Duration::from_millis(500), stream.message()).await {
                    Ok(Err(status)) => status,
                    Ok(Ok(_)) | Err(_) => Status::ok(""),
                }
            }
        }
    }
}

#[derive(Clone)]
pub struct Bearer(String);

impl tonic::service::Interceptor for Bearer {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        request.metadata_mut().insert("authorization", self.0.parse().unwrap());
        Ok(request)
    }
}

type Headers = BTreeMap<String, Option<String>>;
type Keys = BTreeMap<String, (String, Scopes)>;

/// Fills a database with users and keys of every kind before the gateway starts.
async fn populate(url: &str) -> (Headers, Keys) {
    let store = Store::open(&DatabaseUrl::parse(url).unwrap(), 1).await.unwrap();
    let directory = Arc::new(Directory::new());
    let (keys, users) = (GatewayKeys::new(store.clone(), directory.clone()), Users::new(store, directory));
    let now = now_ms();
    keys.bootstrap(Some(KEY), now).await.unwrap();
    let issue = async |user: &str, request: CreateKey, now: i64| {
        let (key, secret) = keys.issue(user, request, now).await.unwrap();
        (key.id, secret.expose().to_owned())
    };

    let mut bad = Headers::from([
        ("none".to_owned(), None),
        ("no token".to_owned(), Some("Bearer".to_owned())),
        ("empty".to_owned(), Some("Bearer ".to_owned())),
        ("another scheme".to_owned(), Some(format!("Basic {KEY}"))),
        ("no scheme".to_owned(), Some(KEY.to_owned())),
        ("malformed".to_owned(), Some("Bearer sk-x".to_owned())),
        ("too long".to_owned(), Some(format!("Bearer {}", "x".repeat(600)))),
        ("one character more".to_owned(), Some(format!("Bearer {KEY}x"))),
        ("SQL".to_owned(), Some("Bearer ' OR 1=1 --".to_owned())),
    ]);
    let mut refuse = |name: &str, secret: &str| bad.insert(name.to_owned(), Some(format!("Bearer {secret}")));
    let unknown = GatewayKeySecret::generate().unwrap();
    refuse("unknown", unknown.expose());
    refuse("expired", &issue(OWNER_ID, CreateKey { expires_ms: Some(2), ..CreateKey::named("x") }, 1).await.1);
    refuse("born inactive", &issue(OWNER_ID, CreateKey { active: false, ..CreateKey::named("x") }, now).await.1);
    let (id, secret) = issue(OWNER_ID, CreateKey::named("x"), now).await;
    keys.revoke(&id, now).await.unwrap();
    refuse("inactive", &secret);
    let gone = users.create("gone", Role::Owner, now).await.unwrap();
    refuse("user disabled", &issue(&gone.id, CreateKey::named("x"), now).await.1);
    users.set_active("gone", false).await.unwrap();

    let mut good = Keys::from([("owner".to_owned(), (KEY.to_owned(), Scopes::all()))]);
    let member = users.create("member", Role::Member, now).await.unwrap();
    good.insert("member".to_owned(), (issue(&member.id, CreateKey::named("x"), now).await.1, Scopes::all()));
    for scope in Scope::ALL {
        let only: Scopes = [scope].into_iter().collect();
        let without: Scopes = Scope::ALL.into_iter().filter(|other| *other != scope).collect();
        for (name, scopes) in [("only", only), ("without", without)] {
            let request = CreateKey { scopes, ..CreateKey::named("x") };
            good.insert(format!("{name} {}", scope.name()), (issue(OWNER_ID, request, now).await.1, scopes));
        }
    }
    (bad, good)
}
