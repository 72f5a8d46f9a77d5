//! Receives a picture that is sent in pieces: a header, then chunks, never more than the limit and never a silence
//! without an end.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use tokio::time::timeout;
use tonic::Status;

use crate::{
    domain::{
        error::{Error, Result},
        image_limit::ImageLimit,
    },
    pb::{self, upload_and_extract_text_request::Payload},
};

/// Room that is made before the size is known.
const FIRST_ROOM: usize = 1 << 20;

/// How long an upload may be silent.
#[derive(Clone, Copy, Debug)]
pub struct UploadLimits {
    /// Longest wait for the next message.
    pub idle: Duration,
}

/// Returns the header and the whole picture. `ours` makes a status of an error.
pub async fn receive(
    messages: &mut (impl Stream<Item = Result<pb::UploadAndExtractTextRequest, Status>> + Unpin),
    limits: UploadLimits,
    limit: ImageLimit,
    ours: impl Fn(Error) -> Status,
) -> Result<(pb::ExtractionUploadHeader, Bytes), Status> {
    let first = next(messages, limits, &ours).await?;
    let mut header = header(first, limit).map_err(&ours)?;
    let mut picture = Picture::new(header.size_bytes, limit);
    while let Some(payload) = next(messages, limits, &ours).await? {
        match payload {
            Some(Payload::LateOptions(options)) => {
                take_late(&mut header, options).map_err(&ours)?;
                at_end(next(messages, limits, &ours).await?).map_err(&ours)?;
                break;
            }
            payload => picture.push(payload).map_err(&ours)?,
        }
    }
    let data = picture.finish().map_err(&ours)?;
    Ok((header, data))
}

/// Waits for the next message. `None` is the end.
async fn next(
    messages: &mut (impl Stream<Item = Result<pb::UploadAndExtractTextRequest, Status>> + Unpin),
    UploadLimits { idle }: UploadLimits,
    ours: impl Fn(Error) -> Status,
) -> Result<Option<Option<Payload>>, Status> {
    let Ok(message) = timeout(idle, messages.next()).await else {
        let seconds = idle.as_secs();
        let message = format!(
            "no message of the upload came for {seconds} s (AIGW_UPLOAD_IDLE_TIMEOUT_SECONDS): send the chunks one \
             right after the other, then close the stream"
        );
        return Err(ours(Error::invalid("chunk", message)));
    };
    Ok(message.transpose()?.map(|message| message.payload))
}

fn header(first: Option<Option<Payload>>, limit: ImageLimit) -> Result<pb::ExtractionUploadHeader> {
    let Some(Some(Payload::Header(header))) = first else {
        return Err(Error::invalid("header", "the first message of an upload must be its header"));
    };
    if let Some(size) = header.size_bytes {
        limit.check(size, || "header.size_bytes".to_owned())?;
    }
    Ok(header)
}

/// Takes the options that came after the picture.
fn take_late(header: &mut pb::ExtractionUploadHeader, options: pb::ExtractionOptions) -> Result<()> {
    match header.options.replace(options) {
        None => Ok(()),
        Some(_) => Err(Error::invalid("late_options", "the header has options already: send them once")),
    }
}

fn at_end(message: Option<Option<Payload>>) -> Result<()> {
    match message {
        None => Ok(()),
        Some(_) => Err(Error::invalid("late_options", "nothing may follow late_options: close the stream after it")),
    }
}

/// The bytes so far.
struct Picture {
    data: BytesMut,
    size: Option<u64>,
    limit: ImageLimit,
}

impl Picture {
    fn new(size: Option<u64>, limit: ImageLimit) -> Self {
        let room = size.map_or(FIRST_ROOM, |size| usize::try_from(size).unwrap_or(limit.0));
        Self { data: BytesMut::with_capacity(room.min(limit.0)), size, limit }
    }

    fn push(&mut self, payload: Option<Payload>) -> Result<()> {
        let Some(Payload::Chunk(chunk)) = payload else {
            let message = "after the header every message of an upload must be a chunk, save late_options at its end";
            return Err(Error::invalid("chunk", message));
        };
        let length = (self.data.len() + chunk.len()) as u64;
        self.limit.check(length, || "chunk".to_owned())?;
        match self.size {
            Some(size) if length > size => Err(self.differs()),
            _ => {
                self.make_room(chunk.len());
                self.data.extend_from_slice(&chunk);
                Ok(())
            }
        }
    }

    /// Makes room for all that may come, once: memory that is not written to costs nothing, and growing bit by bit would
    /// need the bytes twice.
    fn make_room(&mut self, bytes: usize) {
        if self.data.capacity() - self.data.len() < bytes {
            self.data.reserve(self.limit.0.saturating_sub(self.data.len()));
        }
    }

    fn finish(self) -> Result<Bytes> {
        if self.size.is_some_and(|size| size != self.data.len() as u64) {
            return Err(self.differs());
        }
        if self.data.is_empty() {
            return Err(Error::invalid("chunk", "the upload has no chunk: send the bytes after the header"));
        }
        Ok(self.data.freeze())
    }

    fn differs(&self) -> Error {
        let message = "the chunks are not as long as header.size_bytes says: send the size of the whole image, or none";
        Error::invalid("header.size_bytes", message)
    }
}

#[cfg(test)]
mod tests;
