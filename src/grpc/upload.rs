//! Receives a picture that is sent in pieces: a header, then chunks, never more than the limit and never a silence
//! without an end.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};
use tokio::time::timeout;
use tonic::Status;

use crate::{
    domain::error::{Error, Result},
    pb::{self, upload_and_extract_text_request::Payload},
    vision::ImageLimit,
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
    let header = header(first, limit).map_err(&ours)?;
    let mut picture = Picture::new(header.size_bytes, limit);
    while let Some(payload) = next(messages, limits, &ours).await? {
        picture.push(payload).map_err(&ours)?;
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
        limit.check(size, "header.size_bytes")?;
    }
    Ok(header)
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
            let message = "after the header every message of an upload must be a chunk";
            return Err(Error::invalid("chunk", message));
        };
        let length = (self.data.len() + chunk.len()) as u64;
        self.limit.check(length, "chunk")?;
        match self.size {
            Some(size) if length > size => Err(self.differs()),
            _ => {
                self.data.extend_from_slice(&chunk);
                Ok(())
            }
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
