//! The seam between the gateway and a wire format. An adapter translates and nothing else: the base URL, the key, the
//! socket and the clock belong to the driver in `upstream`.

use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;

pub use super::warnings::EncodeError;
use super::{
    pictures::Pictures,
    sse::SseEvent,
    support::{Field, Handling},
};
use crate::domain::{
    chat::ChatRequest,
    embedding::{EmbeddingReply, EmbeddingRequest},
    event::ChatEvent,
    failure::UpstreamFailure,
    key::ProviderKey,
    model::ListedModel,
    usage::Warning,
};

/// Whether the provider shall answer at once or event by event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Unary,
    Stream,
}

/// A request in the provider's wire format.
#[derive(Clone, Debug, Default)]
pub struct Encoded {
    /// Joined to the provider's base URL; begins with `/`.
    pub path: String,
    /// Sent beside the usual ones. Never a credential.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    pub body: Bytes,
    /// Files the provider must have before the request; [`FileAdapter::attach`] puts their ids into the body.
    pub uploads: Vec<Upload>,
    /// How many requests like this one make the choices the caller wants: 0 and 1 mean one, more where the provider
    /// gives one choice a request. The driver numbers their choices.
    pub copies: u32,
    /// What the reader of the answer must know.
    pub memo: Memo,
    /// What was dropped or rewritten. The caller of `encode` refuses the request instead when it is `strict`.
    pub warnings: Vec<Warning>,
}

/// What the reader of an answer must know of the request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Memo {
    /// In which of its formats the provider was asked, when it has several.
    pub format: Format,
    /// Names of tools as they were sent, with the caller's names, where the two differ.
    pub tool_names: Vec<(String, String)>,
    /// Names, as sent, of functions that stand for tools with free text.
    pub custom_tools: Vec<String>,
    /// Tool that stands for the answer itself: its arguments are the text.
    pub answer_tool: Option<String>,
    /// Whether JSON alone was asked for, but only in words: Markdown fences around the text go.
    pub bare_json: bool,
}

/// The formats of providers that have more than one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    #[default]
    ChatCompletions,
    Responses,
}

/// A provider's whole answer.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    pub status: u16,
    pub headers: &'a HeaderMap,
    pub body: &'a [u8],
}

/// Translates one wire format, in both directions.
pub trait Adapter: Send + Sync {
    /// Tells what becomes of a field for `model`: the provider's column of the table in docs/providers.md.
    fn support(&self, model: &str, field: Field) -> Handling;

    /// Writes a request for `model`, the provider's own name for it.
    fn encode(&self, request: &ChatRequest, model: &str, mode: Mode) -> Result<Encoded, EncodeError>;

    /// Reads a 2xx answer to a unary request. The events end with `Finished`; what is no completion is a failure,
    /// whatever its status.
    fn decode(&self, memo: &Memo, reply: Reply<'_>) -> Result<Vec<ChatEvent>, UpstreamFailure>;

    /// Reads any other answer.
    fn decode_error(&self, reply: Reply<'_>) -> UpstreamFailure;

    /// Starts to read a streamed answer.
    fn stream_decoder(&self, memo: &Memo) -> Box<dyn StreamDecoder>;

    /// Whether the provider cannot fetch media from this address itself. The gateway then fetches them, where the
    /// operator allows it, and `encode` sees bytes instead of the address.
    fn needs_bytes_of(&self, _model: &str, _url: &str) -> bool {
        false
    }

    /// Which pictures and documents `model` takes as bytes.
    fn pictures(&self, _model: &str) -> Pictures<'_> {
        Pictures::of([], None)
    }

    /// Whether the provider refused a state that it had given out itself. The same request passes without it.
    fn refuses_states(&self, _failure: &UpstreamFailure) -> bool {
        false
    }

    /// The translation of embeddings, for providers that have them.
    fn embeddings(&self) -> Option<&dyn EmbeddingAdapter> {
        None
    }

    /// The translation of the provider's own list of models, for providers that have one.
    fn model_list(&self) -> Option<&dyn ModelListAdapter> {
        None
    }

    /// The translation of file uploads, for providers that take media no other way.
    fn files(&self) -> Option<&dyn FileAdapter> {
        None
    }
}

/// Reads a streamed answer, remembering what its format makes it remember.
pub trait StreamDecoder: Send {
    /// Takes the next server-sent event and appends what it means to `out`.
    fn feed(&mut self, event: &SseEvent, out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure>;

    /// Takes the end of the body, with the bytes that were no server-sent events. Appends what was held back, then
    /// `Finished`; or fails when the provider stopped before its answer was complete.
    fn finish(&mut self, stray: &[u8], out: &mut Vec<ChatEvent>) -> Result<(), UpstreamFailure>;

    /// Whether the answer is complete and the rest of the body does not matter.
    fn is_done(&self) -> bool;
}

/// Translates embeddings.
pub trait EmbeddingAdapter: Send + Sync {
    /// Writes the request. Its warnings, memo and uploads are as for chats.
    fn encode_embeddings(&self, request: &EmbeddingRequest, model: &str) -> Result<Encoded, EncodeError>;

    /// Reads a 2xx answer. Vectors come in the order of the inputs.
    fn decode_embeddings(&self, reply: Reply<'_>) -> Result<EmbeddingReply, UpstreamFailure>;
}

/// Translates a provider's list of its models, read with GET.
pub trait ModelListAdapter: Send + Sync {
    /// Returns where the list is; joined to the base URL.
    fn path(&self) -> &str;

    /// Reads a 2xx answer. Entries that are no models for chats or embeddings are left out.
    fn decode_models(&self, reply: Reply<'_>) -> Result<Vec<ListedModel>, UpstreamFailure>;
}

/// A file a provider must have before it can be asked about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    pub filename: String,
    pub mime_type: String,
    pub data: Bytes,
}

/// Translates uploads, sent as `multipart/form-data` with the file in the part `file`.
pub trait FileAdapter: Send + Sync {
    /// Returns where files go; joined to the base URL.
    fn path(&self) -> &str;

    /// Returns the form's other fields.
    fn fields(&self) -> &'static [(&'static str, &'static str)];

    /// Reads a 2xx answer: the id of the file.
    fn decode_upload(&self, reply: Reply<'_>) -> Result<String, UpstreamFailure>;

    /// Returns the body with the ids of `encoded.uploads`, in their order.
    fn attach(&self, encoded: &Encoded, ids: &[String]) -> Bytes;
}

/// Translates the exchange of a provider key for an access token that lives for a while.
pub trait TokenExchange: Send + Sync {
    /// Writes the request for a token, a POST. `unique` is new for each request, a UUID as text.
    fn encode_token(&self, key: &ProviderKey, unique: &str) -> Result<TokenRequest, UpstreamFailure>;

    /// Reads a 2xx answer.
    fn decode_token(&self, reply: Reply<'_>, now: SystemTime) -> Result<AccessToken, UpstreamFailure>;

    /// Reads any other answer.
    fn decode_error(&self, reply: Reply<'_>) -> UpstreamFailure;

    /// Whether a failure of an ordinary request means that the token has ended early and a new one may help.
    fn token_ended(&self, failure: &UpstreamFailure) -> bool;
}

/// A request for an access token. `Debug` prints no secret.
#[derive(Debug)]
pub struct TokenRequest {
    /// The credential among them is marked sensitive.
    pub headers: HeaderMap,
    pub body: Bytes,
}

/// What a provider key was exchanged for.
#[derive(Clone, Debug)]
pub struct AccessToken {
    pub secret: SecretString,
    /// How long it is good, as the provider says.
    pub lifetime: Duration,
}
