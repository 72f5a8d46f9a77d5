use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures_util::TryStreamExt as _;
use http::HeaderMap;

use super::{
    fakes::{Fake, ask, in_time, request, target, upstreams},
    server::{Answer, Server},
};
use crate::{
    domain::{chat::Part, event::ChatEvent, failure::FailureClass, fold::Fold, model::Target},
    providers::registry::KeyStyle,
    routing::transport::{Delivery, Transport as _},
    upstream::HttpUpstream,
};

const STREAM: &str = "data: {\"id\":\"x\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"N\"}}]}\n\n\
                      data: {\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":\
                      {\"prompt_tokens\":3,\"completion_tokens\":2,\"total_tokens\":5}}\n\ndata: [DONE]\n\n";

/// A provider that numbers its answers; the one of this number fails.
async fn provider(streamed: bool, fails: usize) -> (Server, HttpUpstream) {
    let answers = AtomicUsize::new(0);
    let server = Server::start(move |_| match answers.fetch_add(1, Ordering::Relaxed) + 1 {
        number if number == fails => Answer::json(500, "no"),
        number if streamed => Answer::sse(&STREAM.replace('N', &format!("answer {number}"))),
        number => Answer::json(200, format!("answer {number}")),
    })
    .await;
    let upstream = HttpUpstream::new(server.http(), KeyStyle::Bearer, HeaderMap::new(), Arc::new(Fake));
    (server, upstream)
}

#[tokio::test]
async fn copies_become_choices_of_one_answer() {
    for (streamed, limit) in [(false, None), (true, None), (false, Some(1)), (true, Some(1)), (true, Some(2))] {
        let (server, upstream) = provider(streamed, 0).await;
        let upstreams = upstreams(match limit {
            // Short patience: the copies wait for each other all the same.
            Some(limit) => upstream.with_limit(limit, Duration::from_millis(1)),
            None => upstream,
        });
        let delivery = if streamed { Delivery::Streamed } else { Delivery::Whole };
        let events = ask(&upstreams, &request(Vec::new(), 3), delivery, "a").await.unwrap();
        assert_eq!(server.seen().len(), 3);
        assert_eq!(events.iter().filter(|e| matches!(e, ChatEvent::Started(_))).count(), 1);
        assert_eq!(events.iter().filter(|e| matches!(e, ChatEvent::Finished(_))).count(), 1);
        assert!(matches!(events.last(), Some(ChatEvent::Finished(_))));
        let mut fold = Fold::default();
        events.into_iter().for_each(|event| fold.push(event));
        let completion = fold.into_completion().unwrap();
        let mut texts: Vec<_> = completion.choices.iter().map(|c| format!("{:?}", c.message.parts)).collect();
        texts.sort();
        assert_eq!(texts, [1, 2, 3].map(|n| format!("[Text(\"answer {n}\")]")));
        assert_eq!(completion.usage.unwrap().output_tokens, Some(6));
    }
}

#[tokio::test]
async fn one_failed_copy_fails_the_attempt() {
    for streamed in [false, true] {
        let (_server, upstream) = provider(streamed, 2).await;
        let delivery = if streamed { Delivery::Streamed } else { Delivery::Whole };
        let failure = ask(&upstreams(upstream), &request(Vec::new(), 2), delivery, "a").await.unwrap_err();
        assert_eq!(failure.class, FailureClass::ServerError);
    }
}

#[tokio::test]
async fn too_many_choices_are_refused() {
    let (_server, upstream) = provider(false, 0).await;
    let error = upstreams(upstream).prepare(&target(), &request(Vec::new(), 9), Delivery::Whole).err().unwrap();
    assert_eq!(error.field.as_deref(), Some("prompt.choice_count"));
}

#[tokio::test]
async fn the_sandbox_gives_several_choices_too() {
    let sandbox = Target { provider: "sandbox".into(), model: "echo".into() };
    let upstreams = upstreams(provider(false, 0).await.1);
    let said = || vec![Part::Text("a b".into())];
    for delivery in [Delivery::Whole, Delivery::Streamed] {
        let prepared = upstreams.prepare(&sandbox, &request(said(), 3), delivery).unwrap();
        let events = upstreams.open(&prepared, None, in_time()).await.unwrap();
        let mut fold = Fold::default();
        events.try_collect::<Vec<_>>().await.unwrap().into_iter().for_each(|event| fold.push(event));
        let completion = fold.into_completion().unwrap();
        assert!(
            completion.choices.len() == 3 && completion.choices.iter().all(|choice| choice.message.parts == said())
        );
        assert_eq!(completion.usage.unwrap().output_tokens, Some(6));
    }
    let error = upstreams.prepare(&sandbox, &request(said(), 9), Delivery::Whole).err().unwrap();
    assert_eq!(error.field.as_deref(), Some("prompt.choice_count"));
}
