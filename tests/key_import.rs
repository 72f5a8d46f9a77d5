//! Imports of provider keys, seen from outside.
#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test may panic, and waits for its tasks itself")]

mod support;

use std::{
    fmt::Write as _,
    time::{Duration, Instant},
};

use support::gateway::{Gateway, with_key};
use tonic::{Code, transport::Channel};

use ai_model_gateway::pb::{
    self, ImportFormat, ImportProviderKeysRequest as Import, ImportProviderKeysResponse as Imported,
    ImportVerdict::{self, BadFormat, Created, Duplicate, HeldBack, UnknownProvider},
    key_service_client::KeyServiceClient,
};

type Client = KeyServiceClient<Channel>;

async fn client(gateway: &Gateway) -> Client {
    let channel = gateway.channel().await;
    KeyServiceClient::new(channel)
}

fn text(content: &str) -> Import {
    Import { content: content.to_owned().into(), ..Import::default() }
}

async fn import(client: &mut Client, request: Import) -> Imported {
    client.import_provider_keys(with_key(request)).await.unwrap().into_inner()
}

fn verdicts(imported: &Imported) -> Vec<ImportVerdict> {
    imported.rows.iter().map(|row| row.verdict()).collect()
}

/// All keys, page by page.
async fn keys(client: &mut Client) -> Vec<pb::ProviderKey> {
    let (mut all, mut page_token) = (Vec::new(), String::new());
    loop {
        let request = pb::ListProviderKeysRequest { page_size: 1000, page_token, ..Default::default() };
        let page = client.list_provider_keys(with_key(request)).await.unwrap().into_inner();
        all.extend(page.provider_keys);
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return all;
        }
    }
}

const CSV: &str = "provider,secret,name,quota_owner\n\
    xai,xai-aaaaaaaaaaaaaaaa0001,work,team\n\
    \n\
    google,AIza-bbbbbbbbbbbbbbbb0002,,\n\
    xai,xai-aaaaaaaaaaaaaaaa0001,again,\n";

#[tokio::test(flavor = "multi_thread")]
async fn rows_become_keys_once() {
    let gateway = Gateway::start(&[]).await;
    let mut client = client(&gateway).await;
    let dry = import(&mut client, Import { dry_run: true, ..text(CSV) }).await;
    assert_eq!(verdicts(&dry), [Created, Created, Duplicate]);
    assert!(dry.rows.iter().all(|row| row.provider_key_id.is_empty()));
    assert!(keys(&mut client).await.is_empty(), "a dry run stores nothing");

    let first = import(&mut client, text(CSV)).await;
    assert_eq!(verdicts(&first), [Created, Created, Duplicate]);
    assert_eq!((first.created_count, first.duplicate_count, first.rejected_count), (2, 1, 0));
    assert_eq!(first.rows.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4, 5]);
    let stored = keys(&mut client).await;
    let ids: Vec<_> = stored.iter().map(|key| key.id.as_str()).collect();
    assert_eq!([&*first.rows[0].provider_key_id, &*first.rows[1].provider_key_id], ids[..], "in the order of the text");
    assert_eq!(first.rows[2].provider_key_id, first.rows[0].provider_key_id);
    assert!(first.rows[2].message.contains("line 2"), "{}", first.rows[2].message);
    for key in &stored {
        assert_eq!(key.state(), pb::ProviderKeyState::Active);
        assert!(!key.selected && key.active == Some(true) && !key.name.is_empty());
    }
    assert_eq!((&*stored[0].name, &*stored[0].quota_owner, &*stored[0].hint), ("work", "team", "0001"));

    let second = import(&mut client, text(CSV)).await;
    assert_eq!(verdicts(&second), [Duplicate; 3]);
    assert!(second.rows[0].message.contains("stored already, as \"work\""), "{}", second.rows[0].message);
    assert_eq!(keys(&mut client).await.len(), 2);
    gateway.stop().await;
}

