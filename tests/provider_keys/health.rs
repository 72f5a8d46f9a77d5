//! What requests find out about keys is stored, told and shown.

use std::time::Duration;

use ai_model_gateway::pb::{self, ProviderKey, ProviderKeyState, activity_service_client::ActivityServiceClient};

use super::{
    Scene, on_both, pg, select,
    support::{
        gateway::{over_grpc, with_key},
        upstream::{Act, STREAM_HEAD, ScriptedUpstream, json_reply},
    },
    update,
};

on_both!(a_failover_is_stored_and_told, the_owners_switch_wins);

/// Answers by key: `xai-bad-…` is refused, `xai-slow-…` sends too much, the others work.
async fn upstream() -> ScriptedUpstream {
    ScriptedUpstream::start(|seen| {
        let reply = |status: &str, message: &str| {
            vec![Act::Send(json_reply(status, &format!(r#"{{"error":{{"message":"{message}"}}}}"#)))]
        };
        if seen.head.contains("bearer xai-bad-") {
            reply("401 Unauthorized", "Incorrect API key provided")
        } else if seen.head.contains("bearer xai-slow-") {
            reply("429 Too Many Requests", "Rate limit reached")
        } else {
            let chunk = r#"{"choices":[{"index":0,"delta":{"content":"hi"},"finish_reason":"stop"}]}"#;
            vec![Act::Send(format!("{STREAM_HEAD}data: {chunk}\n\ndata: [DONE]\n\n").into_bytes())]
        }
    })
    .await
}

/// Waits for so many entries of the activity log and returns action and key of each, oldest first.
pub async fn told(scene: &Scene, count: usize) -> Vec<String> {
    entries(scene, count)
        .await
        .iter()
        .map(|entry| {
            let action = entry.action().as_str_name().trim_start_matches("ACTIVITY_ACTION_").to_owned();
            format!("{action} {}", entry.provider_key_name)
        })
        .collect()
}

async fn entries(scene: &Scene, count: usize) -> Vec<pb::ActivityEntry> {
    let channel = scene.gateway.channel().await;
    let mut client = ActivityServiceClient::new(channel);
    let mut found = Vec::new();
    for _ in 0..100 {
        let listed = client.list_activity(with_key(pb::ListActivityRequest::default())).await.unwrap();
        found = listed.into_inner().entries;
        found.reverse();
        if found.len() >= count {
            break;
        }
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    found
}

async fn chat(scene: &Scene) -> Option<String> {
    over_grpc(&mut scene.gateway.client().await, "x-ai/grok-4").await.error
}

fn states(keys: &[ProviderKey]) -> Vec<(&str, bool, ProviderKeyState)> {
    keys.iter().map(|key| (key.name.as_str(), key.selected, key.state())).collect()
}

async fn a_failover_is_stored_and_told(url: &str) {
    let upstream = upstream().await;
    let address = upstream.url();
    let settings = [("XAI_API_BASE_URL", address.as_str())];
    let scene = Scene::open(url).await.restart(&settings).await;
    let refused = scene.create("refused", "xai-bad-0001").await;
    scene.create("busy", "xai-slow-0002").await;
    scene.create("good", "xai-good-0003").await;
    scene.call(select(&refused.id)).await.unwrap();
    assert_eq!(chat(&scene).await, None);

    let wanted = [
        ("refused", false, ProviderKeyState::Invalid),
        ("busy", false, ProviderKeyState::Cooling),
        ("good", true, ProviderKeyState::Active),
    ];
    let keys = scene.list().await;
    assert_eq!(states(&keys), wanted, "a caller reads at once what it caused");
    assert!(keys[0].state_reason.contains("Incorrect API key") && keys[0].state_end_time.is_none());
    assert!(keys[1].state_end_time.is_some());

    let log = entries(&scene, 9).await;
    let actions: Vec<_> = log.iter().map(|e| (e.action().as_str_name(), e.provider_key_name.as_str())).collect();
    let later = [
        ("ACTIVITY_ACTION_ERROR", "refused"),
        ("ACTIVITY_ACTION_ERROR", "busy"),
        ("ACTIVITY_ACTION_FAILOVER", "refused"),
        ("ACTIVITY_ACTION_UNSELECT", "refused"),
        ("ACTIVITY_ACTION_SELECT", "good"),
    ];
    assert_eq!(actions[4..], later, "{log:#?}");
    assert!(log[4].message.contains("Incorrect API key") && log[4].message.contains("tries it again at"), "{log:#?}");
    assert!(log[5].message.contains("It rests until"), "{log:#?}");
    assert_eq!((log[6].next_provider_key_name.as_str(), log[6].attempts.len()), ("good", 3));
    assert!(log[4..].iter().all(|entry| entry.model_id == "x-ai/grok-4" && !entry.request_id.is_empty()));
    assert!(!format!("{log:?}").contains("xai-bad") && !format!("{log:?}").contains("xai-good"), "no secret");

    let scene = scene.restart(&settings).await;
    assert_eq!(states(&scene.list().await), wanted, "all of it was stored");
    let asked = upstream.requests.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(chat(&scene).await, None);
    assert_eq!(upstream.requests.load(std::sync::atomic::Ordering::Relaxed), asked + 1, "the good key at once");

    let fixed = scene.call(update(&refused, &["secret"], "xai-good-0009")).await.unwrap();
    assert_eq!((fixed.state(), fixed.state_reason.as_str()), (ProviderKeyState::Active, ""));
    scene.gateway.stop().await;
}

async fn the_owners_switch_wins(url: &str) {
    let scene = Scene::open(url).await;
    let upstream = upstream().await;
    let scene = scene.restart(&[("XAI_API_BASE_URL", upstream.url().as_str())]).await;
    let key = scene.create("only", "xai-good-0001").await;
    assert_eq!(chat(&scene).await, None);
    let switch = |active| ProviderKey { active: Some(active), ..key.clone() };
    scene.call(update(&switch(false), &["active"], "")).await.unwrap();
    assert!(chat(&scene).await.is_some(), "no key is left from the very next request on");
    assert_eq!(scene.list().await[0].state(), ProviderKeyState::Disabled);
    scene.call(update(&switch(true), &["active"], "")).await.unwrap();
    assert_eq!(chat(&scene).await, None);
    for _ in 0..400 {
        if scene.list().await[0].last_used_time.is_some() {
            return scene.gateway.stop().await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("a key that was used says when");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_out_while_the_database_is_away_is_stored_later() {
    let Some(url) = pg::database() else { return };
    let upstream = upstream().await;
    let address = upstream.url();
    let settings = [("XAI_API_BASE_URL", address.as_str())];
    let scene = Scene::open(&url).await.restart(&settings).await;
    let refused = scene.create("refused", "xai-bad-0001").await;
    scene.create("good", "xai-good-0002").await;
    scene.call(select(&refused.id)).await.unwrap();

    pg::close_to_everybody(&url);
    assert_eq!(chat(&scene).await, None, "requests need no database");
    let wanted = [("refused", false, ProviderKeyState::Invalid), ("good", true, ProviderKeyState::Active)];
    assert_eq!(states(&scene.list().await), wanted);
    let status = scene.call(select(&refused.id)).await.unwrap_err();
    assert_eq!(status.code(), tonic::Code::Unavailable, "{status}");
    tokio::time::sleep(Duration::from_millis(500)).await;
    pg::open_again(&url);

    let told = told(&scene, 7).await;
    assert_eq!(told[3..], ["ERROR refused", "FAILOVER refused", "UNSELECT refused", "SELECT good"]);
    let scene = scene.restart(&settings).await;
    assert_eq!(states(&scene.list().await), wanted, "all of it was stored");
    scene.gateway.stop().await;
}
