//! Uploads: `POST /files`, then the ids into the messages that show the files.

use std::borrow::Cow;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::{errors, members::Members, wire::Attachment};
use crate::{
    domain::failure::{FailureClass, UpstreamFailure},
    providers::adapter::{Encoded, FileAdapter, Reply},
};

#[derive(Clone, Copy, Debug)]
pub struct GigaChatFiles;

#[derive(Deserialize)]
struct Uploaded {
    id: String,
}

impl FileAdapter for GigaChatFiles {
    fn path(&self) -> &str {
        "/files"
    }

    fn fields(&self) -> &'static [(&'static str, &'static str)] {
        &[("purpose", "general")]
    }

    fn decode_upload(&self, reply: Reply<'_>) -> Result<String, UpstreamFailure> {
        match serde_json::from_slice::<Uploaded>(reply.body) {
            Ok(Uploaded { id }) if !id.is_empty() => Ok(id),
            Ok(_) | Err(_) => Err(errors::failure_in(reply.body)
                .unwrap_or_else(|| UpstreamFailure::new(FailureClass::BadResponse, "the uploaded file got no id"))),
        }
    }

    fn attach(&self, encoded: &Encoded, ids: &[String]) -> Bytes {
        with_ids(&encoded.body, ids).map_or_else(|| encoded.body.clone(), Bytes::from)
    }
}

/// Returns the body with ids where the numbers of uploads were.
fn with_ids(body: &[u8], ids: &[String]) -> Option<Vec<u8>> {
    let mut body = Members::read(std::str::from_utf8(body).ok()?)?;
    let mut messages: Vec<Members<'_>> = serde_json::from_str(body.get("messages")?.get()).ok()?;
    let attachments = |message: &Members<'_>| message.get("attachments").map(|list| attach(list, ids));
    let lists: Vec<_> = messages.iter().map(attachments).collect();
    for (message, list) in messages.iter_mut().zip(&lists) {
        if let Some(list) = list {
            replace(message, "attachments", list.as_deref()?);
        }
    }
    let messages = raw(&messages)?;
    replace(&mut body, "messages", &messages);
    serde_json::to_vec(&body).ok()
}

/// Returns the list with ids in place of numbers, none of them twice.
fn attach(list: &RawValue, ids: &[String]) -> Option<Box<RawValue>> {
    let mut files: Vec<Cow<'_, str>> = Vec::new();
    for attachment in serde_json::from_str::<Vec<Attachment<'_>>>(list.get()).ok()? {
        let id = match attachment {
            Attachment::Upload(number) => Cow::Borrowed(ids.get(number)?.as_str()),
            Attachment::File(id) => id,
        };
        if !files.contains(&id) {
            files.push(id);
        }
    }
    raw(&files)
}

fn raw(value: &impl Serialize) -> Option<Box<RawValue>> {
    to_raw_value(value).ok()
}

fn replace<'a>(members: &mut Members<'a>, name: &str, value: &'a RawValue) {
    if let Some((_, old)) = members.0.iter_mut().find(|(member, _)| member == name) {
        *old = value;
    }
}
