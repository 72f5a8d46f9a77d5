//! USE CASE: reads the text out of a picture. It is a chat of one message, so keys, failover, states of the answer and
//! the record are those of chats, and so is the largest size of a picture; what is added here is the question and which
//! model is asked.

use std::sync::Arc;

/// What the floor that moves bytes must offer, and what is answered.
pub use crate::chat::{Answer, Transport};
use crate::{
    chat::Chat,
    domain::{
        chat::{ChatRequest, File, Image, MediaSource, Message, Part, Role, Sampling},
        completion::ChatCompletion,
        consumption::Operation,
        error::Result,
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
}

impl<T: Transport> Vision<T> {
    /// Reads a picture and returns the whole answer.
    pub async fn extract(&self, context: CallContext, extraction: Extraction) -> Result<ChatCompletion> {
        let request = self.request(&context, extraction);
        self.chat.complete(context, request).await
    }

    /// Reads a picture and returns the events of the answer.
    pub async fn stream(&self, context: CallContext, extraction: Extraction) -> Result<Answer> {
        let request = self.request(&context, extraction);
        self.chat.stream(context, request).await
    }

    /// Returns the chat that an extraction is.
    fn request(&self, context: &CallContext, mut asked: Extraction) -> ChatRequest {
        if asked.model.is_empty() {
            self.default_model(context).clone_into(&mut asked.model);
        }
        chat_of(asked)
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
        MediaSource::Url { url, mime_type } if mime_type.is_empty() => {
            let path = url.split(['?', '#']).next().unwrap_or_default();
            path.to_ascii_lowercase().ends_with(".pdf")
        }
        MediaSource::Url { mime_type, .. } => media_type::is_same(media_type::essence(mime_type), media_type::PDF),
        MediaSource::FileId(_) => false,
    }
}

#[cfg(test)]
mod tests;
