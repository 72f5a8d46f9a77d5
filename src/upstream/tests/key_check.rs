//! How keys are tried out, by what a provider answers at each of its addresses.

use std::{sync::Arc, time::Duration};

use http::HeaderMap;
use tokio::time::Instant;

use super::{
    fakes::{Fake, TIMEOUTS, in_time, key, upstreams},
    server::{Answer, Seen, Server},
};
use crate::{
    domain::failure::FailureClass::{self, Caller, Credential, Model, Quota, RateLimit, ServerError},
    providers::{
        adapter::Adapter,
        key_test::KeyTest,
        openai::{Dialect, OpenAiAdapter},
        registry::{BUILT_IN, Choices, KeyStyle, Wire},
    },
    routing::transport::KeyCheck as _,
    upstream::{HttpUpstream, http_client},
};

const CHAT: &str = r#"{"id":"1","object":"chat.completion","model":"m","choices":[{"index":0,"finish_reason":"length",
    "message":{"role":"assistant","content":""}}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}"#;
const LIST: &str = r#"{"object":"list","data":[{"id":"text-embed"},{"id":"first"},{"id":"second"}]}"#;
const NO: &str = r#"{"error":{"message":"no","type":"x","code":null}}"#;

/// What a provider answers: to the list, to the list without a key, to `/key` and to a chat.
#[derive(Clone, Copy)]
struct Provider {
    list: u16,
    open_list: u16,
    info: u16,
    chat: u16,
}

const GOOD: Provider = Provider { list: 200, open_list: 401, info: 200, chat: 200 };

fn answer(provider: Provider, seen: &Seen) -> Answer {
    let (status, body) = match (seen.path(), seen.header("authorization").is_empty()) {
        ("/models", true) => (provider.open_list, LIST),
        ("/models", false) => (provider.list, LIST),
        ("/key", _) => (provider.info, "{}"),
        ("/chat/completions", false) => (provider.chat, CHAT),
        _ => (404, ""),
    };
    Answer::json(status, if status == 200 { body } else { NO })
}

struct Tried {
    outcome: Result<Vec<String>, FailureClass>,
    /// The paths, in order.
    asked: Vec<String>,
    bodies: Vec<String>,
}

async fn try_out(provider: Provider, test: KeyTest, model: Option<&str>) -> Tried {
    let server = Server::start(move |seen| answer(provider, seen)).await;
    let adapter: Arc<dyn Adapter> = Arc::new(OpenAiAdapter::new(Dialect::GENERIC));
    let upstream = HttpUpstream::new(server.http(), KeyStyle::Bearer, HeaderMap::new(), adapter);
    let upstreams = upstreams(upstream.with_key_test(test, model.map(str::to_owned)));
    let outcome = upstreams.check("p", &key("s3cret"), in_time()).await.map_err(|failure| failure.class);
    let (asked, bodies) = server.seen().iter().map(|seen| (seen.path().to_owned(), seen.text())).unzip();
    Tried { outcome, asked, bodies }
}

