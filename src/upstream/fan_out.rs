//! Several choices from a provider that gives one an answer: equal requests, merged into one stream.

use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_util::{FutureExt as _, Stream, StreamExt as _, TryStreamExt as _, future::BoxFuture, stream};

use crate::{
    domain::{
        event::{ChatEvent, ChoiceFinish, Finished},
        failure::UpstreamFailure,
        usage::{Cost, Usage, UsageSource},
    },
    routing::transport::EventStream,
};

/// Most requests that one request may become.
pub(super) const MAX_COPIES: u32 = 8;

/// Merges copies of a request. All are asked for events in turn, so one that waits for its place never keeps another
/// from giving its own back. When the `whole` answer is wanted it is awaited here, so that the failure of any copy is
/// still one of the attempt.
pub(super) async fn open<F>(copies: impl Iterator<Item = F>, whole: bool) -> Result<EventStream, UpstreamFailure>
where
    F: Future<Output = Result<EventStream, UpstreamFailure>> + Send + 'static,
{
    let copies = copies.map(|copy| Copy { state: State::Opening(copy.boxed()), usage: None }).collect();
    let merged = Merged { copies, turn: 0, started: false };
    if whole {
        let events: Vec<ChatEvent> = merged.try_collect().await?;
        return Ok(stream::iter(events.into_iter().map(Ok)).boxed());
    }
    Ok(merged.boxed())
}

/// One of the requests. Its position is the number of its choice.
struct Copy {
    state: State,
    usage: Option<Usage>,
}

enum State {
    Opening(BoxFuture<'static, Result<EventStream, UpstreamFailure>>),
    Open(EventStream),
    Finished(Box<Finished>),
}

impl Copy {
    /// Polls for the next event. A finished copy stays silent.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<ChatEvent, UpstreamFailure>>> {
        loop {
            match &mut self.state {
                State::Opening(opening) => match ready!(opening.poll_unpin(cx)) {
                    Ok(events) => self.state = State::Open(events),
                    Err(failure) => return Poll::Ready(Some(Err(failure))),
                },
                State::Open(events) => return events.as_mut().poll_next(cx),
                State::Finished(_) => return Poll::Pending,
            }
        }
    }

    fn finish(&mut self, finished: Finished) {
        if finished.usage.is_some() {
            self.usage.clone_from(&finished.usage);
        }
        self.state = State::Finished(Box::new(finished));
    }
}

struct Merged {
    /// Empty when the merged stream is over.
    copies: Vec<Copy>,
    /// Whose turn it is, so that a fast copy does not keep the others waiting.
    turn: usize,
    started: bool,
}

impl Merged {
    /// Returns what an event of one copy is in the merged stream, if anything.
    fn merge(&mut self, number: usize, event: ChatEvent) -> Option<ChatEvent> {
        match event {
            ChatEvent::Started(_) => (!mem::replace(&mut self.started, true)).then_some(event),
            ChatEvent::Usage(usage) => {
                self.copies.get_mut(number)?.usage = Some(usage);
                self.usage().map(ChatEvent::Usage)
            }
            ChatEvent::Finished(finished) => {
                self.copies.get_mut(number)?.finish(finished);
                None
            }
            other => Some(numbered(other, number as u32)),
        }
    }

    /// Adds up what the copies consumed so far.
    fn usage(&self) -> Option<Usage> {
        let total = self.copies.iter().filter_map(|copy| copy.usage.as_ref()).cloned().reduce(add)?;
        let silent = self.copies.iter().any(|copy| copy.usage.is_none());
        Some(if silent { Usage { source: UsageSource::Partial, ..total } } else { total })
    }

