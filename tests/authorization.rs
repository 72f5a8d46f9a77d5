//! Who may call what: every rpc of the contract and every route of the REST face, with every kind of key. The rpcs come
//! from the descriptors, so a new one is in the matrix from its first day.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and waits for its tasks itself")]

mod support;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use http::{Method, StatusCode, uri::PathAndQuery};
use prost::Message;
use prost_types::{FieldMask, FileDescriptorSet};
use support::gateway::{Gateway, KEY};
use tonic::{Code, Request, Status, client::Grpc, transport::Channel};
use tonic_prost::ProstCodec;

use ai_model_gateway::{
    access::{Directory, OWNER_ID},
    admin::{
        gateway_keys::{CreateKey, GatewayKeys},
        users::Users,
    },
    app::now_ms,
    domain::{
        scope::{Scope, Scopes},
        user::Role,
    },
    pb::{self, DESCRIPTOR_SET, key_service_client::KeyServiceClient},
    storage::{DatabaseUrl, Store},
};

/// What each service asks for: a second opinion on the options of the contract.
const SERVICES: &[(&str, Scope)] = &[
    ("ActivityService", Scope::Activity),
    ("ChatService", Scope::Models),
    ("EmbeddingService", Scope::Models),
    ("KeyService", Scope::Keys),
    ("ModelService", Scope::Models),
    ("VisionService", Scope::Models),
];

/// Services that anybody may call, also without a key.
const PUBLIC: &[&str] = &["StatusService"];

