//! A picture on its way from a form to the service: its pieces go on as they come, and what is to be done with it before
//! them or, where the form says that later, after them.

use std::{
    future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};

use bytes::Bytes;
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
    has_file: bool,
    /// Whether the service knows already what is to be done.
    is_told: bool,
    to: Option<Sender<Message>>,
    complete: Complete,
}

/// Whether all of a picture was sent, so that the end of the messages is its end.
#[derive(Clone, Default)]
pub struct Complete(Arc<AtomicBool>);

impl Upload {
    pub fn new(extraction: Extraction, to: Sender<Message>, complete: Complete) -> Self {
        Self { extraction, has_file: false, is_told: false, to: Some(to), complete }
    }

    /// Reads the whole form and sends what it holds.
    pub async fn read(&mut self, form: &mut Form) -> Result<(), Failure> {
        while let Some(field) = form.next().await? {
            match field.name() {
                Some("file") => self.read_file(form, field).await?,
                name => {
                    let name = shortened(name.unwrap_or_default());
                    // Before its bytes are looked at: they may be a picture under another name.
                    let place = self.extraction.place(&name)?;
                    *place = Some(form.text(field).await?);
                }
            }
        }
        if !self.has_file {
            return Err(Failure::missing("file"));
        }
        if !self.is_told {
            self.send(Payload::LateOptions(self.extraction.options())).await;
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
        self.is_told = self.extraction.is_settled();
        let options = self.is_told.then(|| self.extraction.options());
        self.send(Payload::Header(self.extraction.header(options))).await;
        let mut is_empty = true;
        while let Some(mut piece) = form.chunk(&mut field).await? {
            is_empty &= piece.is_empty();
            while piece.len() > LARGEST_PIECE {
                self.send(Payload::Chunk(piece.split_to(LARGEST_PIECE))).await;
            }
            self.send(Payload::Chunk(piece)).await;
        }
        // What a browser sends when no file was chosen.
        if is_empty {
            return Err(Failure::invalid("file", "Invalid 'file': it is empty; send a picture or a PDF."));
        }
        Ok(())
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
