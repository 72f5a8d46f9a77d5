use futures_util::stream;

use super::*;
use crate::domain::event::{FinishReason, Finished, Started};

fn events(events: Vec<Result<ChatEvent, UpstreamFailure>>) -> EventStream {
    Box::pin(stream::iter(events))
}

fn started() -> Result<ChatEvent, UpstreamFailure> {
    Ok(ChatEvent::Started(Started::default()))
}

#[tokio::test]
async fn waits_for_the_first_visible_event() {
    let text = ChatEvent::Text { choice: 0, text: "hi".into(), logprobs: Vec::new() };
    let end = ChatEvent::Finished(Finished::new(FinishReason::Stop, "stop"));
    let committed = commit(events(vec![started(), Ok(text.clone()), Ok(end.clone())])).await;
    let Committed { head, rest } = committed.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(head.last(), Some(&text));
    assert_eq!(head.len(), 2);
    assert_eq!(rest.map(Result::unwrap).collect::<Vec<_>>().await, [end]);
}

#[tokio::test]
async fn an_answer_without_output_is_a_failure() {
    use FailureClass::{BadResponse, Network};
    let broken = Err(UpstreamFailure::new(Network, "reset"));
    for (name, script, class) in [
        ("nothing at all", vec![], BadResponse),
        ("only a beginning", vec![started()], BadResponse),
        ("it breaks", vec![started(), broken], Network),
        ("it never says anything", (0..1000).map(|_| started()).collect(), BadResponse),
    ] {
        let failure = commit(events(script)).await.err().unwrap_or_else(|| panic!("{name} must fail"));
        assert_eq!(failure.class, class, "{name}");
    }
}
