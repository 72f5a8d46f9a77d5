//! A picture on its way from a form to the service. What the service must know first may come after the picture: then the
//! pieces are kept until the form is complete; else they go on at once.

use std::{
    future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use http_body::{Frame, SizeHint};
use multer::Field;
use tokio::sync::mpsc::Sender;
use tonic::{Status, body::Body};

use crate::{
    api::extract_text::{Extraction, twice},
    error::Failure,
    pb::{UploadAndExtractTextRequest as Message, upload_and_extract_text_request::Payload},
};

use super::form::{Form, shortened};

/// Most bytes in one message.
const LARGEST_PIECE: usize = 1 << 20;

/// The side that reads the form.
pub struct Upload {
    pub extraction: Extraction,
    /// In one piece: thousands of small ones would leave holes in memory when they are gone.
    kept: BytesMut,
    has_file: bool,
    has_begun: bool,
    to: Option<Sender<Message>>,
    complete: Complete,
}

/// Whether all of a picture was sent, so that the end of the messages is its end.
#[derive(Clone, Default)]
pub struct Complete(Arc<AtomicBool>);

impl Upload {
    pub fn new(extraction: Extraction, to: Sender<Message>, complete: Complete) -> Self {
        Self { extraction, kept: BytesMut::new(), has_file: false, has_begun: false, to: Some(to), complete }
    }

    /// Reads the whole form and sends what it holds.
    pub async fn read(&mut self, form: &mut Form) -> Result<(), Failure> {
        while let Some(field) = form.next().await? {
            match field.name() {
                Some("file") => self.read_file(form, field).await?,
                name => {
                    let name = shortened(name.unwrap_or_default());
                    self.extraction.set(&name, form.text(field).await?)?;
                }
            }
        }
        if !self.has_file {
            return Err(Failure::missing("file"));
        }
        if !self.has_begun {
            let kept = std::mem::take(&mut self.kept).freeze();
            self.begin(Some(kept.len() as u64)).await;
            self.send_all(kept).await;
        }
        self.complete.0.store(true, Ordering::Release);
        self.to = None;
        Ok(())
    }

    async fn read_file(&mut self, form: &Form, mut field: Field<'static>) -> Result<(), Failure> {
        if std::mem::replace(&mut self.has_file, true) {
            return Err(twice("file"));
        }
        self.extraction.filename = field.file_name().map(str::to_owned);
        self.extraction.content_type = field.content_type().map(|kind| kind.essence_str().to_owned());
        if self.extraction.is_settled() {
            self.begin(None).await;
        }
        while let Some(piece) = form.chunk(&mut field).await? {
            if self.has_begun {
                self.send_all(piece).await;
            } else {
                self.kept.extend_from_slice(&piece);
            }
        }
        Ok(())
    }

    async fn begin(&mut self, size_bytes: Option<u64>) {
        self.has_begun = true;
        self.send(Payload::Header(self.extraction.header(size_bytes))).await;
    }

    async fn send_all(&self, mut piece: Bytes) {
        while piece.len() > LARGEST_PIECE {
            self.send(Payload::Chunk(piece.split_to(LARGEST_PIECE))).await;
        }
        self.send(Payload::Chunk(piece)).await;
    }

    async fn send(&self, payload: Payload) {
        let Some(to) = &self.to else { return };
        if to.send(Message { payload: Some(payload) }).await.is_err() {
            // Nobody reads on: the service has answered already, and that answer is what counts.
            future::pending().await
        }
    }
}

/// The body of the call: it breaks where it would end before the picture is complete. The service would take half a
/// picture for a whole one.
pub struct Whole {
    pub messages: Body,
    pub complete: Complete,
}

impl Whole {
    fn is_complete(&self) -> bool {
        self.complete.0.load(Ordering::Acquire)
    }
}

impl http_body::Body for Whole {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        match Pin::new(&mut self.messages).poll_frame(cx) {
            Poll::Ready(None) if !self.is_complete() => {
                Poll::Ready(Some(Err(Status::cancelled("the upload broke off"))))
            }
            other => other,
        }
    }

    fn is_end_stream(&self) -> bool {
        self.is_complete() && self.messages.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}