#[tokio::test]
async fn each_way_asks_what_it_must_and_no_more() {
    let names = || Ok(vec!["text-embed".to_owned(), "first".to_owned(), "second".to_owned()]);
    let nothing = || Ok(Vec::new());
    let (private, info) = (KeyTest::ModelsIfPrivate, KeyTest::Path("/key".into()));
    let (list, chat) = ("/models", "/chat/completions");
    for (name, provider, test, model, outcome, asked) in [
        ("private list", GOOD, KeyTest::Models, None, names(), vec![list]),
        ("refused", Provider { list: 401, ..GOOD }, KeyTest::Models, Some("m"), Err(Credential), vec![list]),
        ("limited", Provider { list: 429, ..GOOD }, KeyTest::Models, Some("m"), Err(RateLimit), vec![list]),
        ("down", Provider { list: 500, ..GOOD }, KeyTest::Models, Some("m"), Err(ServerError), vec![list]),
        ("key for chats", Provider { list: 403, ..GOOD }, KeyTest::Models, Some("m"), nothing(), vec![list, chat]),
        ("no list", Provider { list: 404, ..GOOD }, KeyTest::Models, Some("m"), nothing(), vec![list, chat]),
        ("nothing left", Provider { list: 403, ..GOOD }, KeyTest::Models, None, Err(Credential), vec![list]),
        (
            "forbidden",
            Provider { list: 403, chat: 403, ..GOOD },
            KeyTest::Models,
            Some("m"),
            Err(Credential),
            vec![list, chat],
        ),
        ("found private", GOOD, private.clone(), None, names(), vec![list, list]),
        ("found open", Provider { open_list: 200, ..GOOD }, private.clone(), None, names(), vec![list, list, chat]),
        (
            "open and refused",
            Provider { open_list: 200, chat: 401, ..GOOD },
            private,
            None,
            Err(Credential),
            vec![list, list, chat],
        ),
        ("told of", GOOD, info.clone(), None, nothing(), vec!["/key"]),
        ("told to be wrong", Provider { info: 401, ..GOOD }, info, None, Err(Credential), vec!["/key"]),
        ("chat", GOOD, KeyTest::Chat(""), Some("m"), nothing(), vec![chat]),
        ("chat with the first", GOOD, KeyTest::Chat(""), None, nothing(), vec![list, chat]),
        ("no money", Provider { chat: 402, ..GOOD }, KeyTest::Chat(""), Some("m"), Err(Quota), vec![chat]),
        ("no model", Provider { chat: 404, ..GOOD }, KeyTest::Chat(""), Some("m"), Err(Model), vec![chat]),
    ] {
        let tried = try_out(provider, test, model).await;
        assert_eq!(tried.asked, asked, "{name}");
        match (&tried.outcome, &outcome) {
            // What a 404 means is the adapter's to say; it is not the key's fault in any case.
            (Err(Caller | Model), Err(Model)) => {}
            (found, want) => assert_eq!(found, want, "{name}"),
        }
        for body in tried.bodies.iter().filter(|body| !body.is_empty()) {
            let wanted = format!(r#""model":"{}""#, model.unwrap_or("first"));
            assert!(body.contains(&wanted) && body.contains(r#""max_tokens":1"#), "{name}: {body}");
        }
    }
}

/// Whoever tests a key wants to know about the key, not about a token that was given for it earlier.
#[tokio::test]
async fn a_key_for_tokens_is_shown_every_time() {
    let server = Server::start(|seen| match (seen.path(), seen.header("authorization").as_str()) {
        ("/token", "Basic good") => Answer::json(200, "t1 1800000"),
        ("/models", "Bearer t1") => Answer::json(200, "first"),
        _ => Answer::json(401, "no"),
    })
    .await;
    let upstream = HttpUpstream::new(server.http(), KeyStyle::Bearer, HeaderMap::new(), Arc::new(Fake));
    let url = format!("{}/token", server.http()).parse().unwrap();
    let upstreams = upstreams(upstream.with_tokens(Arc::new(Fake), url, http_client(TIMEOUTS).unwrap()));
    for (secret, want) in [("good", Ok(vec!["first".to_owned()])), ("bad", Err(Credential))] {
        for _ in 0..2 {
            let outcome = upstreams.check("p", &key(secret), in_time()).await.map_err(|failure| failure.class);
            assert_eq!(outcome, want, "{secret}");
        }
    }
    assert_eq!((server.count("/token"), server.count("/models")), (4, 2));
}

#[tokio::test]
async fn a_silent_provider_ends_with_the_deadline() {
    let server = Server::start(|_| Answer { hangs: true, ..Answer::json(200, "") }).await;
    let upstream = HttpUpstream::new(server.http(), KeyStyle::Bearer, HeaderMap::new(), Arc::new(Fake));
    let deadline = Instant::now() + Duration::from_millis(200);
    let failure = upstreams(upstream).check("p", &key("s3cret"), deadline).await.unwrap_err();
    assert_eq!(failure.class, FailureClass::Timeout);
    assert!(deadline.elapsed() < Duration::from_secs(10));
}

/// The one built-in provider that is asked for a chat: no search, no more than the least it sells.
#[tokio::test]
async fn the_chat_of_a_test_is_as_small_as_can_be() {
    let rows = BUILT_IN.iter().filter(|row| matches!(row.key_test, KeyTest::Chat(_)));
    let (mut checked, done) = (0, r#"{"id":"r","status":"completed","model":"m","output":[],"usage":null}"#);
    for row in rows {
        let Wire::Http(adapter) = row.wire else { panic!("{} has no keys", row.name) };
        let server = Server::start(move |_| Answer::json(200, done)).await;
        let adapter = adapter(&Choices::default());
        let upstream = HttpUpstream::new(server.http(), row.key_style.clone(), HeaderMap::new(), adapter);
        let upstreams = upstreams(upstream.with_key_test(row.key_test.clone(), Some("sonar".into())));
        let outcome = upstreams.check("p", &key("s3cret"), in_time()).await;
        let asked = server.seen().iter().map(Seen::text).collect::<String>();
        assert!(asked.contains(r#""max_output_tokens":16"#) && !asked.contains("web_search"), "{asked}");
        assert!(outcome.is_ok(), "{outcome:?}");
        checked += 1;
    }
    assert_eq!(checked, 1);
}
