//! Holds an adapter to its column of the table: what it says of a field must be what it does.

use std::collections::BTreeMap;

use super::{Field, Fields, Handling};
use crate::{
    domain::{
        chat::{
            Audio, AudioOutput, ChatRequest, Effort, File, Image, ImageDetail, MediaSource, Message, Modality, Part,
            Reasoning, ReasoningAmount, ResponseFormat, Role, Tool, ToolCall, ToolChoice, ToolChoiceMode, ToolKind,
            ToolResult, Verbosity, WebSearch,
        },
        usage::WarningAction,
    },
    providers::adapter::{Adapter, Encoded, Mode},
};

/// A PNG of one pixel.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0\x1f\x15\xc4\x89";
const SCHEMA: &str = r#"{"type":"object","properties":{"city":{"type":"string"}},"required":["city"]}"#;

/// Encodes, for every field, a request with it and one without, and compares with what the adapter says.
pub fn check_column(adapter: &dyn Adapter, model: &str) {
    check_column_except(adapter, model, &[]);
}

/// The same without the fields that a model does in any case, so that asking for them changes nothing.
pub fn check_column_except(adapter: &dyn Adapter, model: &str, except: &[Field]) {
    let mut wrong = Vec::new();
    for field in Field::ALL.iter().copied().filter(|field| !except.contains(field)) {
        let (without, with) = samples(field);
        assert!(Fields::of(&with).contains(field) && !Fields::of(&without).contains(field), "{field:?} has no sample");
        let refused = |field: Field| matches!(adapter.support(model, field), Handling::Refused(_));
        let base = match adapter.encode(&without, model, Mode::Unary) {
            Ok(base) => base,
            // The field comes only with another one, which is refused already.
            Err(_) if Fields::of(&without).iter().any(refused) => continue,
            Err(error) => panic!("a request without {field:?} is taken: {} {error}", error.field),
        };
        let handling = adapter.support(model, field);
        if let Err(why) = check(field, handling, &base, adapter.encode(&with, model, Mode::Unary)) {
            wrong.push(format!("{field:?} is {handling:?}, but {why}"));
        }
    }
    assert!(wrong.is_empty(), "{model}:\n{}", wrong.join("\n"));
}

fn check(
    field: Field,
    handling: Handling,
    base: &Encoded,
    encoded: Result<Encoded, crate::providers::adapter::EncodeError>,
) -> Result<(), String> {
    let encoded = match (handling, encoded) {
        (Handling::Refused(_), Err(_)) => return Ok(()),
        (Handling::Refused(_), Ok(_)) => return Err("the request was taken".into()),
        (_, Err(error)) => return Err(format!("the request was refused: {} {error}", error.field)),
        (_, Ok(encoded)) => encoded,
    };
    let changed = encoded.body != base.body
        || encoded.headers != base.headers
        || encoded.path != base.path
        || encoded.copies != base.copies
        || encoded.uploads != base.uploads;
    let about_it: Vec<_> = encoded.warnings.iter().filter(|warning| !base.warnings.contains(warning)).collect();
    match handling {
        Handling::Mapped if !about_it.is_empty() => Err(format!("there is a warning: {about_it:?}")),
        Handling::Mapped | Handling::Rewritten(_) if !changed => Err("nothing of it is sent".into()),
        Handling::Dropped(_) if !about_it.iter().any(|warning| warning.action == WarningAction::Dropped) => {
            Err("nobody is told".into())
        }
        // Without the text that it was, a part leaves its message behind.
        Handling::Dropped(_) if changed && !field.path().starts_with("messages") => Err("something was sent".into()),
        _ => Ok(()),
    }
}

