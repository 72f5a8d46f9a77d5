//! Streams of events.

use http::Request;
use prost::Message as _;
use tonic::Status;

use super::{KEYS, ask_with, key};
use crate::{
    pb,
    test_support::{Fake, Step, send},
};

#[tokio::test(start_paused = true)]
async fn watching() {
    use pb::{watch_activity_response::Event as A, watch_provider_keys_response::Event as K};
    let change = |event| send(&pb::WatchProviderKeysResponse { sequence: 0, event: Some(event) });
    let happened = |event| send(&pb::WatchActivityResponse { sequence: 0, event: Some(event) });
    let steps = move |path: &str| {
        let silence = Step::Wait(std::time::Duration::from_secs(20));
        let end = Step::End(Status::unavailable("bye"));
        if path.starts_with(KEYS) {
            let deleted = pb::ProviderKeyDeleted { id: "k1".into(), provider: "google".into() };
            let synced = change(K::Synced(pb::ProviderKeysSynced {}));
            let alive = change(K::Heartbeat(pb::ProviderKeysHeartbeat {}));
            vec![change(K::ProviderKey(key("k1"))), synced, silence, change(K::Deleted(deleted)), alive, end]
        } else {
            let entry = pb::ActivityEntry { id: "e9".into(), ..Default::default() };
            vec![happened(A::Entry(entry)), happened(A::Gap(pb::ActivityGap { skipped_count: Some(2) })), end]
        }
    };
    let fake = Fake::default();
    let answer = ask_with(&fake, steps, Request::get("/api/v1/provider-keys/watch?provider=google"), "").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "text/event-stream; charset=utf-8"));
    assert_eq!(pb::WatchProviderKeysRequest::decode(fake.last().message).unwrap().provider, "google");
    let text = String::from_utf8(answer.body.to_vec()).unwrap();
    let heads: Vec<_> = text.split_terminator("\n\n").map(|frame| frame.lines().next().unwrap()).collect();
    let alive = ": keep-alive";
    assert_eq!(heads, [alive, "event: provider_key", "event: synced", alive, "event: deleted", alive, "event: error"]);
    assert!(text.contains("data: {\"id\":\"k1\",\"provider_name\":\"google\",\"provider\":\"google\"}\n\n"), "{text}");
    assert!(text.contains(r#"data: {"detail":"bye","code":"service_unavailable","request_id":""#), "{text}");

    for (header, query, after) in [("", "", ""), ("", "?after_id=e1", "e1"), ("e5", "?after_id=e1", "e5")] {
        let fake = Fake::default();
        let request = Request::get(format!("/api/v1/activity-logs/watch{query}")).header("last-event-id", header);
        let answer = ask_with(&fake, steps, request, "").await;
        assert_eq!(pb::WatchActivityRequest::decode(fake.last().message).unwrap().after_id, after);
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        assert!(text.contains("event: activity\nid: e9\ndata: {\"id\":\"e9\""), "{text}");
        assert!(text.contains("event: gap\ndata: {\"skipped_count\":2}\n\n"), "{text}");
    }
    // A refusal still has a status.
    let refused = |_: &str| vec![Step::End(Status::unauthenticated("no"))];
    assert_eq!(ask_with(&fake, refused, Request::get("/api/v1/activity-logs/watch"), "").await.status, 401);
}
