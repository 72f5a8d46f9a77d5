//! What requests leave behind: one record each, and the sums that ListUsage tells, on SQLite and on a real PostgreSQL.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and waits for its tasks itself")]

#[path = "support/on_both.rs"]
mod on_both;
#[path = "support/pg.rs"]
mod pg;
#[path = "support/scene.rs"]
mod scene;
mod support;

use std::time::Duration;

use ai_model_gateway::{
    domain::{
        consumption::{DAY_MS, Operation, Outcome, UsageRecord},
        error::ErrorKind,
        key,
        time_id::id_at,
        usage::{Cost, CostBasis, Usage},
    },
    pb::{self, UsageDimension, UsageRow, embedding_service_client::EmbeddingServiceClient},
    storage::StoreError,
};
use diesel::{Connection as _, RunQueryDsl as _};
use on_both::on_both;
use prost_types::Timestamp;
use scene::{OWNER, Scene};
use support::{
    gateway::{Gateway, over_grpc, over_sse, prompt, with_key},
    upstream::{Act, STREAM_HEAD, ScriptedUpstream, json_reply},
};
use tonic::{Code, Status};

#[path = "usage/batch_times.rs"]
mod batch_times;

const DAY: i64 = 20_000 * DAY_MS;

on_both!(
    requests_are_summed_up,
    rows_are_grouped_as_asked,
    pages_show_each_row_once,
    replicas_add_to_the_same_sums,
    old_records_go_and_sums_stay,
);

impl Scene {
    async fn open(url: &str, upstream: &str) -> Self {
        Self::beside(Gateway::with_upstream(upstream, &[("DATABASE_URL", url)]).await, url).await
    }

    async fn list(&self, request: pb::ListUsageRequest) -> Result<pb::ListUsageResponse, Status> {
        self.client.clone().list_usage(with_key(request)).await.map(tonic::Response::into_inner)
    }

    async fn rows(&self, by: &[UsageDimension]) -> Vec<UsageRow> {
        self.list(grouped(by)).await.unwrap().rows
    }

