//! What becomes of each thing a request can ask for: the words of the table that docs/providers.md shows, that warnings
//! come from and that `strict` refuses by. Every adapter fills in its column.

use serde::{Deserialize, Serialize};

use super::{
    place::Place,
    warnings::{EncodeError, Warnings},
};
use crate::domain::chat::{
    Audio, ChatRequest, File, Image, MediaSource, Message, Modality, Part, ReasoningAmount, ResponseFormat, Role, Tool,
    ToolKind,
};

/// What a provider does with a thing it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handling {
    /// Sent so that it means the same.
    Mapped,
    /// Sent in another form or with another value, for this reason. The encoder warns when it changes a value.
    Rewritten(&'static str),
    /// Left out with a warning, for this reason.
    Dropped(&'static str),
    /// The request is refused, for this reason: without it the answer would be another one.
    Refused(&'static str),
}

/// Declares the fields with the names callers know them by.
macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident => $path:literal,)*) => {
        /// Something a request can ask for: a field of the contract's `ChatPrompt`, one of its forms, or a kind of
        /// message part.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Field {
            $($(#[$doc])* $variant,)*
        }

        impl Field {
            /// All of them, in the order of the contract.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the path in the contract, below `prompt` and without positions.
            pub fn path(self) -> &'static str {
                match self {
                    $(Self::$variant => $path,)*
                }
            }

            /// Returns the name, `ImageUrl`.
            fn variant(self) -> &'static str {
                match self {
                    $(Self::$variant => stringify!($variant),)*
                }
            }
        }
    };
}

fields! {
    SystemMessages => "messages.role",
    DeveloperMessages => "messages.role",
    MessageName => "messages.name",
    ImageData => "messages.parts.image.source.data",
    ImageUrl => "messages.parts.image.source.url",
    ImageFileId => "messages.parts.image.source.file_id",
    ImageDetail => "messages.parts.image.detail",
    AudioInput => "messages.parts.audio",
    /// Refers to audio the model said earlier.
    AudioId => "messages.parts.audio.audio_id",
    FileData => "messages.parts.file.source.data",
    FileUrl => "messages.parts.file.source.url",
    FileId => "messages.parts.file.source.file_id",
    ToolCalls => "messages.parts.tool_call",
    ToolResults => "messages.parts.tool_result",
    /// Anything but text in what a tool returned.
    ToolResultMedia => "messages.parts.tool_result.parts",
    ToolResultError => "messages.parts.tool_result.is_error",
    ReasoningHistory => "messages.parts.reasoning",
    RefusalHistory => "messages.parts.refusal",
    Temperature => "temperature",
    TopP => "top_p",
    TopK => "top_k",
    MaxOutputTokens => "max_output_tokens",
    Stop => "stop",
    Seed => "seed",
    FrequencyPenalty => "frequency_penalty",
    PresencePenalty => "presence_penalty",
    LogitBias => "logit_bias",
    Logprobs => "logprobs",
    TopLogprobs => "top_logprobs",
    /// More than one choice.
    ChoiceCount => "choice_count",
    FunctionTools => "tools.function",
    ToolStrict => "tools.function.strict",
    CustomTools => "tools.custom",
    /// The model must call a tool, this one or any.
    ToolChoiceRequired => "tool_choice.mode",
    ToolChoiceNone => "tool_choice.mode",
    /// Only some of the tools may be called.
    AllowedTools => "tool_choice.allowed_names",
    ParallelToolCalls => "parallel_tool_calls",
    JsonObject => "response_format.json_object",
    JsonSchema => "response_format.json_schema",
    #[serde(alias = "reasoning_effort")]
    Reasoning => "reasoning.effort",
    ReasoningBudget => "reasoning.budget_tokens",
    ReasoningInclude => "reasoning.include",
    Verbosity => "verbosity",
    /// Other output than text.
    Modalities => "modalities",
    Audio => "audio",
    PredictedOutput => "predicted_output",
    Metadata => "metadata",
    ServiceTier => "service_tier",
    WebSearch => "web_search",
    /// Domains, dates or freshness that a search is limited to.
    WebSearchFilters => "web_search",
    Store => "store",
    EndUserId => "end_user_id",
    PromptCacheKey => "prompt_cache_key",
    PromptCacheRetention => "prompt_cache_retention",
    ProviderOptions => "provider_options",
}

const _: () = assert!(Field::ALL.len() <= u64::BITS as usize, "a set of fields is one word");

/// A set of fields. One pass over a request fills it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fields(u64);

