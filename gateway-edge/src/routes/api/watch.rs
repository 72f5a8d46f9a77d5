//! `GET /api/v1/provider-keys/watch` and `GET /api/v1/activity-logs/watch`: streams of the service as server-sent events.
//!
//! They end when the client hangs up, or with an event `error`; a client then asks again. Browsers do that by themselves.

use std::{convert::Infallible, time::Duration};

use axum::{body::Body, response::Response};
use bytes::{BufMut as _, Bytes, BytesMut};
use futures_util::{StreamExt as _, stream};
use tokio::time::timeout;
use tonic::Streaming;

use crate::{
    api::{
        activity::{self, Entry, Gap},
        body,
        provider_keys::{DeletedKey, ProviderKey},
    },
    error::{Failure, field},
    language::Language,
    metadata::{self, RequestId},
    pb::{self, watch_activity_response::Event as Happened, watch_provider_keys_response::Event as Changed},
    routes::{
        api::call::Call,
        sse::{self, HEARTBEAT},
    },
};

/// The service cuts it to what it allows.
const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Where a browser says how far it has come.
const LAST_EVENT_ID: &str = "last-event-id";

pub async fn provider_keys(call: Call) -> Result<Response, Failure> {
    let names = ["provider", "provider_name"];
    let message = pb::WatchProviderKeysRequest { provider: call.query(&names)?.text(&names)? };
    let request = metadata::request(message, &call.parts.headers, &call.id, LIFETIME);
    let events = call.keys().watch_provider_keys(request).await?.into_inner();
    Ok(stream_of(call, events, write_key))
}

pub async fn activity(call: Call) -> Result<Response, Failure> {
    let query = call.query(&activity::WATCH)?;
    let mut message = pb::WatchActivityRequest { filter: Some(activity::filter(&query)?), ..Default::default() };
    // A browser that connects again repeats the address it was given; how far it came is in the header.
    let seen = call.parts.headers.get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    message.after_id = match seen.filter(|id| !id.is_empty()) {
        Some(id) => id.to_owned(),
        None => query.text(&["after_id"])?,
    };
    let request = metadata::request(message, &call.parts.headers, &call.id, LIFETIME);
    let events = call.activity().watch_activity(request).await?.into_inner();
    Ok(stream_of(call, events, write_entry))
}

/// Answers with events, written by `write`, and with a comment whenever nothing happens for a heartbeat.
fn stream_of<E: Send + 'static>(call: Call, events: Streaming<E>, write: fn(E, &mut BytesMut)) -> Response {
    let language = Language::asked(&call.parts.headers);
    let watch = Watch { events, write, heartbeat: call.edge.settings.heartbeat, language, id: call.id };
    // The first bytes go out at once, so that everybody on the way sees that the stream is open.
    let opening = stream::iter([Bytes::from_static(HEARTBEAT)]);
    let frames = opening.chain(stream::unfold(Some(watch), |watch| async {
        let mut watch = watch?;
        let (frame, is_over) = watch.next().await?;
        Some((frame, (!is_over).then_some(watch)))
    }));
    let mut response = Response::new(Body::from_stream(frames.map(Ok::<_, Infallible>)));
    sse::headers(response.headers_mut());
    response
}

struct Watch<E> {
    events: Streaming<E>,
    write: fn(E, &mut BytesMut),
    heartbeat: Duration,
    language: Option<Language>,
    id: RequestId,
}

impl<E> Watch<E> {
    /// Returns the next bytes, and whether they are the last ones.
    async fn next(&mut self) -> Option<(Bytes, bool)> {
        let mut out = BytesMut::new();
        let is_over = match timeout(self.heartbeat, self.events.next()).await {
            Err(_) => {
                out.put_slice(HEARTBEAT);
                false
            }
            Ok(Some(Ok(event))) => {
                (self.write)(event, &mut out);
                false
            }
            Ok(Some(Err(status))) => {
                let failure = sse::failure_of(status).named(field::API).localized(self.language);
                put(&mut out, "error", "", &failure.to_api_json(self.id.as_str()));
                true
            }
            Ok(None) => return None,
        };
        Some((out.freeze(), is_over))
    }
}

/// Writes one event. Events with an id are those that a client can go on after.
fn put(out: &mut BytesMut, event: &str, id: &str, data: &[u8]) {
    for (name, value) in [("event", event.as_bytes()), ("id", id.as_bytes()), ("data", data)] {
        if !value.is_empty() {
            out.put_slice(name.as_bytes());
            out.put_slice(b": ");
            out.put_slice(value);
            out.put_u8(b'\n');
        }
    }
    out.put_u8(b'\n');
}

fn write_key(event: pb::WatchProviderKeysResponse, out: &mut BytesMut) {
    match event.event {
        Some(Changed::ProviderKey(key)) => put(out, "provider_key", "", &body::write(&ProviderKey::of(&key))),
        Some(Changed::Synced(_)) => put(out, "synced", "", b"{}"),
        Some(Changed::Deleted(key)) => put(out, "deleted", "", &body::write(&DeletedKey::of(&key))),
        // What a newer service says is a sign of life, too.
        Some(Changed::Heartbeat(_)) | None => out.put_slice(HEARTBEAT),
    }
}

fn write_entry(event: pb::WatchActivityResponse, out: &mut BytesMut) {
    match event.event {
        Some(Happened::Entry(entry)) => put(out, "activity", &entry.id, &body::write(&Entry::of(&entry))),
        Some(Happened::Gap(gap)) => put(out, "gap", "", &body::write(&Gap { skipped_count: gap.skipped_count })),
        Some(Happened::Heartbeat(_)) | None => out.put_slice(HEARTBEAT),
    }
}