    /// Waits until as many requests are in the sums.
    async fn settled(&self, requests: u64) -> UsageRow {
        for _ in 0..100 {
            let rows = self.rows(&[]).await;
            if let Some(row) = rows.first().filter(|row| row.request_count >= requests) {
                return row.clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{requests} requests were never written: {:?}", self.rows(&[]).await);
    }
}

fn grouped(by: &[UsageDimension]) -> pb::ListUsageRequest {
    pb::ListUsageRequest { group_by: by.iter().map(|d| i32::from(*d)).collect(), ..Default::default() }
}

/// A Gemini answer that counts as it goes and then stays open. Composed.
const COUNTS: &str = r#"data: {"candidates":[{"content":{"role":"model","parts":[{"text":"Hi"}]},"index":0}],"usageMetadata":{"promptTokenCount":7,"candidatesTokenCount":2,"totalTokenCount":9},"responseId":"r"}

"#;

async fn requests_are_summed_up(url: &str) {
    let upstream = ScriptedUpstream::start(|request| match request.head.contains("streamgenerate") {
        true => vec![Act::Send([STREAM_HEAD, COUNTS].concat().into_bytes()), Act::WaitForClose],
        false => vec![Act::Send(json_reply("403 Forbidden", r#"{"error":{"code":403,"message":"no"}}"#))],
    })
    .await;
    let scene = Scene::open(url, &upstream.url()).await;
    let mut chat = scene.gateway.client().await;
    assert!(over_grpc(&mut chat, "sandbox/echo").await.finished);
    assert!(over_sse(&scene.gateway, "sandbox/echo").await.finished);
    // Refused before it has a target, and by its target.
    for model in ["sandbox/none", "google/gemini-3.8-flash"] {
        let request = pb::CreateChatCompletionRequest { prompt: Some(prompt(model, "hi")) };
        chat.create_chat_completion(with_key(request)).await.unwrap_err();
    }
    // Given up by the caller, who names the request.
    let request = pb::StreamChatCompletionRequest { prompt: Some(prompt("google/gemini-3.8-flash", "hi")) };
    let mut request = with_key(request);
    request.metadata_mut().insert("x-request-id", "req-mine".parse().unwrap());
    let mut stream = chat.stream_chat_completion(request).await.unwrap().into_inner();
    while stream
        .message()
        .await
        .unwrap()
        .unwrap()
        .event
        .is_none_or(|event| !matches!(event, pb::stream_chat_completion_response::Event::TextDelta(_)))
    {}
    drop(stream);
    // Past its deadline.
    let mut request =
        with_key(pb::StreamChatCompletionRequest { prompt: Some(prompt("google/gemini-3.8-flash", "hi")) });
    request.set_timeout(Duration::from_millis(400));
    let mut stream = chat.stream_chat_completion(request).await.unwrap().into_inner();
    while stream.message().await.is_ok() {}
    let channel = scene.gateway.channel().await;
    let input = pb::EmbeddingInput { input: Some(pb::embedding_input::Input::Text("a b".into())) };
    let request =
        pb::CreateEmbeddingsRequest { model: "sandbox/embed".into(), inputs: vec![input], ..Default::default() };
    EmbeddingServiceClient::new(channel).create_embeddings(with_key(request)).await.unwrap();

    let all = scene.settled(7).await;
    let counts = (all.request_count, all.failed_request_count, all.cancelled_request_count);
    assert_eq!(counts, (7, 3, 1), "{all:?}");
    assert_eq!((all.estimated_request_count, all.unmetered_request_count), (2, 2), "{all:?}");
    assert_eq!((all.gateway_key_id.as_str(), all.provider.as_str(), all.day_start_time), ("", "", None));

    let rows = scene.rows(&[UsageDimension::Model, UsageDimension::GatewayKey, UsageDimension::Day]).await;
    let told: Vec<_> = rows
        .iter()
        .map(|r| {
            (r.provider.as_str(), r.model_id.as_str(), r.request_count, r.attempt_count, r.unmetered_request_count)
        })
        .collect();
    let want = [
        ("", "", 1, 0, 1),
        ("google", "google/gemini-3.8-flash", 3, 3, 1),
        ("sandbox", "sandbox/echo", 2, 2, 0),
        ("sandbox", "sandbox/embed", 1, 1, 0),
    ];
    assert_eq!(told, want);
    assert!(rows.iter().all(|row| row.day_start_time.is_some_and(|t| t.seconds % 86_400 == 0)));
    assert!(rows.iter().all(|row| row.gateway_key_id == rows[0].gateway_key_id && !row.gateway_key_name.is_empty()));
    let gemini = &rows[1];
    assert_eq!((gemini.input_tokens, gemini.output_tokens), (14, 4), "what a caller did not wait for counts too");
    assert_eq!((gemini.failed_request_count, gemini.cancelled_request_count), (2, 1));
    assert_eq!(rows[2].nano_usd, Some(0), "the sandbox is free");

    scene.gateway.stop().await;
    let records = records(url);
    assert_eq!(records.len(), 7, "{records:?}");
    let mine: Vec<_> = records.iter().filter(|record| record.contains("req-mine")).collect();
    assert_eq!(mine, ["req-mine|cancelled|partial|7|2"]);
    assert!(records.iter().any(|record| record.contains("|upstream_timeout|partial|")), "{records:?}");
    assert!(records.iter().any(|record| record.contains("|model_not_found||")), "{records:?}");
}

/// Reads the table as its operator would.
fn records(url: &str) -> Vec<String> {
    let query = "SELECT request_id || '|' || outcome || '|' || COALESCE(usage_source, '') || '|' \
                 || COALESCE(CAST(input_tokens AS TEXT), '') || '|' || COALESCE(CAST(output_tokens AS TEXT), '') AS line \
                 FROM usage_records ORDER BY id";
    let Some(path) = url.strip_prefix("sqlite://") else { return pg::lines(url, query) };
    let mut database = diesel::SqliteConnection::establish(path).unwrap();
    diesel::dsl::sql::<diesel::sql_types::Text>(query).load(&mut database).unwrap()
}

fn record(day: i64, key: &str, provider: &str, model: &str) -> UsageRecord {
    UsageRecord {
        id: id_at(DAY + day * DAY_MS),
        user_id: OWNER.into(),
        gateway_key_id: key.into(),
        gateway_key_name: format!("name of {key}"),
        request_id: "q".into(),
        provider: provider.into(),
        model_id: model.into(),
        operation: Operation::Chat,
        streamed: false,
        started_ms: DAY + day * DAY_MS + 5,
        total_ms: 5,
        first_output_ms: Some(2),
        outcome: Outcome::Completed,
        attempts: 1,
        provider_key_name: "k".into(),
        usage: Some(Usage {
            input_tokens: Some(10),
            output_tokens: Some(5),
            cached_input_tokens: Some(4),
            reasoning_tokens: Some(3),
            ..Usage::default()
        }),
        cost: Some(Cost { nano_usd: Some(100), basis: CostBasis::Catalog }),
    }
}

fn time(day: i64, plus_s: i64) -> Option<Timestamp> {
    Some(Timestamp { seconds: (DAY + day * DAY_MS) / 1000 + plus_s, nanos: 0 })
}

async fn rows_are_grouped_as_asked(url: &str) {
    use UsageDimension::{Day, GatewayKey, Model, Provider};
    let scene = Scene::open(url, "http://127.0.0.1:9").await;
    assert_eq!(scene.rows(&[]).await, [], "sums without any request have no row");
    let failed = UsageRecord {
        outcome: Outcome::Failed(ErrorKind::UpstreamError),
        usage: None,
        cost: None,
        attempts: 3,
        ..record(0, "k2", "xai", "x-ai/grok")
    };
    let records = [
        record(0, "k1", "google", "google/a"),
        record(0, "k1", "google", "google/b"),
        record(1, "k1", "google", "google/a"),
        record(1, "k2", "xai", "x-ai/grok"),
        failed,
        UsageRecord { user_id: "other".into(), ..record(1, "k3", "google", "google/a") },
    ];
    scene.store.add_usage(&records).await.unwrap();
    scene.store.add_usage(&records).await.unwrap();

    let told = |rows: &[UsageRow]| -> Vec<String> {
        let day = |row: &UsageRow| row.day_start_time.map_or(-1, |t| (t.seconds * 1000 - DAY) / DAY_MS);
        let line =
            |r: &UsageRow| format!("{} {} {} {} {}", day(r), r.gateway_key_id, r.provider, r.model_id, r.request_count);
        rows.iter().map(line).collect()
    };
    let cases: [(&[UsageDimension], &[&str]); 6] = [
        (&[], &["-1    5"]),
        (&[Day], &["1    2", "0    3"]),
        (&[GatewayKey], &["-1 k1   3", "-1 k2   2"]),
        (&[Provider], &["-1  google  3", "-1  xai  2"]),
        (&[Model], &["-1  google google/a 2", "-1  google google/b 1", "-1  xai x-ai/grok 2"]),
        (
            &[Model, Day, Provider, GatewayKey, Day],
            &[
                "1 k1 google google/a 1",
                "1 k2 xai x-ai/grok 1",
                "0 k1 google google/a 1",
                "0 k1 google google/b 1",
                "0 k2 xai x-ai/grok 1",
            ],
        ),
    ];
    for (by, want) in cases {
        assert_eq!(told(&scene.rows(by).await), want, "{by:?}");
    }
    let whole = &scene.rows(&[]).await[0];
    let want = UsageRow {
        request_count: 5,
        failed_request_count: 1,
        attempt_count: 7,
        input_tokens: 40,
        output_tokens: 20,
        cached_input_tokens: 16,
        reasoning_tokens: 12,
        unmetered_request_count: 1,
        nano_usd: Some(400),
        unpriced_request_count: 1,
        ..UsageRow::default()
    };
    assert_eq!(*whole, want, "a record that is written twice counts once");

    let filters = [
        (pb::ListUsageRequest { gateway_key_id: "k2".into(), ..grouped(&[Provider]) }, vec!["-1  xai  2"]),
        (pb::ListUsageRequest { provider: "google".into(), ..grouped(&[]) }, vec!["-1    3"]),
        (pb::ListUsageRequest { model_id: "google/a".into(), ..grouped(&[Day]) }, vec!["1    1", "0    1"]),
        (pb::ListUsageRequest { gateway_key_id: "k3".into(), ..grouped(&[]) }, vec![]),
        (pb::ListUsageRequest { start_time: time(1, 500), ..grouped(&[]) }, vec!["-1    2"]),
        (pb::ListUsageRequest { end_time: time(0, 1), ..grouped(&[]) }, vec!["-1    3"]),
        (pb::ListUsageRequest { end_time: time(1, 0), ..grouped(&[]) }, vec!["-1    3"]),
        (pb::ListUsageRequest { end_time: time(0, 0), ..grouped(&[]) }, vec![]),
        (pb::ListUsageRequest { start_time: time(2, 0), ..grouped(&[Day]) }, vec![]),
    ];
    for (request, want) in filters {
        assert_eq!(told(&scene.list(request.clone()).await.unwrap().rows), want, "{request:?}");
    }
    for by in [vec![0], vec![1, 9]] {
        let status = scene.list(pb::ListUsageRequest { group_by: by, ..Default::default() }).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status}");
    }

    // Names: of a key that is there, now; of one that is gone, the last.
    let key = key::GatewayKey {
        id: "k1".into(),
        user_id: OWNER.into(),
        name: "new name".into(),
        hash: vec![7; 32],
        ..Default::default()
    };
    scene.store.insert_gateway_key(&key, 1000).await.unwrap();
    scene
        .store
        .add_usage(&[UsageRecord { gateway_key_name: "later".into(), ..record(3, "k2", "xai", "x-ai/grok") }])
        .await
        .unwrap();
    let names: Vec<_> = scene.rows(&[GatewayKey]).await.into_iter().map(|row| row.gateway_key_name).collect();
    assert_eq!(names, ["new name", "later"]);
    scene.gateway.stop().await;
}

async fn pages_show_each_row_once(url: &str) {
    let scene = Scene::open(url, "http://127.0.0.1:9").await;
    let models = ["", "a/1", "a/2", "a\"ü/3"];
    let mut records = Vec::new();
    for day in 0..5 {
        for key in ["k1", "k2", "k3"] {
            records.extend(models.iter().map(|model| record(day, key, model.split('/').next().unwrap(), model)));
        }
    }
    scene.store.add_usage(&records).await.unwrap();
    let by = [UsageDimension::Day, UsageDimension::GatewayKey, UsageDimension::Model];
    let whole = scene.rows(&by).await;
    assert_eq!(whole.len(), 50, "the default");
    let page = |size, token: String| pb::ListUsageRequest { page_size: size, page_token: token, ..grouped(&by) };
    for size in [1, 7, 60, 2000] {
        let (mut rows, mut token) = (Vec::new(), String::new());
        loop {
            let list = scene.list(page(size, token)).await.unwrap();
            rows.extend(list.rows);
            token = list.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(rows.len(), 60, "pages of {size}");
        assert_eq!(rows[..50], whole[..], "pages of {size}");
    }
    let status = scene.list(page(1, "x".into())).await.unwrap_err();
    assert_eq!(status.code(), Code::InvalidArgument);
    assert!(status.message().contains("page_token"), "{status}");
    scene.gateway.stop().await;
}

/// Writers that touch the same sums in different orders neither lose anything nor wait for each other in a circle.
async fn replicas_add_to_the_same_sums(url: &str) {
    let scene = Scene::open(url, "http://127.0.0.1:9").await;
    let writers = (0..8).map(|writer| {
        let store = scene.store.clone();
        tokio::spawn(async move {
            for _ in 0..20 {
                let mut records: Vec<_> = (0..20).map(|n| record(0, "k", "p", &format!("p/{n}"))).collect();
                if writer % 2 == 0 {
                    records.reverse();
                }
                // As the gateway's writer does it when the database is slow.
                while let Err(error) = store.add_usage(&records).await {
                    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let rows = scene.rows(&[UsageDimension::Model]).await;
    assert_eq!(rows.len(), 20);
    assert!(rows.iter().all(|row| row.request_count == 160 && row.input_tokens == 1600), "{rows:?}");
    scene.gateway.stop().await;
}

async fn old_records_go_and_sums_stay(url: &str) {
    let scene = Scene::open(url, "http://127.0.0.1:9").await;
    let records: Vec<_> = (0..10).map(|day| record(day, "k", "p", "p/m")).collect();
    scene.store.add_usage(&records).await.unwrap();
    let before = ai_model_gateway::domain::time_id::least_id_at(DAY + 7 * DAY_MS);
    let mut deleted = Vec::new();
    for _ in 0..3 {
        deleted.push(scene.store.delete_usage_records(&before, 4).await.unwrap());
    }
    assert_eq!(deleted, [4, 3, 0]);
    assert_eq!(scene.rows(&[]).await[0].request_count, 10);
    scene.gateway.stop().await;
    assert_eq!(self::records(url).len(), 3);
}
