//! Providers that have two formats: chat completions and Responses. Which one a request takes is decided when it is
//! written; the memo remembers it for the answer.

use serde::Deserialize;

use super::{
    adapter::{
        Adapter, EmbeddingAdapter, EncodeError, Encoded, FileAdapter, Format, Memo, Mode, ModelListAdapter, Reply,
        StreamDecoder,
    },
    openai::{self, OpenAiAdapter},
    pictures::Pictures,
    responses::{self, ResponsesAdapter, options, state},
    support::{Field, Handling},
};
use crate::domain::{chat::ChatRequest, event::ChatEvent, failure::UpstreamFailure};

/// How xAI is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum XaiApi {
    /// By chat completions, and by Responses where only they can.
    #[default]
    Mixed,
    /// By Responses only, which the provider recommends.
    Responses,
}

/// How Perplexity is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PerplexityApi {
    #[default]
    Agent,
    /// By chat completions, which the provider itself retired in September 2026; proxies still speak them.
    Sonar,
}

/// Which format a request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Choice {
    Always(Format),
    /// Responses where chat completions cannot say it.
    ByNeed,
}

/// Speaks both formats of one provider.
#[derive(Clone, Debug)]
pub struct TwoFormats {
    chat: OpenAiAdapter,
    responses: ResponsesAdapter,
    choice: Choice,
}

/// Members of `provider_options` that chat completions do not have.
const ONLY_RESPONSES: &[&str] = &["tools", "include", "max_turns", "previous_response_id", "search_parameters"];

impl TwoFormats {
    pub fn xai(api: XaiApi) -> Self {
        let choice = match api {
            XaiApi::Mixed => Choice::ByNeed,
            XaiApi::Responses => Choice::Always(Format::Responses),
        };
        Self {
            chat: OpenAiAdapter::new(openai::Dialect::XAI),
            responses: ResponsesAdapter::new(responses::Dialect::XAI),
            choice,
        }
    }

    pub fn perplexity(api: PerplexityApi) -> Self {
        let format = match api {
            PerplexityApi::Agent => Format::Responses,
            PerplexityApi::Sonar => Format::ChatCompletions,
        };
        Self {
            chat: OpenAiAdapter::new(openai::Dialect::SONAR),
            responses: ResponsesAdapter::new(responses::Dialect::AGENT),
            choice: Choice::Always(format),
        }
    }

    fn format_of(&self, request: &ChatRequest) -> Format {
        match self.choice {
            Choice::Always(format) => format,
            Choice::ByNeed if self.needs_responses(request) => Format::Responses,
            Choice::ByNeed => Format::ChatCompletions,
        }
    }

    /// Whether a request asks for tools the provider runs itself, or carries state of an answer that had them.
    fn needs_responses(&self, request: &ChatRequest) -> bool {
        let members = options::members(&request.provider_options).unwrap_or_default();
        request.web_search.is_some()
            || ONLY_RESPONSES.iter().any(|name| members.contains_key(*name))
            || state::has_reasoning(&request.messages, self.responses.issuer())
    }

    fn adapter(&self, format: Format) -> &dyn Adapter {
        match format {
            Format::ChatCompletions => &self.chat,
            Format::Responses => &self.responses,
        }
    }
}

impl Adapter for TwoFormats {
    fn support(&self, model: &str, field: Field) -> Handling {
        let format = match (self.choice, field) {
            (Choice::Always(format), _) => format,
            (Choice::ByNeed, Field::WebSearch | Field::WebSearchFilters) => Format::Responses,
            (Choice::ByNeed, _) => Format::ChatCompletions,
        };
        self.adapter(format).support(model, field)
    }

    fn encode(&self, request: &ChatRequest, model: &str, mode: Mode) -> Result<Encoded, EncodeError> {
        let format = self.format_of(request);
        let mut encoded = self.adapter(format).encode(request, model, mode)?;
        encoded.memo.format = format;
        Ok(encoded)
    }

    fn decode(&self, memo: &Memo, reply: Reply<'_>) -> Result<Vec<ChatEvent>, UpstreamFailure> {
        self.adapter(memo.format).decode(memo, reply)
    }

    /// Errors look the same in both formats.
    fn decode_error(&self, reply: Reply<'_>) -> UpstreamFailure {
        self.chat.decode_error(reply)
    }

    fn stream_decoder(&self, memo: &Memo) -> Box<dyn StreamDecoder> {
        self.adapter(memo.format).stream_decoder(memo)
    }

    fn pictures(&self, model: &str) -> Pictures<'_> {
        match self.choice {
            Choice::Always(format) => self.adapter(format).pictures(model),
            Choice::ByNeed => self.chat.pictures(model),
        }
    }

    fn needs_bytes_of(&self, model: &str, url: &str) -> bool {
        self.chat.needs_bytes_of(model, url) || self.responses.needs_bytes_of(model, url)
    }

    fn embeddings(&self) -> Option<&dyn EmbeddingAdapter> {
        self.chat.embeddings()
    }

    fn model_list(&self) -> Option<&dyn ModelListAdapter> {
        self.responses.model_list().or_else(|| self.chat.model_list())
    }

    fn files(&self) -> Option<&dyn FileAdapter> {
        self.chat.files()
    }
}
