//! ActivityService's list and watch, asked over gRPC, on SQLite and on a real PostgreSQL. Entries come from a second
//! opening of the database, as those of another replica do.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and waits for its tasks itself")]

#[path = "support/on_both.rs"]
mod on_both;
#[path = "support/pg.rs"]
mod pg;
#[path = "support/scene.rs"]
mod scene;
mod support;

use std::time::{Duration, Instant};

use ai_model_gateway::{
    activity::entry,
    domain::{
        activity::{Action, ActivityEntry},
        failure::FailureClass,
        usage::Attempt,
    },
    pb::{self, ActivityAction, watch_activity_response::Event},
};
use on_both::on_both;
use prost_types::Timestamp;
use scene::{OWNER, Scene};
use support::gateway::{Gateway, with_key};
use tonic::{Code, Status, Streaming};

const NOW: i64 = 1_795_000_000_000;

impl Scene {
    async fn open(url: &str) -> Self {
        Self::beside(Gateway::start(&[("DATABASE_URL", url)]).await, url).await
    }

    async fn list(&self, request: pb::ListActivityRequest) -> Result<pb::ListActivityResponse, Status> {
        self.client.clone().list_activity(with_key(request)).await.map(tonic::Response::into_inner)
    }

    async fn watch(&self, request: pb::WatchActivityRequest) -> Result<Streaming<pb::WatchActivityResponse>, Status> {
        self.client.clone().watch_activity(with_key(request)).await.map(tonic::Response::into_inner)
    }
}

on_both!(
    pages_show_each_entry_once,
    filters_add_up,
    entries_come_back_as_they_were,
    watchers_see_each_entry_once,
    watchers_go_on_where_they_were,
    watchers_do_not_hold_up_the_end,
);

fn numbered(n: i64) -> ActivityEntry {
    ActivityEntry { message: format!("entry {n}"), ..entry(Action::Update, OWNER, "google", NOW + n) }
}

fn page(page_size: u32, page_token: &str) -> pb::ListActivityRequest {
    pb::ListActivityRequest { page_size, page_token: page_token.into(), ..Default::default() }
}

fn at(ms: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds: ms.div_euclid(1000), nanos: (ms.rem_euclid(1000) * 1_000_000) as i32 })
}

fn refused<T: std::fmt::Debug>(result: Result<T, Status>, field: &str) {
    let status = result.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    let details = tonic_types::StatusExt::get_error_details(&status);
    let violations = details.bad_request().unwrap().field_violations.clone();
    assert_eq!(violations[0].field, field, "{status}");
}

async fn pages_show_each_entry_once(url: &str) {
    let scene = Scene::open(url).await;
    assert_eq!(scene.list(page(0, "")).await.unwrap(), pb::ListActivityResponse::default(), "nothing happened yet");
    // More than two steps of a search, in an order that is not that of time.
    let mut entries: Vec<_> = (0..1100).map(numbered).collect();
    entries.reverse();
    for batch in entries.chunks(200) {
        scene.store.add_activity(batch).await.unwrap();
    }
    let other = ActivityEntry { user_id: "other".into(), ..numbered(5000) };
    scene.store.add_activity(std::slice::from_ref(&other)).await.unwrap();

    let sizes = [(0, 50), (1, 1), (300, 300), (1000, 1000), (4000, 1000)];
    for (wanted, got) in sizes {
        let list = scene.list(page(wanted, "")).await.unwrap();
        assert_eq!(list.entries.len(), got, "{wanted}");
        assert_eq!(list.entries[0].message, "entry 1099", "newest first, and nobody else's");
        assert!(!list.next_page_token.is_empty());
    }
    let mut seen = Vec::new();
    let mut token = String::new();
    loop {
        let list = scene.list(page(300, &token)).await.unwrap();
        seen.extend(list.entries.into_iter().map(|entry| entry.message));
        token = list.next_page_token;
        if token.is_empty() {
            break;
        }
        // What arrives meanwhile shifts nothing.
        scene.store.add_activity(&[numbered(2000 + seen.len() as i64)]).await.unwrap();
    }
    let all: Vec<String> = (0..1100).rev().map(|n| format!("entry {n}")).collect();
    assert!(seen == all, "{} entries", seen.len());
    let all = scene.list(page(1, "")).await.unwrap().next_page_token;
    let filter = Some(pb::ActivityFilter { provider: "xai".into(), ..Default::default() });
    refused(scene.list(pb::ListActivityRequest { filter, ..page(1, &all) }).await, "page_token");
    for wrong in ["x", "!", "bm9uZQ"] {
        refused(scene.list(page(1, wrong)).await, "page_token");
    }
    scene.gateway.stop().await;
}