/// Returns a request without the field and one with it that differ in nothing else.
fn samples(field: Field) -> (ChatRequest, ChatRequest) {
    let mut base = ChatRequest { messages: vec![message(Role::User, vec![text("hello")])], ..ChatRequest::default() };
    match field {
        Field::ToolStrict | Field::ToolChoiceRequired | Field::ToolChoiceNone | Field::ParallelToolCalls => {
            base.tools = vec![function("weather")];
        }
        Field::AllowedTools => base.tools = vec![function("weather"), function("time"), function("news")],
        Field::ToolResultMedia | Field::ToolResultError => base.messages.extend(tool_turn()),
        Field::ReasoningHistory | Field::RefusalHistory | Field::AudioId => {
            base.messages.push(message(Role::Assistant, vec![text("hi")]));
            base.messages.push(message(Role::User, vec![text("and?")]));
        }
        Field::TopLogprobs => base.sampling.logprobs = Some(true),
        Field::WebSearchFilters => base.web_search = Some(WebSearch::default()),
        Field::ImageDetail => {
            let image = Image { source: data("image/png", PNG), detail: None };
            base.messages[0].parts.push(Part::Image(image));
        }
        _ => {}
    }
    let mut with = base.clone();
    add_to_messages(field, &mut with);
    add_option(field, &mut with);
    (base, with)
}

fn add_to_messages(field: Field, with: &mut ChatRequest) {
    let first = &mut with.messages[0];
    let image = |source| Part::Image(Image { source, detail: None });
    let file = |source| Part::File(File { source, filename: "paper.pdf".into() });
    let url = |url: &str, mime_type: &str| MediaSource::Url { url: url.into(), mime_type: mime_type.into() };
    match field {
        Field::SystemMessages => with.messages.insert(0, message(Role::System, vec![text("be short")])),
        Field::DeveloperMessages => with.messages.insert(0, message(Role::Developer, vec![text("be short")])),
        Field::MessageName => first.name = "ann".into(),
        Field::ImageData => first.parts.push(image(data("image/png", PNG))),
        Field::ImageUrl => first.parts.push(image(url("https://example.com/cat.png", "image/png"))),
        Field::ImageFileId => first.parts.push(image(MediaSource::FileId("file-1".into()))),
        Field::ImageDetail => {
            if let Some(Part::Image(image)) = first.parts.last_mut() {
                image.detail = Some(ImageDetail::High);
            }
        }
        Field::AudioInput => {
            let audio = Audio { source: Some(data("audio/wav", b"RIFF")), audio_id: String::new() };
            first.parts.push(Part::Audio(audio));
        }
        Field::AudioId => {
            with.messages[1].parts.push(Part::Audio(Audio { source: None, audio_id: "audio_1".into() }));
        }
        Field::FileData => first.parts.push(file(data("application/pdf", b"%PDF-1.4"))),
        Field::FileUrl => first.parts.push(file(url("https://example.com/paper.pdf", "application/pdf"))),
        Field::FileId => first.parts.push(file(MediaSource::FileId("file-1".into()))),
        Field::ToolCalls | Field::ToolResults => with.messages.extend(tool_turn()),
        Field::ToolResultMedia => {
            if let Some(Part::ToolResult(result)) = with.messages.last_mut().and_then(|m| m.parts.last_mut()) {
                result.parts.push(image(data("image/png", PNG)));
            }
        }
        Field::ToolResultError => {
            if let Some(Part::ToolResult(result)) = with.messages.last_mut().and_then(|m| m.parts.last_mut()) {
                result.is_error = true;
            }
        }
        Field::ReasoningHistory => with.messages[1].parts.insert(0, Part::Reasoning("hm".into())),
        Field::RefusalHistory => with.messages[1].parts = vec![Part::Refusal("no".into())],
        _ => {}
    }
}

