//! What belongs to whom, and the life of a gateway key.

use ai_model_gateway::pb;
use prost_types::FieldMask;
use tonic::Code;

use super::{Rpc, rpcs, world::World};

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