/// One row of each kind, in every format that can say it.
#[tokio::test(flavor = "multi_thread")]
async fn every_row_has_its_verdict() {
    let gateway = Gateway::start(&[]).await;
    let mut client = client(&gateway).await;
    let env = "export XAI_API_KEY='xai-cccccccccccccccc0003, xai-cccccccccccccccc0004'\nDATABASE_URL=postgres://u:p@h/d\n\
        GEMINI_API_KEY_2=\"broken\nGROK_API_KEY=xai-cccccccccccccccc0005 # mine\nGIGACHAT_CREDENTIALS=Z2lnYTpjaGF0MTIzNDU2Nzg=";
    let json = r#"[
        {"provider": "gigachat", "secret": "Z2lnYTpjaGF0LW90aGVyLWtleQ==", "parameters": {"scope": "GIGACHAT_API_CORP"}},
        {"provider": "gigachat", "secret": "Z2lnYTpjaGF0LXRoaXJkLWtleQ==", "parameters": {"scope": "all"}},
        {"provider": "anthropic", "api_key": "sk-ant-dddddddddddd0006", "label": "team"},
        {"provider": "anthropic"}, 7]"#;
    for (name, request, want, lines) in [
        (
            "env",
            text(env),
            vec![Created, Created, UnknownProvider, BadFormat, Created, Created],
            vec![1, 1, 2, 3, 4, 5],
        ),
        ("json", text(json), vec![Created, BadFormat, Created, BadFormat, BadFormat], vec![2, 3, 4, 5, 5]),
        (
            "lines",
            Import {
                default_provider: "perplexity".into(),
                ..text("pplx-eeeeeeeeeeee0007\n# c\npplx ee\nxai,pplx-ee")
            },
            vec![Created, BadFormat, BadFormat],
            vec![1, 3, 4],
        ),
        ("nowhere", text("pplx-eeeeeeeeeeee0007"), vec![UnknownProvider], vec![1]),
    ] {
        let imported = import(&mut client, request).await;
        assert_eq!(verdicts(&imported), want, "{name}");
        assert_eq!(imported.rows.iter().map(|row| row.line).collect::<Vec<_>>(), lines, "{name}");
        for row in &imported.rows {
            assert_eq!(row.message.is_empty(), row.verdict() == Created, "{row:?}");
        }
        let shown = format!("{imported:?}");
        for part in ["xai-cccc", "Z2lnYTpj", "sk-ant-dddd", "pplx-eeee", "u:p@h", "broken"] {
            assert!(!shown.contains(part), "{name}: {shown}");
        }
    }
    let stored = keys(&mut client).await;
    let scopes: Vec<_> = stored.iter().filter_map(|key| key.parameters.get("scope")).collect();
    assert_eq!(scopes, ["GIGACHAT_API_CORP"]);
    assert_eq!(stored.len(), 7);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_or_nothing_means_it() {
    let gateway = Gateway::start(&[]).await;
    let mut client = client(&gateway).await;
    let bad = format!("{CSV}nobody,secret-of-nobody-0008,,\n");
    let held = import(&mut client, Import { all_or_nothing: true, ..text(&bad) }).await;
    assert_eq!(verdicts(&held), [HeldBack, HeldBack, Duplicate, UnknownProvider]);
    assert_eq!((held.created_count, held.duplicate_count, held.rejected_count), (0, 1, 3));
    assert!(held.rows.iter().all(|row| row.provider_key_id.is_empty()));
    assert!(keys(&mut client).await.is_empty());
    let all = import(&mut client, Import { all_or_nothing: true, ..text(CSV) }).await;
    assert_eq!(verdicts(&all), [Created, Created, Duplicate], "what is there twice is no obstacle");
    let some = import(&mut client, text(&bad)).await;
    assert_eq!(verdicts(&some), [Duplicate, Duplicate, Duplicate, UnknownProvider]);
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn texts_that_cannot_be_read_are_errors() {
    let gateway = Gateway::start(&[]).await;
    let mut client = client(&gateway).await;
    for (name, request, wanted) in [
        ("empty", text(""), "content is required"),
        (
            "not UTF-8",
            Import { content: b"k1\nk\xff".as_slice().into(), ..Import::default() },
            "line 2 of content is not UTF-8",
        ),
        (
            "no header",
            Import { format: ImportFormat::Csv.into(), ..text("nobody,s3cret-s3cret") },
            "must name the columns",
        ),
        ("no array", text("{\"secret\": \"s3cret-s3cret\"}"), "must be an array"),
        ("no format", Import { format: 99, ..text("k") }, "unknown value"),
        (
            "no provider",
            Import { default_provider: "nobody".into(), ..text("k") },
            "no provider of this name takes keys",
        ),
        ("too many", text(&"k\n".repeat(10_001)), "more than 10000 rows"),
    ] {
        let status = client.import_provider_keys(with_key(request)).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{name}: {status}");
        assert!(status.message().contains(wanted) && !status.message().contains("s3cret"), "{name}: {status}");
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_imports_at_once_store_each_secret_once() {
    let gateway = Gateway::start(&[]).await;
    let csv = |from: u32| {
        let row = |n: u32| format!("xai,xai-ffffffffffffffff-{:04}\n", (from + n) % 200);
        format!("provider,secret\n{}", (0..200).map(row).collect::<String>())
    };
    let (mut one, mut two) = (client(&gateway).await, client(&gateway).await);
    let (one, two) = (import(&mut one, text(&csv(0))), import(&mut two, text(&csv(77))));
    let (one, two) = futures_util::join!(one, two);
    assert_eq!(one.created_count + two.created_count, 200);
    assert_eq!(one.duplicate_count + two.duplicate_count, 200);
    let stored = keys(&mut client(&gateway).await).await;
    let mut prints: Vec<_> = stored.iter().map(|key| key.fingerprint.as_str()).collect();
    prints.sort_unstable();
    prints.dedup();
    assert_eq!((stored.len(), prints.len()), (200, 200));
    let ids: Vec<_> = stored.iter().map(|key| &key.id).collect();
    assert!(one.rows.iter().chain(&two.rows).all(|row| ids.contains(&&row.provider_key_id)), "every id leads to a key");
    gateway.stop().await;
}

/// The largest import there is.
#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_rows_are_stored_at_once() {
    let gateway = Gateway::start(&[]).await;
    let mut client = client(&gateway).await;
    let mut csv = String::from("provider,secret,name\n");
    for number in 0..10_000 {
        writeln!(csv, "xai,xai-0123456789abcdef0123456789abcdef-{number:05},key {number}").unwrap();
    }
    let began = Instant::now();
    let dry = import(&mut client, Import { dry_run: true, ..text(&csv) }).await;
    let judged = began.elapsed();
    let began = Instant::now();
    let imported = import(&mut client, text(&csv)).await;
    let stored = began.elapsed();
    println!("10000 rows: judged in {judged:?}, judged and stored in {stored:?}");
    assert_eq!((dry.created_count, imported.created_count), (10_000, 10_000));
    assert_eq!(keys(&mut client).await.len(), 10_000);
    // Generous: other tests run beside it.
    assert!(stored < Duration::from_secs(10), "{stored:?}");
    gateway.stop().await;
}