/// Every route of the REST face that needs a key, with what it needs. A route without a row fails a test below. The
/// bodies are well-formed: the REST face reads them before it asks the gateway.
const ROUTES: &[(Method, &str, &str, Scope)] = &[
    (Method::GET, "/v1/models", "", Scope::Models),
    (Method::GET, "/v1/models/sandbox/echo", "", Scope::Models),
    (Method::POST, "/v1/chat/completions", CHAT, Scope::Models),
    (Method::POST, "/v1/completions", r#"{"model":"sandbox/echo","prompt":"hi"}"#, Scope::Models),
    (Method::POST, "/v1/responses", r#"{"model":"sandbox/echo","input":"hi"}"#, Scope::Models),
    (Method::POST, "/v1/embeddings", r#"{"model":"sandbox/embed","input":"hi"}"#, Scope::Models),
    (Method::POST, "/api/v1/chat/generate-text", r#"{"message":"hi","model":"sandbox/echo"}"#, Scope::Models),
    (Method::POST, "/api/v1/vision/extract-text", FORM, Scope::Models),
    (Method::GET, "/api/v1/keys", "", Scope::Keys),
    (Method::POST, "/api/v1/keys", r#"{"name":"x"}"#, Scope::Keys),
    (Method::GET, "/api/v1/keys/none", "", Scope::Keys),
    (Method::PATCH, "/api/v1/keys/none", r#"{"name":"x"}"#, Scope::Keys),
    (Method::DELETE, "/api/v1/keys/none", "", Scope::Keys),
    (Method::GET, "/api/v1/provider-keys", "", Scope::Keys),
    (Method::POST, "/api/v1/provider-keys", r#"{"provider":"none","secret":"x"}"#, Scope::Keys),
    (Method::DELETE, "/api/v1/provider-keys?provider=none", "", Scope::Keys),
    (Method::GET, "/api/v1/provider-keys/none", "", Scope::Keys),
    (Method::PATCH, "/api/v1/provider-keys/none", r#"{"name":"x"}"#, Scope::Keys),
    (Method::DELETE, "/api/v1/provider-keys/none", "", Scope::Keys),
    (Method::POST, "/api/v1/provider-keys/none/select", "", Scope::Keys),
    (Method::POST, "/api/v1/provider-keys/none/unselect", "", Scope::Keys),
    (Method::POST, "/api/v1/provider-keys/none/test", "", Scope::Keys),
    (Method::POST, "/api/v1/provider-keys/test", "", Scope::Keys),
    (Method::POST, "/api/v1/provider-keys/import", r#"[{"provider":"none","key":"x"}]"#, Scope::Keys),
    (Method::GET, "/api/v1/provider-keys/watch", "", Scope::Keys),
    (Method::GET, "/api/v1/activity-logs", "", Scope::Activity),
    (Method::GET, "/api/v1/activity-logs/watch", "", Scope::Activity),
    (Method::GET, "/api/v1/usage", "", Scope::Activity),
];
const CHAT: &str = r#"{"model":"sandbox/echo","messages":[{"role":"user","content":"hi"}]}"#;
/// A form with no more than its beginning of a picture: nobody is asked to read it.
const FORM: &str = "--x\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\ncontent-type: image/png\r\n\r\n\
                    \u{7f}PNG\r\n--x--\r\n";

/// Routes that anybody may use.
const OPEN: &[&str] = &[
    "/api/v1/health",
    "/livez",
    "/readyz",
    "/metrics",
    "/openapi.json",
    "/docs",
    "/docs/swagger.js",
    "/redoc",
    "/proto",
    "/proto/aigateway/v1/chat_service.proto",
    "/proto.tar.gz",
];

/// The same id in every call, so that answers can be compared byte for byte.
const REQUEST_ID: &str = "matrix";

struct World {
    gateway: Gateway,
    channel: Channel,
    /// `authorization` headers that are refused, by what is wrong with them.
    bad: BTreeMap<String, Option<String>>,
    /// Keys that are good, by name, with what they may do.
    good: BTreeMap<String, (String, Scopes)>,
    _data: tempfile::TempDir,
}

impl World {
    async fn new() -> Self {
        let data = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/world.db", data.path().display());
        let (bad, good) = populate(&url).await;
        // Nothing listens there: no test of a key may leave the machine.
        let gateway = Gateway::with_upstream("http://127.0.0.1:1", &[("DATABASE_URL", &url)]).await;
        let channel = Channel::from_shared(format!("http://{}", gateway.grpc)).unwrap().connect().await.unwrap();
        Self { gateway, channel, bad, good, _data: data }
    }

    fn key(&self, name: &str) -> &str {
        &self.good[name].0
    }

    fn keys(&self, name: &str) -> KeyServiceClient<tonic::service::interceptor::InterceptedService<Channel, Bearer>> {
        KeyServiceClient::with_interceptor(self.channel.clone(), Bearer(format!("Bearer {}", self.key(name))))
    }

    /// Calls an rpc with one message, whatever kind of rpc it is, and waits for the first thing it says.
    async fn call<M: Message + Default + 'static>(&self, path: &str, header: Option<&str>, message: M) -> Status {
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

    async fn rest(&self, (method, path, body): (&Method, &str, &str), header: Option<&str>) -> (StatusCode, Vec<u8>) {
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let url = format!("http://{}{path}", self.gateway.edge);
        let mut request = client.request(method.clone(), url).header("x-request-id", REQUEST_ID);
        if let Some(header) = header {
            request = request.header("authorization", header);
        }
        if !body.is_empty() {
            let kind = if body == FORM { "multipart/form-data; boundary=x" } else { "application/json" };
            request = request.header("content-type", kind).body(body.to_owned());
        }
        let response = request.send().await.unwrap();
        let status = response.status();
        // A watch that was let in has no end.
        let body = if status.is_success() { Vec::new() } else { response.bytes().await.unwrap().to_vec() };
        (status, body)
    }
}

#[derive(Clone)]
struct Bearer(String);

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
    let unknown = ai_model_gateway::access::GatewayKeySecret::generate().unwrap();
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

/// An rpc of the contract.
struct Rpc {
    path: String,
    scope: Scope,
    /// Whether its request names one object of the caller's by `id`.
    names_object: bool,
    /// Whether its request holds such an object, to change it.
    changes_object: bool,
}

fn rpcs() -> Vec<Rpc> {
    let set = FileDescriptorSet::decode(DESCRIPTOR_SET).unwrap();
    let ours: Vec<_> = set.file.iter().filter(|file| file.package() == "aigateway.v1").collect();
    let messages: BTreeMap<_, _> =
        ours.iter().flat_map(|f| &f.message_type).map(|m| (format!(".aigateway.v1.{}", m.name()), m)).collect();
    let mut rpcs = Vec::new();
    let services = ours.iter().flat_map(|file| &file.service);
    for service in services.filter(|service| !PUBLIC.contains(&service.name())) {
        let row = SERVICES.iter().find(|(name, _)| *name == service.name());
        let (_, scope) = row.unwrap_or_else(|| panic!("{} needs a row in SERVICES", service.name()));
        for method in &service.method {
            let fields = &messages[method.input_type()].field;
            let has = |name: &str| fields.iter().any(|field| field.name() == name && field.number() == 1);
            rpcs.push(Rpc {
                path: format!("/aigateway.v1.{}/{}", service.name(), method.name()),
                scope: *scope,
                names_object: service.name() != "ModelService" && has("id"),
                changes_object: has("update_mask") || fields.iter().any(|field| field.name() == "update_mask"),
            });
        }
    }
    rpcs
}

fn denied(status: &Status) -> bool {
    matches!(status.code(), Code::Unauthenticated | Code::PermissionDenied)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rpc_with_every_kind_of_key() {
    let world = World::new().await;
    let (rpcs, mut cells) = (rpcs(), 0);
    let reference = world.call("/aigateway.v1.ChatService/StreamChatCompletion", None, ()).await;
    assert_eq!(reference.code(), Code::Unauthenticated);
    for rpc in &rpcs {
        for (case, header) in &world.bad {
            let status = world.call(&rpc.path, header.as_deref(), ()).await;
            let said = (status.code(), status.message(), status.details());
            let wanted = (reference.code(), reference.message(), reference.details());
            assert_eq!(said, wanted, "{} with a key that is bad: {case}", rpc.path);
            cells += 1;
        }
        for (name, (key, scopes)) in &world.good {
            let status = world.call(&rpc.path, Some(&format!("Bearer {key}")), ()).await;
            let case = format!("{} with {name}: {status}", rpc.path);
            if scopes.has(rpc.scope) {
                assert!(!denied(&status), "{case}");
            } else {
                assert_eq!(status.code(), Code::PermissionDenied, "{case}");
                assert!(status.message().contains(&format!("`{}`", rpc.scope.name())), "{case}");
                assert!(status.details().windows(11).any(|reason| reason == b"NOT_ALLOWED"), "{case}");
            }
            cells += 1;
        }
    }
    println!("{} rpcs, {} bad keys, {} good ones: {cells} cells", rpcs.len(), world.bad.len(), world.good.len());
    world.gateway.stop().await;
}

/// What needs no key tells everybody the same.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_public_is_open_to_all() {
    let world = World::new().await;
    let keys = world.good.values().map(|(key, _)| Some(format!("Bearer {key}")));
    for header in world.bad.values().cloned().chain(keys) {
        let status = world.call("/aigateway.v1.StatusService/GetStatus", header.as_deref(), ()).await;
        assert_eq!(status.code(), Code::Ok, "{header:?}: {status}");
    }
    let set = FileDescriptorSet::decode(DESCRIPTOR_SET).unwrap();
    let names: Vec<_> = set.file.iter().flat_map(|f| &f.service).map(|service| service.name()).collect();
    assert!(PUBLIC.iter().all(|name| names.contains(name)), "{names:?}");
    world.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_with_every_kind_of_key() {
    let world = World::new().await;
    let mut cells = 0;
    let openai = world.rest((&Method::GET, "/v1/models", ""), None).await;
    let own = world.rest((&Method::GET, "/api/v1/keys", ""), None).await;
    assert_eq!([openai.0, own.0], [StatusCode::UNAUTHORIZED; 2]);
    for (method, path, body, scope) in ROUTES {
        for (case, header) in &world.bad {
            let answer = world.rest((method, path, body), header.as_deref()).await;
            let wanted = if path.starts_with("/api/") { &own } else { &openai };
            assert_eq!(&answer, wanted, "{method} {path} with a key that is bad: {case}");
            cells += 1;
        }
        for (name, (key, scopes)) in &world.good {
            let (status, body) = world.rest((method, path, body), Some(&format!("Bearer {key}"))).await;
            let case = format!("{method} {path} with {name}: {status} {}", String::from_utf8_lossy(&body));
            if scopes.has(*scope) {
                assert!(!matches!(status.as_u16(), 401 | 403), "{case}");
            } else {
                assert_eq!(status, StatusCode::FORBIDDEN, "{case}");
                assert!(String::from_utf8_lossy(&body).contains(scope.name()), "{case}");
            }
            cells += 1;
        }
    }
    for path in OPEN {
        let (status, _) = world.rest((&Method::GET, path, ""), None).await;
        assert_eq!(status, StatusCode::OK, "{path} is open");
    }
    println!("{} routes, {cells} cells, {} open routes", ROUTES.len(), OPEN.len());
    world.gateway.stop().await;
}

/// Every operation of the document, which has all routes, with the key that it says it needs.
#[tokio::test(flavor = "multi_thread")]
async fn every_route_is_in_the_matrix() {
    let world = World::new().await;
    let url = format!("http://{}/openapi.json", world.gateway.edge);
    let text =
        reqwest::Client::builder().no_proxy().build().unwrap().get(url).send().await.unwrap().text().await.unwrap();
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    let (mut missing, mut found) = (Vec::new(), 0);
    for (route, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let is_row = |row: &str| fits(route, row.split('?').next().unwrap());
            let is_tested = if operation["security"] == serde_json::json!([]) {
                OPEN.iter().any(|row| is_row(row))
            } else {
                ROUTES.iter().any(|(known, row, ..)| known.as_str().eq_ignore_ascii_case(method) && is_row(row))
            };
            found += 1;
            if !is_tested {
                missing.push(format!("{method} {route}"));
            }
        }
    }
    assert!(found > 35, "{found} operations");
    assert!(missing.is_empty(), "routes without a row in ROUTES or OPEN: {missing:?}");
    world.gateway.stop().await;
}

/// Whether a path is one of a route, such as `/keys/{id}`. Ids of models and names of files have slashes of their own.
fn fits(route: &str, path: &str) -> bool {
    let mut path = path.split('/');
    for part in route.split('/') {
        match path.next() {
            // The rest of a path may have slashes: names of models and of files.
            Some(_) if ["/v1/models/{id}", "/proto/{file}"].contains(&route) && part.starts_with('{') => return true,
            Some(given) if part.starts_with('{') || part == given => {}
            Some(_) | None => return false,
        }
    }
    path.next().is_none()
}

/// Health and reflection are open: load balancers have no key, and the contract is no secret. What is not in the
/// contract is refused, also to those who may do everything.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_rpc_of_ours_has_its_own_answer() {
    let world = World::new().await;
    let bearer = format!("Bearer {}", world.key("owner"));
    for (path, header, wanted) in [
        ("/grpc.health.v1.Health/Check", None, Code::Ok),
        ("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo", None, Code::InvalidArgument),
        ("/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", None, Code::InvalidArgument),
        ("/aigateway.v1.ChatService/None", None, Code::Unauthenticated),
        ("/aigateway.v1.ChatService/None", Some(bearer.as_str()), Code::PermissionDenied),
        ("/aigateway.v1.KeyService/createGatewayKey", Some(bearer.as_str()), Code::PermissionDenied),
        ("/aigateway.v1.NoService/None", Some(bearer.as_str()), Code::Unimplemented),
    ] {
        let status = world.call(path, header, ()).await;
        assert_eq!(status.code(), wanted, "{path}: {status}");
    }
    world.gateway.stop().await;
}

/// What belongs to somebody else is as if it did not exist, and stays as it is.
#[tokio::test(flavor = "multi_thread")]
async fn objects_of_others_do_not_exist() {
    let world = World::new().await;
    let mut owner = world.keys("owner");
    let gateway_key = owner.list_gateway_keys(pb::ListGatewayKeysRequest::default()).await.unwrap().into_inner();
    let gateway_key = gateway_key.gateway_keys[0].clone();
    let provider_key = pb::ProviderKey { provider: "google".into(), name: "mine".into(), ..Default::default() };
    let request = pb::CreateProviderKeyRequest { provider_key: Some(provider_key), secret: "AIza-of-the-owner".into() };
    let provider_key = owner.create_provider_key(request).await.unwrap().into_inner().provider_key.unwrap();

    let bearer = format!("Bearer {}", world.key("member"));
    let objects: Vec<Rpc> = rpcs().into_iter().filter(|rpc| rpc.names_object || rpc.changes_object).collect();
    assert!(objects.len() >= 9, "{} rpcs name an object", objects.len());
    for rpc in &objects {
        let own = if rpc.path.contains("GatewayKey") { &gateway_key.id } else { &provider_key.id };
        // As long as the real one, so that even lengths must agree.
        let none: String = own.chars().map(|c| if c.is_ascii_alphanumeric() { '0' } else { c }).collect();
        let mut answers = Vec::new();
        for id in [own, &none] {
            let status = if rpc.changes_object {
                world.call(&rpc.path, Some(&bearer), rename(id)).await
            } else {
                world.call(&rpc.path, Some(&bearer), pb::GetGatewayKeyRequest { id: id.clone() }).await
            };
            assert_eq!(status.code(), Code::NotFound, "{}: {status}", rpc.path);
            answers.push((status.message().replace(id.as_str(), "ID"), status.details().len()));
        }
        assert_eq!(answers[0], answers[1], "{}", rpc.path);
    }
    let again = owner.get_gateway_key(pb::GetGatewayKeyRequest { id: gateway_key.id.clone() }).await.unwrap();
    let again = again.into_inner().gateway_key.unwrap();
    assert_eq!((again.name, again.update_time), (gateway_key.name, gateway_key.update_time));
    let again = owner.get_provider_key(pb::GetProviderKeyRequest { id: provider_key.id.clone() }).await.unwrap();
    assert_eq!(again.into_inner().provider_key.unwrap(), provider_key);
    let mut member = world.keys("member");
    let listed = member.list_gateway_keys(pb::ListGatewayKeysRequest::default()).await.unwrap().into_inner();
    assert_eq!(listed.gateway_keys.len(), 1, "their own");
    let listed = member.list_provider_keys(pb::ListProviderKeysRequest::default()).await.unwrap().into_inner();
    assert!(listed.provider_keys.is_empty());
    println!("{} rpcs that name an object", objects.len());
    world.gateway.stop().await;
}

/// A request that gives an object a new name. Written with fields that both kinds of keys have at the same numbers.
fn rename(id: &str) -> pb::UpdateGatewayKeyRequest {
    pb::UpdateGatewayKeyRequest {
        gateway_key: Some(pb::GatewayKey { id: id.to_owned(), ..Default::default() }),
        update_mask: Some(FieldMask { paths: vec!["name".into()] }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_key_lives_over_grpc() {
    let world = World::new().await;
    let mut keys = world.keys("member");
    let wanted = pb::GatewayKey { name: "ci".into(), scopes: vec![2], ..Default::default() };
    let mut made = Vec::new();
    for n in 0..4 {
        let gateway_key = Some(pb::GatewayKey { active: (n == 3).then_some(false), ..wanted.clone() });
        let created = keys.create_gateway_key(pb::CreateGatewayKeyRequest { gateway_key }).await.unwrap().into_inner();
        let key = created.gateway_key.unwrap();
        assert!(created.plaintext.starts_with(&format!("sk-{}-", key.public_id)), "{key:?}");
        assert_eq!((key.active, key.scopes.as_slice(), key.last_used_time), (Some(n != 3), &[2][..], None));
        made.push((key, created.plaintext));
    }

    // Its first use shows at once, in this process.
    let (key, plaintext) = &made[0];
    let status = world.call("/aigateway.v1.ModelService/ListModels", Some(&format!("Bearer {plaintext}")), ()).await;
    assert_eq!(status.code(), Code::PermissionDenied);
    let request = pb::GetGatewayKeyRequest { id: key.id.clone() };
    let shown = keys.get_gateway_key(request.clone()).await.unwrap().into_inner().gateway_key.unwrap();
    assert!(shown.last_used_time.is_some());

    let mut seen = Vec::new();
    let mut page = pb::ListGatewayKeysRequest { page_size: 2, active: Some(true), ..Default::default() };
    loop {
        let listed = keys.list_gateway_keys(page.clone()).await.unwrap().into_inner();
        assert!(listed.gateway_keys.len() <= 2);
        seen.extend(listed.gateway_keys.into_iter().map(|key| key.id));
        page.page_token = listed.next_page_token;
        if page.page_token.is_empty() {
            break;
        }
    }
    assert_eq!(seen.len(), 4, "the member's own key and the three that are active");
    assert_eq!(seen[1..].to_vec(), made[..3].iter().map(|(key, _)| key.id.clone()).collect::<Vec<_>>());

    let update = |paths: &[&str], gateway_key: pb::GatewayKey| pb::UpdateGatewayKeyRequest {
        gateway_key: Some(pb::GatewayKey { id: key.id.clone(), ..gateway_key }),
        update_mask: Some(FieldMask { paths: paths.iter().map(|p| (*p).to_owned()).collect() }),
    };
    let models = pb::GatewayKey { scopes: vec![1], allowed_models: vec!["sandbox/e*".into()], ..Default::default() };
    let changed = keys.update_gateway_key(update(&["scopes", "allowed_models"], models)).await.unwrap().into_inner();
    assert_eq!(changed.gateway_key.unwrap().name, "ci", "what is not named stays");
    let bearer = format!("Bearer {plaintext}");
    let status = world.call("/aigateway.v1.ModelService/ListModels", Some(&bearer), ()).await;
    assert_eq!(status.code(), Code::Ok, "{status}");
    keys.update_gateway_key(update(&["active"], pb::GatewayKey { active: Some(false), ..Default::default() }))
        .await
        .unwrap();
    let status = world.call("/aigateway.v1.ModelService/ListModels", Some(&bearer), ()).await;
    assert_eq!(status.code(), Code::Unauthenticated, "from the next request on");
    keys.delete_gateway_key(pb::DeleteGatewayKeyRequest { id: key.id.clone() }).await.unwrap();
    assert_eq!(keys.get_gateway_key(request).await.unwrap_err().code(), Code::NotFound);
    world.gateway.stop().await;
}