fn add_option(field: Field, with: &mut ChatRequest) {
    let (sampling, reasoning) = (&mut with.sampling, Reasoning::default());
    let choice = |mode, names: &[&str]| {
        let allowed_names = names.iter().map(|name| (*name).to_owned()).collect();
        Some(ToolChoice { mode, allowed_names, kind: ToolKind::Function })
    };
    match field {
        Field::Temperature => sampling.temperature = Some(0.5),
        Field::TopP => sampling.top_p = Some(0.5),
        Field::TopK => sampling.top_k = Some(5),
        Field::MaxOutputTokens => sampling.max_output_tokens = Some(2000),
        Field::Stop => sampling.stop = vec!["END".into()],
        Field::Seed => sampling.seed = Some(7),
        Field::FrequencyPenalty => sampling.frequency_penalty = Some(0.5),
        Field::PresencePenalty => sampling.presence_penalty = Some(0.5),
        Field::LogitBias => sampling.logit_bias = BTreeMap::from([("42".into(), 5)]),
        Field::Logprobs => sampling.logprobs = Some(true),
        Field::TopLogprobs => sampling.top_logprobs = Some(2),
        Field::ChoiceCount => sampling.choice_count = Some(2),
        Field::FunctionTools => with.tools = vec![function("weather")],
        Field::ToolStrict => with.tools = vec![strict("weather")],
        Field::CustomTools => {
            with.tools = vec![Tool::Custom { name: "sql".into(), description: String::new(), grammar: None }];
        }
        Field::ToolChoiceRequired => with.tool_choice = choice(ToolChoiceMode::Required, &[]),
        Field::ToolChoiceNone => with.tool_choice = choice(ToolChoiceMode::None, &[]),
        Field::AllowedTools => with.tool_choice = choice(ToolChoiceMode::Auto, &["weather", "time"]),
        Field::ParallelToolCalls => with.parallel_tool_calls = Some(false),
        Field::JsonObject => with.response_format = Some(ResponseFormat::JsonObject),
        Field::JsonSchema => {
            let (name, schema) = ("answer".into(), SCHEMA.into());
            let format = ResponseFormat::JsonSchema { name, description: String::new(), schema, strict: None };
            with.response_format = Some(format);
        }
        Field::Reasoning => {
            with.reasoning = Some(Reasoning { amount: Some(ReasoningAmount::Effort(Effort::Low)), ..reasoning });
        }
        Field::ReasoningBudget => {
            with.reasoning = Some(Reasoning { amount: Some(ReasoningAmount::BudgetTokens(2048)), ..reasoning });
        }
        Field::ReasoningInclude => with.reasoning = Some(Reasoning { include: Some(true), ..reasoning }),
        Field::Verbosity => with.verbosity = Some(Verbosity::Low),
        Field::Modalities => with.modalities = vec![Modality::Text, Modality::Audio],
        Field::Audio => with.audio = Some(AudioOutput { voice: "alloy".into(), format: "wav".into() }),
        Field::PredictedOutput => with.predicted_output = Some("hello".into()),
        Field::Metadata => with.metadata = BTreeMap::from([("team".into(), "a".into())]),
        Field::ServiceTier => with.service_tier = Some("flex".into()),
        Field::WebSearch => with.web_search = Some(WebSearch::default()),
        Field::WebSearchFilters => {
            if let Some(search) = &mut with.web_search {
                search.allowed_domains = vec!["example.com".into()];
            }
        }
        Field::Store => with.store = Some(true),
        Field::EndUserId => with.end_user_id = Some("u1".into()),
        Field::PromptCacheKey => with.prompt_cache_key = Some("k1".into()),
        Field::PromptCacheRetention => with.prompt_cache_retention = Some("24h".into()),
        Field::ProviderOptions => {
            with.provider_options = r#"{"extra":1,"flags":["a"],"max_steps":2,"labels":{"a":"b"}}"#.into()
        }
        _ => {}
    }
}

fn message(role: Role, parts: Vec<Part>) -> Message {
    Message { role, parts, name: String::new() }
}

fn text(text: &str) -> Part {
    Part::Text(text.into())
}

fn data(mime_type: &str, data: &'static [u8]) -> MediaSource {
    MediaSource::Data { mime_type: mime_type.into(), data: data.into() }
}

fn function(name: &str) -> Tool {
    let (name, description, parameters_schema) = (name.into(), "tells".into(), SCHEMA.into());
    Tool::Function { name, description, parameters_schema, strict: None }
}

fn strict(name: &str) -> Tool {
    let (name, description, parameters_schema) = (name.into(), "tells".into(), SCHEMA.into());
    Tool::Function { name, description, parameters_schema, strict: Some(true) }
}

/// A call and its result.
fn tool_turn() -> [Message; 2] {
    let (id, name, arguments) = ("call_1".to_owned(), "weather".to_owned(), r#"{"city":"Hue"}"#.to_owned());
    let call = ToolCall { id: id.clone(), name: name.clone(), arguments, kind: ToolKind::Function };
    let result = ToolResult { tool_call_id: id, name, parts: vec![text("{\"sky\":\"clear\"}")], is_error: false };
    [message(Role::Assistant, vec![Part::ToolCall(call)]), message(Role::Tool, vec![Part::ToolResult(result)])]
}