    /// Returns the end of the merged stream, once all copies have ended.
    fn finished(&mut self) -> Option<Finished> {
        if !self.copies.iter().all(|copy| matches!(copy.state, State::Finished(_))) {
            return None;
        }
        let usage = self.usage();
        let ends = mem::take(&mut self.copies).into_iter().filter_map(|copy| match copy.state {
            State::Finished(finished) => Some(*finished),
            State::Opening(_) | State::Open(_) => None,
        });
        let merge = |mut all: Finished, next: Finished| {
            let choice = all.other_choices.len() as u32 + 1;
            all.other_choices.push(ChoiceFinish { choice, reason: next.reason, native_reason: next.native_reason });
            all.cost = all.cost.zip(next.cost).and_then(|(a, b)| costs(a, b));
            all
        };
        ends.reduce(merge).map(|all| Finished { usage, ..all })
    }
}

impl Stream for Merged {
    type Item = Result<ChatEvent, UpstreamFailure>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let count = self.copies.len();
        for number in (self.turn..count).chain(0..self.turn.min(count)) {
            while let Some(copy) = self.copies.get_mut(number)
                && let Poll::Ready(next) = copy.poll(cx)
            {
                match next {
                    Some(Ok(event)) => {
                        if let Some(event) = self.merge(number, event) {
                            self.turn = number + 1;
                            return Poll::Ready(Some(Ok(event)));
                        }
                    }
                    // A failure, or an end that is none: the other copies are of no use any more.
                    broken => {
                        self.copies.clear();
                        return Poll::Ready(broken);
                    }
                }
            }
        }
        match (count, self.finished()) {
            (0, _) => Poll::Ready(None),
            (_, Some(finished)) => Poll::Ready(Some(Ok(ChatEvent::Finished(finished)))),
            (_, None) => Poll::Pending,
        }
    }
}

/// Gives an event the number of its choice.
fn numbered(mut event: ChatEvent, number: u32) -> ChatEvent {
    match &mut event {
        ChatEvent::Text { choice, .. }
        | ChatEvent::Refusal { choice, .. }
        | ChatEvent::Reasoning { choice, .. }
        | ChatEvent::Audio { choice, .. }
        | ChatEvent::ToolCallStarted { choice, .. }
        | ChatEvent::ToolCallArguments { choice, .. }
        | ChatEvent::Citation { choice, .. }
        | ChatEvent::ProviderState { choice, .. } => *choice = number,
        ChatEvent::Started(_)
        | ChatEvent::Warning(_)
        | ChatEvent::Attempt(_)
        | ChatEvent::Usage(_)
        | ChatEvent::Finished(_) => {}
    }
    event
}

/// Adds two consumptions. What only one of them tells is at least known in part.
fn add(a: Usage, b: Usage) -> Usage {
    let sum = |a: Option<u64>, b: Option<u64>| match (a, b) {
        (Some(a), Some(b)) => Some(a.saturating_add(b)),
        (known, None) | (None, known) => known,
    };
    Usage {
        input_tokens: sum(a.input_tokens, b.input_tokens),
        output_tokens: sum(a.output_tokens, b.output_tokens),
        total_tokens: sum(a.total_tokens, b.total_tokens),
        cached_input_tokens: sum(a.cached_input_tokens, b.cached_input_tokens),
        cache_write_input_tokens: sum(a.cache_write_input_tokens, b.cache_write_input_tokens),
        reasoning_tokens: sum(a.reasoning_tokens, b.reasoning_tokens),
        audio_input_tokens: sum(a.audio_input_tokens, b.audio_input_tokens),
        audio_output_tokens: sum(a.audio_output_tokens, b.audio_output_tokens),
        image_input_tokens: sum(a.image_input_tokens, b.image_input_tokens),
        accepted_prediction_tokens: sum(a.accepted_prediction_tokens, b.accepted_prediction_tokens),
        rejected_prediction_tokens: sum(a.rejected_prediction_tokens, b.rejected_prediction_tokens),
        source: if a.source == b.source { a.source } else { UsageSource::Partial },
    }
}

/// Adds two costs that were stated on the same basis.
fn costs(a: Cost, b: Cost) -> Option<Cost> {
    let nano_usd = a.nano_usd.zip(b.nano_usd).and_then(|(a, b)| a.checked_add(b));
    (a.basis == b.basis).then_some(Cost { nano_usd, basis: a.basis })
}
