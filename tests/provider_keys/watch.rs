//! Watching provider keys.

use std::{collections::VecDeque, time::Duration};

use ai_model_gateway::{
    domain::{
        failure::FailureClass,
        health::{Health, KeyState},
    },
    pb::{self, ProviderKey, ProviderKeyState, WatchProviderKeysResponse, watch_provider_keys_response::Event},
};
use tonic::{Code, Status, Streaming};

use super::{Scene, delete, new, on_both, pg, select, update};

on_both!(tells_what_there_is_then_every_change, tells_when_a_rest_begins_and_ends, a_slow_reader_gets_the_newest);

/// A watch that checks the numbers of its events.
struct Watch(Streaming<WatchProviderKeysResponse>, u64);

impl Watch {
    async fn begin(scene: &Scene, provider: &str) -> Self {
        Self(scene.call(pb::WatchProviderKeysRequest { provider: provider.into() }).await.unwrap(), 0)
    }

    async fn next(&mut self) -> Result<Event, Status> {
        let next = tokio::time::timeout(Duration::from_secs(20), self.0.message()).await.expect("an event in time");
        let event = next?.expect("a watch has no end of its own");
        assert_eq!(event.sequence, self.1, "no gap");
        self.1 += 1;
        Ok(event.event.unwrap())
    }

    async fn key(&mut self) -> ProviderKey {
        match self.next().await.unwrap() {
            Event::ProviderKey(key) => key,
            other => panic!("{other:?}"),
        }
    }

    async fn synced(&mut self) {
        let event = self.next().await.unwrap();
        assert!(matches!(event, Event::Synced(_)), "{event:?}");
    }
}

async fn tells_what_there_is_then_every_change(url: &str) {
    let scene = Scene::open(url).await;
    let first = scene.create("first", "xai-secret-0001").await;
    let second = scene.create("second", "xai-secret-0002").await;
    let mut all = Watch::begin(&scene, "").await;
    let mut google = Watch::begin(&scene, "google").await;
    assert_eq!((all.key().await, all.key().await), (first.clone(), second.clone()));
    all.synced().await;
    google.synced().await;

    let third = scene.create("third", "xai-secret-0003").await;
    assert_eq!(all.key().await, third);
    scene.call(update(&ProviderKey { name: "1st".into(), ..first.clone() }, &["name"], "")).await.unwrap();
    assert_eq!(all.key().await.name, "1st");
    scene.call(select(&second.id)).await.unwrap();
    assert_eq!(all.key().await, ProviderKey { selected: true, ..second.clone() });
    scene.call(select(&third.id)).await.unwrap();
    let (one, two) = (all.key().await, all.key().await);
    assert_eq!(
        [(one.name.as_str(), one.selected), (two.name.as_str(), two.selected)],
        [("second", false), ("third", true)]
    );
    scene.call(delete(&second.id)).await.unwrap();
    let Event::Deleted(deleted) = all.next().await.unwrap() else { panic!("a deleted key") };
    assert_eq!((deleted.id, deleted.provider.as_str()), (second.id, "xai"));
    let own = scene.call(new("google", "own", "google-secret-1")).await.unwrap();
    assert_eq!(google.key().await, own, "nothing of the other provider before it");

    scene.gateway.stop().await;
    assert_eq!(all.key().await, own);
    for mut watch in [all, google] {
        assert_eq!(watch.next().await.unwrap_err().code(), Code::Unavailable, "the gateway does not wait for watches");
    }
}

async fn tells_when_a_rest_begins_and_ends(url: &str) {
    let scene = Scene::open(url).await;
    let key = scene.create("first", "xai-secret-0001").await;
    let mut watch = Watch::begin(&scene, "xai").await;
    watch.key().await;
    watch.synced().await;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis() as i64;
    let rest = Health {
        state: KeyState::Cooling,
        since_ms: now,
        until_ms: Some(now + 2500),
        class: Some(FailureClass::RateLimit),
        reason: "too much".into(),
        strikes: 1,
    };
    // As another replica would.
    assert!(scene.store.store_health(&key.id, 1, &rest).await.unwrap());
    let resting = watch.key().await;
    assert_eq!((resting.state(), resting.state_reason.as_str()), (ProviderKeyState::Cooling, "too much"));
    assert_eq!(resting.failure_class(), pb::FailureClass::RateLimit);
    let end = resting.state_end_time.unwrap();
    assert_eq!(end.seconds * 1000 + i64::from(end.nanos) / 1_000_000, now + 2500);
    let awake = watch.key().await;
    assert_eq!((awake.state(), awake.state_end_time, awake.failure_class), (ProviderKeyState::Active, None, None));
    assert_eq!(awake.state_start_time.unwrap(), end);
    scene.gateway.stop().await;
}

async fn a_slow_reader_gets_the_newest(url: &str) {
    let scene = Scene::open(url).await;
    let key = scene.create("0", "xai-secret-0001").await;
    let mut watch = Watch::begin(&scene, "").await;
    for n in 1..=300 {
        scene.call(update(&ProviderKey { name: n.to_string(), ..key.clone() }, &["name"], "")).await.unwrap();
    }
    let mut seen = VecDeque::new();
    while seen.back().is_none_or(|name| name != "300") {
        if let Event::ProviderKey(key) = watch.next().await.unwrap() {
            seen.push_back(key.name);
        }
    }
    assert!(seen.len() < 300, "steps are left out: {}", seen.len());
    scene.gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn shows_that_it_is_alive() {
    let scene = Scene::on_sqlite().await;
    let mut watch = Watch::begin(&scene, "").await;
    watch.synced().await;
    let event = watch.next().await.unwrap();
    assert!(matches!(event, Event::Heartbeat(_)), "{event:?}");
    scene.gateway.stop().await;
}
