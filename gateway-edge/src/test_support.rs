//! A gRPC service that follows a script, for the tests of the routes.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::{BufMut as _, Bytes, BytesMut};
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use prost::Message;
use tonic::{Status, body::Body};
use tower::{BoxError, service_fn};

use crate::{
    Transport,
    pb::{self, stream_chat_completion_response::Event as E},
};

/// What the service does next.
#[derive(Clone)]
pub enum Step {
    /// Sends a message.
    Send(Bytes),
    /// Does nothing for a while. As the first step it holds the head back, too.
    Wait(Duration),
    /// Ends with a status in the trailers, or in the head when it is the first step.
    End(Status),
    /// Ends without trailers.
    Cut,
}

#[derive(Clone, Debug)]
pub struct Seen {
    pub path: String,
    pub headers: HeaderMap,
    /// The first message and what follows it, without its five bytes of framing.
    pub message: Bytes,
    /// All messages, each with its framing.
    pub framed: Bytes,
}

impl Seen {
    pub fn messages<M: Message + Default>(&self) -> Vec<M> {
        let (mut rest, mut messages) = (self.framed.clone(), Vec::new());
        while !rest.is_empty() {
            let size = u32::from_be_bytes(rest.split_to(5)[1..].try_into().unwrap());
            messages.push(M::decode(rest.split_to(size as usize)).unwrap());
        }
        messages
    }
}

/// The scripted service, and what it saw.
#[derive(Clone, Default)]
pub struct Fake {
    pub calls: Arc<Mutex<Vec<Seen>>>,
    /// Set when the last answer's body is gone, read to its end or not.
    pub dropped: Arc<AtomicBool>,
    /// Set when the trailers of an answer were read.
    pub read_to_end: Arc<AtomicBool>,
}

impl Fake {
    /// Answers every call with the script that `script` has for its path.
    pub fn transport(&self, script: impl Fn(&str) -> Vec<Step> + Clone + Send + Sync + 'static) -> Transport {
        let fake = self.clone();
        Transport::in_memory(service_fn(move |request: Request<Body>| {
            let (fake, script) = (fake.clone(), script.clone());
            async move { Ok::<_, BoxError>(fake.answer(request, script).await) }
        }))
    }

    async fn answer(&self, request: Request<Body>, script: impl Fn(&str) -> Vec<Step>) -> Response<Body> {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        let framed = body.collect().await.map(|all| all.to_bytes()).unwrap_or_default();
        let message = framed.get(5..).map(|message| framed.slice_ref(message)).unwrap_or_default();
        let mut steps = VecDeque::from(script(&path));
        self.calls.lock().unwrap().push(Seen { path, headers: parts.headers, message, framed });
        if let Some(Step::Wait(time)) = steps.front() {
            tokio::time::sleep(*time).await;
            steps.pop_front();
        }
        if let Some(Step::End(status)) = steps.front() {
            return status.clone().into_http();
        }
        let guard = Guard { dropped: self.dropped.clone(), read_to_end: self.read_to_end.clone() };
        let frames = futures_util::stream::unfold((steps, guard), |(mut steps, guard)| async move {
            loop {
                match steps.pop_front() {
                    Some(Step::Send(message)) => return Some((Ok(Frame::data(message)), (steps, guard))),
                    Some(Step::Wait(time)) => tokio::time::sleep(time).await,
                    Some(Step::End(status)) => {
                        let mut trailers = HeaderMap::new();
                        status.add_header(&mut trailers).unwrap();
                        guard.read_to_end.store(true, Ordering::SeqCst);
                        return Some((Ok::<_, Status>(Frame::trailers(trailers)), (steps, guard)));
                    }
                    Some(Step::Cut) | None => return None,
                }
            }
        });
        let mut response = Response::new(Body::new(StreamBody::new(frames)));
        response.headers_mut().insert("content-type", http::HeaderValue::from_static("application/grpc"));
        response
    }

    /// Returns what it was asked for beside whether a key is good.
    pub fn asked(&self) -> Vec<Seen> {
        let is_question = |seen: &Seen| seen.path.ends_with("/GetProviderKey") && seen.message.is_empty();
        self.calls.lock().unwrap().iter().filter(|seen| !is_question(seen)).cloned().collect()
    }

    pub fn last(&self) -> Seen {
        self.calls.lock().unwrap().last().unwrap().clone()
    }

    pub fn is_dropped(&self) -> bool {
        self.dropped.load(Ordering::SeqCst)
    }
}

struct Guard {
    dropped: Arc<AtomicBool>,
    read_to_end: Arc<AtomicBool>,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.dropped.store(true, Ordering::SeqCst);
    }
}

pub fn send(message: &impl Message) -> Step {
    let mut out = BytesMut::new();
    out.put_u8(0);
    out.put_u32(u32::try_from(message.encoded_len()).unwrap());
    message.encode(&mut out).unwrap();
    Step::Send(out.freeze())
}

pub fn ok() -> Step {
    Step::End(Status::ok(""))
}

fn event(event: E) -> Step {
    send(&pb::StreamChatCompletionResponse { event: Some(event), ..Default::default() })
}

pub fn started() -> Step {
    let (completion_id, model, provider) = ("chatcmpl-1".into(), "m-1".into(), "google".into());
    event(E::Started(pb::ChatStarted { completion_id, model, provider, ..Default::default() }))
}

pub fn attempt() -> Step {
    event(E::Attempt(pb::Attempt { provider: "google".into(), ..Default::default() }))
}

pub fn text(text: &str) -> Step {
    event(E::TextDelta(pb::TextDelta { text: text.into(), logprobs: vec![] }))
}

pub fn finished() -> Step {
    event(E::Finished(pb::ChatFinished { reason: 1, ..Default::default() }))
}

pub fn completion(text: &str) -> pb::CreateChatCompletionResponse {
    let text = pb::Part { content: Some(pb::part::Content::Text(pb::TextPart { text: text.into() })) };
    let message = pb::Message { role: 4, parts: vec![text], name: String::new() };
    let choices = vec![pb::Choice { message: Some(message), finish_reason: 1, ..Default::default() }];
    let (id, provider) = ("chatcmpl-1".into(), "google".into());
    let completion = pb::ChatCompletion { id, provider, choices, ..Default::default() };
    pb::CreateChatCompletionResponse { completion: Some(completion) }
}
