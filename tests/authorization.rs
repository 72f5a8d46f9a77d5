//! Who may call what: every rpc of the contract and every route of the REST face, with every kind of key. The rpcs come
//! from the descriptors, so a new one is in the matrix from its first day.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and waits for its tasks itself")]

#[path = "authorization/objects.rs"]
mod objects;
#[path = "authorization/routes.rs"]
mod routes;
mod support;
#[path = "authorization/world.rs"]
mod world;

use std::collections::BTreeMap;

use ai_model_gateway::{domain::scope::Scope, pb::DESCRIPTOR_SET};
use prost::Message as _;
use prost_types::FileDescriptorSet;
use tonic::{Code, Status};
use world::World;

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