async fn filters_add_up(url: &str) {
    let scene = Scene::open(url).await;
    let named = |n: i64, action, provider: &str, key: &str| ActivityEntry {
        action,
        provider: provider.into(),
        provider_key_id: format!("id of {key}"),
        provider_key_name: key.into(),
        ..numbered(n)
    };
    let entries = [
        named(0, Action::Add, "google", "Ключ ПЕРВЫЙ"),
        named(1, Action::Error, "google", "100%_sure"),
        ActivityEntry {
            gateway_key_id: "g1".into(),
            gateway_key_name: "Edge".into(),
            ..named(2, Action::Add, "xai", "b")
        },
        ActivityEntry { model_id: "xai/grok-4".into(), ..named(3, Action::Failover, "xai", "b") },
        ActivityEntry { next_provider_key_name: "Spare".into(), ..named(4, Action::Failover, "google", "c\\d") },
        ActivityEntry { user_id: "other".into(), ..named(5, Action::Add, "google", "b") },
    ];
    scene.store.add_activity(&entries).await.unwrap();
    let filter = pb::ActivityFilter::default;
    let text = |text: &str| pb::ActivityFilter { text: text.into(), ..filter() };
    let actions = |actions: &[ActivityAction]| actions.iter().map(|a| i32::from(*a)).collect::<Vec<_>>();
    let both = actions(&[ActivityAction::Add, ActivityAction::Failover]);
    let cases: Vec<(&str, pb::ActivityFilter, &[i64])> = vec![
        ("all", filter(), &[4, 3, 2, 1, 0]),
        ("provider", pb::ActivityFilter { provider: "google".into(), ..filter() }, &[4, 1, 0]),
        ("no such provider", pb::ActivityFilter { provider: "GOOGLE".into(), ..filter() }, &[]),
        ("action", pb::ActivityFilter { actions: actions(&[ActivityAction::Add]), ..filter() }, &[2, 0]),
        ("any of the actions", pb::ActivityFilter { actions: both.clone(), ..filter() }, &[4, 3, 2, 0]),
        ("provider key", pb::ActivityFilter { provider_key_id: "id of b".into(), ..filter() }, &[3, 2]),
        ("gateway key", pb::ActivityFilter { gateway_key_id: "g1".into(), ..filter() }, &[2]),
        (
            "two conditions",
            pb::ActivityFilter { provider: "xai".into(), actions: actions(&[ActivityAction::Failover]), ..filter() },
            &[3],
        ),
        ("text in a name", text("SPARE"), &[4]),
        ("text in the model", text("Grok"), &[3]),
        ("text in the message", text("TRY 1"), &[1]),
        ("text in the name of the gateway key", text("edge"), &[2]),
        ("letters of all alphabets", text("ключ первый"), &[0]),
        ("no wildcard %", text("1%s"), &[]),
        ("a percent sign", text("100%"), &[1]),
        ("no wildcard _", text("entry_1"), &[]),
        ("an underscore", text("%_s"), &[1]),
        ("a backslash", text("C\\D"), &[4]),
        ("a quote", text("'"), &[]),
    ];
    for (name, filter, want) in cases {
        let request = pb::ListActivityRequest { filter: Some(filter), ..Default::default() };
        let list = scene.list(request).await.unwrap();
        let found: Vec<String> = list.entries.into_iter().map(|entry| entry.message).collect();
        let want: Vec<String> = want.iter().map(|n| format!("entry {n}")).collect();
        assert_eq!(found, want, "{name}");
        assert_eq!(list.next_page_token, "", "{name}");
    }
    for (start, end, want) in [
        (at(NOW + 1), None, &[4, 3, 2, 1][..]),
        (None, at(NOW + 1), &[0]),
        (at(NOW + 2), at(NOW + 4), &[3, 2]),
        (at(NOW + 4), at(NOW + 2), &[]),
        (at(-1), at(i64::MAX / 2), &[4, 3, 2, 1, 0]),
    ] {
        let request = pb::ListActivityRequest { start_time: start, end_time: end, ..Default::default() };
        let found: Vec<_> = scene.list(request).await.unwrap().entries.into_iter().map(|e| e.message).collect();
        assert_eq!(found, want.iter().map(|n| format!("entry {n}")).collect::<Vec<_>>(), "{start:?} to {end:?}");
    }
    for (filter, field) in [
        (text(&"x".repeat(65)), "filter.text"),
        (pb::ActivityFilter { actions: vec![0], ..filter() }, "filter.actions"),
        (pb::ActivityFilter { actions: vec![1, 77], ..filter() }, "filter.actions"),
    ] {
        let request = pb::ListActivityRequest { filter: Some(filter.clone()), ..Default::default() };
        refused(scene.list(request).await, field);
        refused(scene.watch(pb::WatchActivityRequest { filter: Some(filter), ..Default::default() }).await, field);
    }
    scene.gateway.stop().await;
}