impl Fields {
    pub fn contains(self, field: Field) -> bool {
        self.0 & Self::bit(field) != 0
    }

    pub fn iter(self) -> impl Iterator<Item = Field> {
        Field::ALL.iter().copied().filter(move |field| self.contains(*field))
    }

    fn add(&mut self, field: Field, asked: bool) {
        if asked {
            self.0 |= Self::bit(field);
        }
    }

    fn bit(field: Field) -> u64 {
        1 << field as u64
    }

    /// Returns what the request asks for. What only repeats every provider's default is not asked for.
    pub fn of(request: &ChatRequest) -> Self {
        let mut fields = Self::default();
        request.messages.iter().for_each(|message| fields.add_message(message));
        fields.add_sampling(request);
        fields.add_tools(request);
        fields.add_answer(request);
        fields.add_account(request);
        fields
    }

    fn add_message(&mut self, message: &Message) {
        self.add(Field::SystemMessages, message.role == Role::System);
        self.add(Field::DeveloperMessages, message.role == Role::Developer);
        self.add(Field::MessageName, !message.name.is_empty());
        // Thinking beside provider state is carried by it.
        let stated = message.parts.iter().any(|part| matches!(part, Part::ProviderState(_)));
        let own = message.parts.iter().filter(|part| !stated || !matches!(part, Part::Reasoning(_)));
        own.for_each(|part| self.add_part(part));
    }

    fn add_part(&mut self, part: &Part) {
        match part {
            Part::Text(_) | Part::ProviderState(_) => {}
            Part::Image(Image { source, detail }) => {
                self.add_source(source, [Field::ImageData, Field::ImageUrl, Field::ImageFileId]);
                self.add(Field::ImageDetail, detail.is_some());
            }
            Part::Audio(Audio { source, audio_id }) => {
                self.add(Field::AudioInput, source.is_some());
                self.add(Field::AudioId, source.is_none() && !audio_id.is_empty());
            }
            Part::File(File { source, .. }) => {
                self.add_source(source, [Field::FileData, Field::FileUrl, Field::FileId]);
            }
            Part::ToolCall(call) => {
                self.add(Field::ToolCalls, true);
                self.add(Field::CustomTools, call.kind == ToolKind::Custom);
            }
            Part::ToolResult(result) => {
                self.add(Field::ToolResults, true);
                self.add(Field::ToolResultMedia, result.parts.iter().any(|part| !matches!(part, Part::Text(_))));
                self.add(Field::ToolResultError, result.is_error);
            }
            Part::Reasoning(_) => self.add(Field::ReasoningHistory, true),
            Part::Refusal(_) => self.add(Field::RefusalHistory, true),
        }
    }

    fn add_source(&mut self, source: &MediaSource, [data, url, file_id]: [Field; 3]) {
        let field = match source {
            MediaSource::Data { .. } => data,
            MediaSource::Url { .. } => url,
            MediaSource::FileId(_) => file_id,
        };
        self.add(field, true);
    }

    fn add_sampling(&mut self, request: &ChatRequest) {
        let sampling = &request.sampling;
        self.add(Field::Temperature, sampling.temperature.is_some());
        self.add(Field::TopP, sampling.top_p.is_some());
        self.add(Field::TopK, sampling.top_k.is_some());
        self.add(Field::MaxOutputTokens, sampling.max_output_tokens.is_some());
        self.add(Field::Stop, !sampling.stop.is_empty());
        self.add(Field::Seed, sampling.seed.is_some());
        self.add(Field::FrequencyPenalty, sampling.frequency_penalty.is_some());
        self.add(Field::PresencePenalty, sampling.presence_penalty.is_some());
        self.add(Field::LogitBias, !sampling.logit_bias.is_empty());
        self.add(Field::Logprobs, sampling.logprobs == Some(true));
        self.add(Field::TopLogprobs, sampling.top_logprobs.is_some_and(|count| count > 0));
        self.add(Field::ChoiceCount, sampling.choice_count.is_some_and(|count| count > 1));
    }

