//! Two gateways on one PostgreSQL: what one of them writes, the other heeds.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and starts what it tests")]

#[path = "support/pg.rs"]
mod pg;
mod support;

use std::time::{Duration, Instant};

use prost_types::FieldMask;
use support::gateway::{Gateway, with_key};
use tonic::{Code, transport::Channel};

use ai_model_gateway::pb::{self, key_service_client::KeyServiceClient, model_service_client::ModelServiceClient};

/// Replicas share the master key as they share the database.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const LISTENER: &str = "ai-model-gateway listener";

async fn channel(gateway: &Gateway) -> Channel {
    gateway.channel().await
}

/// Creates a key on one gateway and revokes it there; returns how long the other needed to take note of each.
async fn heeded(one: &mut KeyServiceClient<Channel>, other: &mut ModelServiceClient<Channel>) -> [Duration; 2] {
    let gateway_key = Some(pb::GatewayKey { name: "x".into(), ..Default::default() });
    let created = one.create_gateway_key(with_key(pb::CreateGatewayKeyRequest { gateway_key })).await.unwrap();
    let written = Instant::now();
    let pb::CreateGatewayKeyResponse { gateway_key, plaintext } = created.into_inner();
    let mut answer = async |wanted: Code| loop {
        let mut request = tonic::Request::new(pb::ListModelsRequest { page_size: 1, ..Default::default() });
        request.metadata_mut().insert("authorization", format!("Bearer {plaintext}").parse().unwrap());
        let code = other.list_models(request).await.map_or_else(|status| status.code(), |_| Code::Ok);
        if code == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    };
    answer(Code::Ok).await;
    let known = written.elapsed();

    let gateway_key = gateway_key.map(|key| pb::GatewayKey { active: Some(false), ..key });
    let update_mask = Some(FieldMask { paths: vec!["active".into()] });
    one.update_gateway_key(with_key(pb::UpdateGatewayKeyRequest { gateway_key, update_mask })).await.unwrap();
    let written = Instant::now();
    answer(Code::Unauthenticated).await;
    [known, written.elapsed()]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_revoked_on_one_gateway_is_refused_on_the_other() {
    let Some(url) = pg::database() else { return };
    let settings = [("DATABASE_URL", url.as_str()), ("AIGW_MASTER_KEY", MASTER_KEY)];
    let (one, other) = (Gateway::start(&settings).await, Gateway::start(&settings).await);
    let mut keys = KeyServiceClient::new(channel(&one).await);
    let mut models = ModelServiceClient::new(channel(&other).await);

    pg::wait_for_connections(&url, LISTENER, 2);
    let mut told = Vec::new();
    for _ in 0..20 {
        told.extend(heeded(&mut keys, &mut models).await);
    }
    told.sort_unstable();
    println!("told by the database: median {:?}, longest {:?}", told[told.len() / 2], told[told.len() - 1]);
    assert!(told[told.len() / 2] < Duration::from_millis(200), "{told:?}");

    // Without its listener a gateway looks for itself, and then listens again.
    pg::end_connections(&url, LISTENER);
    let looked = heeded(&mut keys, &mut models).await;
    println!("without a listener: {looked:?}");
    assert!(looked.iter().all(|time| *time < Duration::from_secs(1)), "{looked:?}");
    pg::wait_for_connections(&url, LISTENER, 2);
    let again = heeded(&mut keys, &mut models).await;
    println!("listening again: {again:?}");
    one.stop().await;
    other.stop().await;
}