async fn entries_come_back_as_they_were(url: &str) {
    let scene = Scene::open(url).await;
    let failed = Attempt {
        provider: "google".into(),
        model: "m".into(),
        key_alias: "a".into(),
        failure: Some(FailureClass::Quota),
        http_status: Some(429),
        duration_ms: 12,
        message: "used up".into(),
    };
    let worked =
        Attempt { key_alias: "b".into(), failure: None, http_status: None, message: String::new(), ..failed.clone() };
    let whole = ActivityEntry {
        provider_key_id: "k1".into(),
        provider_key_name: "a".into(),
        next_provider_key_id: "k2".into(),
        next_provider_key_name: "b".into(),
        gateway_key_id: "g".into(),
        gateway_key_name: "G".into(),
        model_id: "google/m".into(),
        request_id: "req_1".into(),
        failure: Some(FailureClass::Quota),
        attempts: vec![failed, worked],
        ..entry(Action::Failover, OWNER, "google", NOW + 7)
    };
    // A model's name is the caller's, whatever is in it.
    let odd = ActivityEntry { model_id: "a\0b".repeat(500), ..numbered(1) };
    scene.store.add_activity(&[whole.clone(), odd.clone()]).await.unwrap();
    let head = scene.store.activity_head().await.unwrap();
    // The end of a transaction can get lost on the way back; then it is tried again.
    scene.store.add_activity(&[odd, numbered(2), whole.clone()]).await.unwrap();
    assert!(scene.store.activity_head().await.unwrap() > head);
    let list = scene.list(page(0, "")).await.unwrap().entries;
    assert_eq!(list.len(), 3);
    assert_eq!(list[2].model_id.len(), 256);
    let first = &list[0];
    assert_eq!((first.id.as_str(), first.create_time), (whole.id.as_str(), at(NOW + 7)));
    assert_eq!(first.action(), ActivityAction::Failover);
    assert_eq!((first.provider_key_id.as_str(), first.provider_key_name.as_str()), ("k1", "a"));
    assert_eq!((first.next_provider_key_id.as_str(), first.next_provider_key_name.as_str()), ("k2", "b"));
    assert_eq!((first.gateway_key_id.as_str(), first.gateway_key_name.as_str()), ("g", "G"));
    assert_eq!((first.model_id.as_str(), first.request_id.as_str()), ("google/m", "req_1"));
    assert_eq!(first.failure_class(), pb::FailureClass::Quota);
    let attempts: Vec<_> =
        first.attempts.iter().map(|a| (a.key_alias.as_str(), a.http_status, a.duration_ms)).collect();
    assert_eq!(attempts, [("a", Some(429), 12), ("b", None, 12)]);
    assert_eq!((first.attempts[0].failure_class(), first.attempts[1].failure_class), (pb::FailureClass::Quota, None));
    scene.gateway.stop().await;
}