    fn add_tools(&mut self, request: &ChatRequest) {
        for tool in &request.tools {
            self.add(Field::FunctionTools, matches!(tool, Tool::Function { .. }));
            self.add(Field::ToolStrict, matches!(tool, Tool::Function { strict: Some(true), .. }));
            self.add(Field::CustomTools, matches!(tool, Tool::Custom { .. }));
        }
        if let Some(choice) = &request.tool_choice {
            use crate::domain::chat::ToolChoiceMode::{None, Required};
            self.add(Field::ToolChoiceRequired, choice.mode == Required);
            self.add(Field::ToolChoiceNone, choice.mode == None && !request.tools.is_empty());
            let named = choice.mode == Required && choice.allowed_names.len() == 1;
            self.add(Field::AllowedTools, !choice.allowed_names.is_empty() && !named);
        }
        // Without tools there is nothing to call at once.
        self.add(Field::ParallelToolCalls, request.parallel_tool_calls.is_some() && !request.tools.is_empty());
    }

    fn add_answer(&mut self, request: &ChatRequest) {
        self.add(Field::JsonObject, matches!(request.response_format, Some(ResponseFormat::JsonObject)));
        self.add(Field::JsonSchema, matches!(request.response_format, Some(ResponseFormat::JsonSchema { .. })));
        if let Some(reasoning) = &request.reasoning {
            self.add(Field::Reasoning, matches!(reasoning.amount, Some(ReasoningAmount::Effort(_))));
            self.add(Field::ReasoningBudget, matches!(reasoning.amount, Some(ReasoningAmount::BudgetTokens(_))));
            self.add(Field::ReasoningInclude, reasoning.include.is_some());
        }
        self.add(Field::Verbosity, request.verbosity.is_some());
        self.add(Field::Modalities, request.modalities.iter().any(|wanted| *wanted != Modality::Text));
        self.add(Field::Audio, request.audio.is_some());
        self.add(Field::PredictedOutput, request.predicted_output.is_some());
        if let Some(search) = &request.web_search {
            self.add(Field::WebSearch, true);
            let domains = !search.allowed_domains.is_empty() || !search.excluded_domains.is_empty();
            let dates = search.start_time.is_some() || search.end_time.is_some() || search.max_age_seconds.is_some();
            self.add(Field::WebSearchFilters, domains || dates);
        }
    }

    fn add_account(&mut self, request: &ChatRequest) {
        self.add(Field::Metadata, !request.metadata.is_empty());
        self.add(Field::ServiceTier, request.service_tier.as_deref().is_some_and(|tier| !["", "auto"].contains(&tier)));
        self.add(Field::Store, request.store == Some(true));
        self.add(Field::EndUserId, request.end_user_id.is_some());
        self.add(Field::PromptCacheKey, request.prompt_cache_key.is_some());
        self.add(Field::PromptCacheRetention, request.prompt_cache_retention.is_some());
        self.add(Field::ProviderOptions, !request.provider_options.is_empty());
    }
}

impl Field {
    /// Returns the name operators and documents use, `image_url`.
    pub fn name(self) -> String {
        let mut name = String::new();
        for letter in self.variant().chars() {
            if letter.is_ascii_uppercase() && !name.is_empty() {
                name.push('_');
            }
            name.push(letter.to_ascii_lowercase());
        }
        name
    }

    /// Returns where it stands in the request, `prompt.messages[2].parts[0].image.source.url`: the first place.
    pub fn place(self, request: &ChatRequest) -> String {
        if let Some(rest) = self.path().strip_prefix("messages.") {
            let has = |message: &Message| {
                let mut fields = Fields::default();
                fields.add_message(message);
                fields.contains(self)
            };
            let at = request.messages.iter().position(has).unwrap_or_default();
            let Some(rest) = rest.strip_prefix("parts.") else { return Place::message(at).field(rest) };
            let has = |part: &Part| {
                let mut fields = Fields::default();
                fields.add_part(part);
                fields.contains(self)
            };
            let parts = request.messages.get(at).map(|message| &message.parts[..]).unwrap_or_default();
            return Place::message(at).part(parts.iter().position(has).unwrap_or_default()).field(rest);
        }
        format!("prompt.{}", self.path())
    }
}

/// Tells what becomes of the request as a whole: warns of what is dropped, stops at what is refused. Encoders begin
/// with it, then write what is `Mapped` or `Rewritten`.
pub fn review(
    request: &ChatRequest,
    handling: impl Fn(Field) -> Handling,
    warnings: &mut Warnings,
) -> Result<(), EncodeError> {
    for field in Fields::of(request).iter() {
        match handling(field) {
            Handling::Mapped | Handling::Rewritten(_) => {}
            Handling::Dropped(why) => warnings.dropped(field.place(request), why),
            Handling::Refused(why) => return Err(EncodeError::new(field.place(request), why)),
        }
    }
    Ok(())
}

#[cfg(test)]
pub(in crate::providers) mod tests;
