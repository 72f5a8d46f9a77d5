//! USE CASE: reads the text out of a picture. It is a chat of one message, so keys, failover, states of the answer and
//! the record are those of chats; what is added here is the question, the picture's size and which model is asked.

use std::sync::Arc;

/// What the floor that moves bytes must offer, and what is answered.
pub use crate::chat::{Answer, Transport};
use crate::{
    chat::Chat,
    domain::{
        chat::{ChatRequest, File, Image, MediaSource, Message, Part, Role, Sampling},
        completion::ChatCompletion,
        consumption::Operation,
        error::{Error, ErrorKind, Result},
        extraction::Extraction,
        media_type,
    },
    routing::call::{CallContext, admit},
};

/// Asked of the model when the caller asks nothing else.
const READ_ALL: &str = "Extract all text from this image, in reading order. Keep the line breaks, and write tables row \
                        by row. Answer with the text alone, without comments; if there is no text, answer with nothing.";

/// The use case with everything it needs.
pub struct Vision<T> {
    pub chat: Arc<Chat<T>>,
    /// Names of models for requests that name none. The first is taken that the caller has a key for.
    pub default_models: Vec<String>,
    pub limit: ImageLimit,
}

/// How large a picture may be.
#[derive(Clone, Copy, Debug)]
pub struct ImageLimit(pub usize);

impl<T: Transport> Vision<T> {
    /// Reads a picture and returns the whole answer.
    pub async fn extract(&self, context: CallContext, extraction: Extraction) -> Result<ChatCompletion> {
        let request = self.request(&context, extraction)?;
        self.chat.complete(context, request).await
    }

    /// Reads a picture and returns the events of the answer.
    pub async fn stream(&self, context: CallContext, extraction: Extraction) -> Result<Answer> {
        let request = self.request(&context, extraction)?;
        self.chat.stream(context, request).await
    }

    /// Returns the chat that an extraction is.
    fn request(&self, context: &CallContext, mut asked: Extraction) -> Result<ChatRequest> {
        if let MediaSource::Data { data, .. } = &asked.picture {
            self.limit.check(data.len() as u64, "image.data")?;
        }
        if asked.model.is_empty() {
            self.default_model(context).clone_into(&mut asked.model);
        }
        Ok(chat_of(asked))
    }

    /// Returns the first default model that the caller may use and has a key for, else the last one.
    fn default_model(&self, context: &CallContext) -> &str {
        let (chat, caller) = (&self.chat, &context.caller);
        let usable = |name: &&String| {
            chat.catalog.resolve(name).is_ok_and(|(target, provider)| {
                let has_key = || chat.keys.has_any(provider, &caller.user_id, &context.request_keys);
                admit(&chat.catalog, caller, &target, provider, "").is_ok() && (!provider.needs_key || has_key())
            })
        };
        self.default_models.iter().find(usable).or(self.default_models.last()).map_or("", String::as_str)
    }
}

impl ImageLimit {
    /// Refuses a picture of that many bytes if they are too many.
    pub fn check(self, bytes: u64, field: &str) -> Result<()> {
        let Self(limit) = self;
        if bytes <= limit as u64 {
            return Ok(());
        }
        let message = format!("the image is larger than {limit} bytes (AIGW_MAX_IMAGE_BYTES): send a smaller one");
        let error = Error::new(ErrorKind::TooLarge, message).with("limit_bytes", limit.to_string());
        Err(Error { field: Some(field.to_owned()), ..error.with("setting", "AIGW_MAX_IMAGE_BYTES") })
    }
}

/// Writes the picture first: models read it better when the question follows.
fn chat_of(asked: Extraction) -> ChatRequest {
    let prompt = if asked.prompt.is_empty() { READ_ALL.to_owned() } else { asked.prompt };
    let picture = if is_document(&asked.picture) {
        Part::File(File { source: asked.picture, filename: asked.filename })
    } else {
        Part::Image(Image { source: asked.picture, detail: asked.detail })
    };
    ChatRequest {
        operation: Operation::Vision,
        model: asked.model,
        messages: vec![Message { role: Role::User, parts: vec![picture, Part::Text(prompt)], name: String::new() }],
        sampling: Sampling {
            max_output_tokens: asked.max_output_tokens,
            temperature: asked.temperature,
            ..Sampling::default()
        },
        metadata: asked.metadata,
        end_user_id: asked.end_user_id,
        provider_options: asked.provider_options,
        strict: asked.strict,
        ..ChatRequest::default()
    }
}

/// Whether it is a PDF, which providers take as a file and not as a picture.
fn is_document(picture: &MediaSource) -> bool {
    match picture {
        MediaSource::Data { data, .. } => media_type::of(data) == Some(media_type::PDF),
        MediaSource::Url { mime_type, .. } => media_type::is_same(media_type::essence(mime_type), media_type::PDF),
        MediaSource::FileId(_) => false,
    }
}

#[cfg(test)]
mod tests;