/// Reads entries until there are as many as wanted, and says what else came.
async fn read(stream: &mut Streaming<pb::WatchActivityResponse>, first: u64, wanted: usize) -> (Vec<String>, usize) {
    let (mut messages, mut gaps, mut sequence) = (Vec::new(), 0, first);
    while messages.len() < wanted {
        let next = tokio::time::timeout(Duration::from_secs(20), stream.message()).await.expect("more in time");
        let event = next.unwrap().unwrap();
        assert_eq!(event.sequence, sequence, "numbers without gaps");
        sequence += 1;
        match event.event.unwrap() {
            Event::Entry(entry) => messages.push(entry.message),
            Event::Gap(_) => gaps += 1,
            Event::Heartbeat(_) => {}
        }
    }
    (messages, gaps)
}

async fn watchers_see_each_entry_once(url: &str) {
    let scene = Scene::open(url).await;
    scene.store.add_activity(&[numbered(-1)]).await.unwrap();
    let mut all = scene.watch(pb::WatchActivityRequest::default()).await.unwrap();
    let filter = pb::ActivityFilter { provider: "xai".into(), ..Default::default() };
    let request = pb::WatchActivityRequest { filter: Some(filter), ..Default::default() };
    let mut some = scene.watch(request).await.unwrap();

    // Replicas write at the same time, and their transactions end in another order than they begin.
    let writers = (0..4).map(|writer| {
        let store = scene.store.clone();
        tokio::spawn(async move {
            for n in 0..50 {
                let n = writer * 100 + n;
                let other = ActivityEntry { user_id: "other".into(), ..numbered(n) };
                let rare = ActivityEntry { provider: "xai".into(), ..numbered(n + 50) };
                let rows = if n % 10 == 0 { vec![numbered(n), other, rare] } else { vec![numbered(n), other] };
                store.add_activity(&rows).await.unwrap();
                tokio::time::sleep(Duration::from_millis(7)).await;
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    let (mut seen, gaps) = read(&mut all, 0, 220).await;
    let (rare, _) = read(&mut some, 0, 20).await;
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!((gaps, rare.len()), (0, 20));
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 220, "each once");
    assert!(!seen.contains(&"entry -1".to_owned()), "only from now on");
    scene.gateway.stop().await;
}

async fn watchers_go_on_where_they_were(url: &str) {
    let scene = Scene::open(url).await;
    let entries: Vec<_> = (0..1300).map(numbered).collect();
    for batch in entries.chunks(250) {
        scene.store.add_activity(batch).await.unwrap();
    }
    let after = |n: usize| pb::WatchActivityRequest { after_id: entries[n].id.clone(), ..Default::default() };
    let mut near = scene.watch(after(1296)).await.unwrap();
    let mut far = scene.watch(after(9)).await.unwrap();
    assert_eq!(read(&mut near, 0, 3).await, (vec!["entry 1297".into(), "entry 1298".into(), "entry 1299".into()], 0));
    let (seen, gaps) = read(&mut far, 0, 1000).await;
    assert_eq!((seen[0].as_str(), seen[999].as_str(), gaps), ("entry 10", "entry 1009", 0));
    scene.store.add_activity(&[numbered(1300)]).await.unwrap();
    assert_eq!(read(&mut near, 3, 1).await, (vec!["entry 1300".into()], 0));
    assert_eq!(read(&mut far, 1000, 1).await, (vec!["entry 1300".into()], 1), "what is left out is marked");

    let other = ActivityEntry { user_id: "other".into(), ..numbered(1) };
    scene.store.add_activity(std::slice::from_ref(&other)).await.unwrap();
    for wrong in ["none", other.id.as_str()] {
        refused(
            scene.watch(pb::WatchActivityRequest { after_id: wrong.into(), ..Default::default() }).await,
            "after_id",
        );
    }
    scene.gateway.stop().await;
}

async fn watchers_do_not_hold_up_the_end(url: &str) {
    let scene = Scene::open(url).await;
    let mut stream = scene.watch(pb::WatchActivityRequest::default()).await.unwrap();
    let watching = tokio::spawn(async move { stream.message().await });
    tokio::time::sleep(Duration::from_millis(200)).await;
    let begun = Instant::now();
    scene.gateway.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let status = watching.await.unwrap().unwrap_err();
    assert_eq!(status.code(), Code::Unavailable, "{status}");
}
