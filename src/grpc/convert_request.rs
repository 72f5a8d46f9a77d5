//! The contract's `ChatPrompt` to a `ChatRequest`. What a caller can get wrong is refused here, once, by field path.

use std::collections::HashMap;

use crate::{
    domain::{
        chat::{
            Audio, AudioOutput, ChatRequest, Effort, File, Grammar, Image, ImageDetail, MediaSource, Message, Modality,
            Part, ProviderState, Reasoning, ReasoningAmount, ResponseFormat, Role, Sampling, Tool, ToolCall,
            ToolChoice, ToolChoiceMode, ToolKind, ToolResult, UserLocation, Verbosity, WebSearch,
        },
        consumption::Operation,
        error::{Error, Result},
    },
    pb,
};

/// Writes the path of the field at hand, when somebody needs it.
type Field<'a> = &'a dyn Fn() -> String;

/// Most messages in one conversation, and most parts in one message.
const MAX_MESSAGES: usize = 10_000;
const MAX_PARTS: usize = 1_000;
/// Most labels of a request, and most characters in each: what the contract says, and OpenAI takes.
const MAX_LABELS: usize = 16;
const LONGEST_LABEL: (usize, usize) = (64, 512);

/// Converts and validates a prompt.
pub fn request_of(prompt: Option<pb::ChatPrompt>) -> Result<ChatRequest> {
    let Some(mut prompt) = prompt else { return Err(Error::invalid("prompt", "prompt is required")) };
    if prompt.messages.is_empty() {
        return Err(Error::invalid("prompt.messages", "prompt.messages needs at least one message")
            .with("code", "missing_required_parameter"));
    }
    at_most("prompt.messages", prompt.messages.len(), MAX_MESSAGES)?;
    let messages = std::mem::take(&mut prompt.messages);
    let messages = messages.into_iter().enumerate().map(|(at, m)| message(m, at)).collect::<Result<Vec<_>>>()?;
    let sampling = sampling(&mut prompt)?;
    let tools = prompt.tools.into_iter().enumerate().map(|(at, t)| tool(t, at)).collect::<Result<Vec<_>>>()?;
    let modalities = prompt.modalities.iter().map(|m| modality(*m)).collect::<Result<Vec<_>>>()?;
    check_json_object("prompt.provider_options", &prompt.provider_options)?;
    check_labels("prompt.metadata", &prompt.metadata)?;
    Ok(ChatRequest {
        messages,
        sampling,
        tools,
        modalities,
        tool_choice: prompt.tool_choice.map(tool_choice),
        parallel_tool_calls: prompt.parallel_tool_calls,
        response_format: prompt.response_format.and_then(|f| f.format).map(response_format).transpose()?,
        reasoning: prompt.reasoning.map(reasoning),
        verbosity: match pb::Verbosity::try_from(prompt.verbosity).unwrap_or_default() {
            pb::Verbosity::Unspecified => None,
            pb::Verbosity::Low => Some(Verbosity::Low),
            pb::Verbosity::Medium => Some(Verbosity::Medium),
            pb::Verbosity::High => Some(Verbosity::High),
        },
        audio: prompt.audio.map(|a| AudioOutput { voice: a.voice, format: a.format }),
        predicted_output: prompt.predicted_output,
        metadata: prompt.metadata.into_iter().collect(),
        service_tier: prompt.service_tier,
        web_search: prompt.web_search.map(web_search),
        store: prompt.store,
        end_user_id: prompt.end_user_id,
        prompt_cache_key: prompt.prompt_cache_key,
        prompt_cache_retention: prompt.prompt_cache_retention,
        provider_options: prompt.provider_options,
        strict: prompt.strict,
        stateless: false,
        operation: Operation::Chat,
        model: prompt.model,
    })
}

fn sampling(prompt: &mut pb::ChatPrompt) -> Result<Sampling> {
    within("prompt.temperature", prompt.temperature, 0.0, 2.0)?;
    within("prompt.top_p", prompt.top_p, 0.0, 1.0)?;
    within("prompt.frequency_penalty", prompt.frequency_penalty, -2.0, 2.0)?;
    within("prompt.presence_penalty", prompt.presence_penalty, -2.0, 2.0)?;
    within("prompt.max_output_tokens", prompt.max_output_tokens.map(f64::from), 1.0, f64::from(u32::MAX))?;
    within("prompt.top_k", prompt.top_k.map(f64::from), 1.0, f64::from(u32::MAX))?;
    within("prompt.top_logprobs", prompt.top_logprobs.map(f64::from), 0.0, 20.0)?;
    within("prompt.choice_count", prompt.choice_count.map(f64::from), 1.0, 128.0)?;
    for (token, bias) in &prompt.logit_bias {
        within(&format!("prompt.logit_bias[{token}]"), Some(f64::from(*bias)), -100.0, 100.0)?;
    }
    if prompt.top_logprobs.is_some_and(|n| n > 0) && prompt.logprobs != Some(true) {
        return Err(Error::invalid("prompt.top_logprobs", "prompt.top_logprobs needs logprobs to be true"));
    }
    Ok(Sampling {
        temperature: prompt.temperature,
        top_p: prompt.top_p,
        top_k: prompt.top_k,
        max_output_tokens: prompt.max_output_tokens,
        stop: std::mem::take(&mut prompt.stop),
        seed: prompt.seed,
        frequency_penalty: prompt.frequency_penalty,
        presence_penalty: prompt.presence_penalty,
        logit_bias: std::mem::take(&mut prompt.logit_bias).into_iter().collect(),
        logprobs: prompt.logprobs,
        top_logprobs: prompt.top_logprobs,
        choice_count: prompt.choice_count,
    })
}

pub fn within(field: &str, value: Option<f64>, low: f64, high: f64) -> Result<()> {
    match value {
        Some(v) if !(low..=high).contains(&v) => {
            Err(Error::invalid(field, format!("{field} must be from {low} to {high}, not {v}"))
                .with("code", "invalid_value"))
        }
        _ => Ok(()),
    }
}

fn at_most(field: &str, count: usize, most: usize) -> Result<()> {
    if count > most {
        return Err(Error::invalid(field, format!("{field} has {count} entries; the most is {most}")));
    }
    Ok(())
}

pub fn check_labels(field: &str, labels: &HashMap<String, String>) -> Result<()> {
    at_most(field, labels.len(), MAX_LABELS)?;
    let (key, value) = LONGEST_LABEL;
    if labels.iter().any(|(k, v)| k.chars().count() > key || v.chars().count() > value) {
        let message = format!("{field} has a key above {key} or a value above {value} characters");
        return Err(Error::invalid(field, message).with("code", "invalid_value"));
    }
    Ok(())
}

pub fn check_json_object(field: &str, text: &str) -> Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    let object = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text);
    object.map(drop).map_err(|e| Error::invalid(field, format!("{field} must be a JSON object: {e}")))
}

fn message(message: pb::Message, at: usize) -> Result<Message> {
    let field = || format!("prompt.messages[{at}]");
    let role = match pb::Role::try_from(message.role).unwrap_or_default() {
        pb::Role::Unspecified => {
            let field = format!("{}.role", field());
            return Err(Error::invalid(&field, format!("{field} is missing or unknown")));
        }
        pb::Role::System => Role::System,
        pb::Role::Developer => Role::Developer,
        pb::Role::User => Role::User,
        pb::Role::Assistant => Role::Assistant,
        pb::Role::Tool => Role::Tool,
    };
    if message.parts.is_empty() && role != Role::Assistant {
        let field = format!("{}.parts", field());
        return Err(Error::invalid(&field, format!("{field} needs at least one part")));
    }
    at_most(&field(), message.parts.len(), MAX_PARTS)?;
    let parts = message.parts.into_iter().enumerate();
    let parts = parts.map(|(n, p)| part(p, role, &|| format!("{}.parts[{n}]", field()))).collect::<Result<_>>()?;
    Ok(Message { role, parts, name: message.name })
}

fn part(part: pb::Part, role: Role, field: Field<'_>) -> Result<Part> {
    use pb::part::Content;
    let only = |wanted: Role, what: &str, who: &str| {
        if role == wanted {
            return Ok(());
        }
        Err(Error::invalid(field(), format!("{}: {what} belong only into {who} messages", field())))
    };
    Ok(match part.content {
        None => return Err(Error::invalid(field(), format!("{} is empty", field()))),
        Some(Content::Text(text)) => Part::Text(text.text),
        Some(Content::Image(image)) => {
            Part::Image(Image { source: source(image.source, field)?, detail: detail(image.detail) })
        }
        Some(Content::Audio(audio)) => Part::Audio(Audio {
            source: match audio.source {
                None if !audio.audio_id.is_empty() => None,
                given => Some(source(given, field)?),
            },
            audio_id: audio.audio_id,
        }),
        Some(Content::File(file)) => Part::File(File { source: source(file.source, field)?, filename: file.filename }),
        Some(Content::ToolCall(call)) => {
            only(Role::Assistant, "tool calls", "assistant")?;
            Part::ToolCall(ToolCall { id: call.id, name: call.name, arguments: call.arguments, kind: kind(call.kind) })
        }
        Some(Content::ToolResult(result)) => {
            only(Role::Tool, "tool results", "tool")?;
            tool_result(result, field)?
        }
        Some(Content::Reasoning(reasoning)) => {
            only(Role::Assistant, "reasoning parts", "assistant")?;
            Part::Reasoning(reasoning.text)
        }
        Some(Content::Refusal(refusal)) => {
            only(Role::Assistant, "refusals", "assistant")?;
            Part::Refusal(refusal.text)
        }
        Some(Content::ProviderState(state)) => {
            only(Role::Assistant, "provider states", "assistant")?;
            let pb::ProviderState { provider, key_scope, kind, data, tool_call_id } = state;
            Part::ProviderState(ProviderState { provider, key_scope, kind, data, tool_call_id })
        }
    })
}

pub fn detail(detail: i32) -> Option<ImageDetail> {
    match pb::ImageDetail::try_from(detail).unwrap_or_default() {
        pb::ImageDetail::Unspecified => None,
        pb::ImageDetail::Auto => Some(ImageDetail::Auto),
        pb::ImageDetail::Low => Some(ImageDetail::Low),
        pb::ImageDetail::High => Some(ImageDetail::High),
        pb::ImageDetail::Original => Some(ImageDetail::Original),
    }
}

fn tool_result(result: pb::ToolResult, field: Field<'_>) -> Result<Part> {
    if result.tool_call_id.is_empty() {
        let field = format!("{}.tool_result.tool_call_id", field());
        return Err(Error::invalid(&field, format!("{field} is required")));
    }
    let mut parts = Vec::with_capacity(result.parts.len());
    for (n, inner) in result.parts.into_iter().enumerate() {
        let path = || format!("{}.tool_result.parts[{n}]", field());
        // Results do not nest; refusing the role's own kind keeps the recursion flat.
        if matches!(inner.content, Some(pb::part::Content::ToolResult(_))) {
            return Err(Error::invalid(path(), format!("{}: a tool result cannot contain another", path())));
        }
        parts.push(part(inner, Role::Tool, &path)?);
    }
    Ok(Part::ToolResult(ToolResult {
        tool_call_id: result.tool_call_id,
        name: result.name,
        parts,
        is_error: result.is_error,
    }))
}

fn source(source: Option<pb::MediaSource>, field: Field<'_>) -> Result<MediaSource> {
    use pb::media_source::Source;
    let missing = || Error::invalid(format!("{}.source", field()), format!("{}.source is required", field()));
    let source = source.ok_or_else(missing)?;
    match source.source.ok_or_else(missing)? {
        Source::Data(data) if data.is_empty() => Err(missing()),
        Source::Data(_) if source.mime_type.is_empty() => {
            let field = format!("{}.source.mime_type", field());
            Err(Error::invalid(&field, format!("{field} is required with data, for example image/png")))
        }
        Source::Data(data) => Ok(MediaSource::Data { mime_type: source.mime_type, data }),
        Source::Url(url) if !is_address(&url) && !url.starts_with("data:") => {
            let field = format!("{}.source.url", field());
            Err(Error::invalid(&field, format!("{field} must be an http or https address, or a data URL")))
        }
        Source::Url(url) => Ok(MediaSource::Url { url, mime_type: source.mime_type }),
        Source::FileId(id) => Ok(MediaSource::FileId(id)),
    }
}

/// Whether a provider could fetch from it. Files of its own machine are none of a caller's business.
pub fn is_address(url: &str) -> bool {
    let begins = |scheme: &str| url.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme));
    begins("https://") || begins("http://")
}

fn kind(kind: i32) -> ToolKind {
    match pb::ToolKind::try_from(kind).unwrap_or_default() {
        pb::ToolKind::Unspecified | pb::ToolKind::Function => ToolKind::Function,
        pb::ToolKind::Custom => ToolKind::Custom,
    }
}

fn tool(tool: pb::Tool, at: usize) -> Result<Tool> {
    let field = format!("prompt.tools[{at}]");
    let tool = match tool.tool {
        None => return Err(Error::invalid(&field, format!("{field} is empty"))),
        Some(pb::tool::Tool::Function(f)) => {
            let schema = format!("{field}.function.parameters_schema");
            check_json_object(&schema, &f.parameters_schema)?;
            let (name, description) = (f.name, f.description);
            Tool::Function { name, description, parameters_schema: f.parameters_schema, strict: f.strict }
        }
        Some(pb::tool::Tool::Custom(c)) => {
            let grammar = c.grammar.map(|g| Grammar { syntax: g.syntax, definition: g.definition });
            Tool::Custom { name: c.name, description: c.description, grammar }
        }
    };
    let (Tool::Function { name, .. } | Tool::Custom { name, .. }) = &tool;
    if name.is_empty() {
        return Err(Error::invalid(format!("{field}.name"), format!("{field} needs a name")));
    }
    Ok(tool)
}

fn tool_choice(choice: pb::ToolChoice) -> ToolChoice {
    let mode = match pb::ToolChoiceMode::try_from(choice.mode).unwrap_or_default() {
        pb::ToolChoiceMode::Unspecified | pb::ToolChoiceMode::Auto => ToolChoiceMode::Auto,
        pb::ToolChoiceMode::None => ToolChoiceMode::None,
        pb::ToolChoiceMode::Required => ToolChoiceMode::Required,
    };
    ToolChoice { mode, allowed_names: choice.allowed_names, kind: kind(choice.kind) }
}

fn response_format(format: pb::response_format::Format) -> Result<ResponseFormat> {
    use pb::response_format::Format;
    Ok(match format {
        Format::Text(_) => ResponseFormat::Text,
        Format::JsonObject(_) => ResponseFormat::JsonObject,
        Format::JsonSchema(s) => {
            check_json_object("prompt.response_format.json_schema.schema", &s.schema)?;
            let (name, description) = (s.name, s.description);
            ResponseFormat::JsonSchema { name, description, schema: s.schema, strict: s.strict }
        }
    })
}

fn reasoning(options: pb::ReasoningOptions) -> Reasoning {
    use pb::reasoning_options::Amount;
    let amount = options.amount.and_then(|amount| match amount {
        Amount::BudgetTokens(tokens) => Some(ReasoningAmount::BudgetTokens(tokens)),
        Amount::Effort(effort) => {
            let effort = match pb::ReasoningEffort::try_from(effort).unwrap_or_default() {
                pb::ReasoningEffort::Unspecified => return None,
                pb::ReasoningEffort::None => Effort::None,
                pb::ReasoningEffort::Minimal => Effort::Minimal,
                pb::ReasoningEffort::Low => Effort::Low,
                pb::ReasoningEffort::Medium => Effort::Medium,
                pb::ReasoningEffort::High => Effort::High,
                pb::ReasoningEffort::Xhigh => Effort::Xhigh,
                pb::ReasoningEffort::Max => Effort::Max,
            };
            Some(ReasoningAmount::Effort(effort))
        }
    });
    Reasoning { amount, include: options.include }
}

fn modality(modality: i32) -> Result<Modality> {
    match pb::Modality::try_from(modality).unwrap_or_default() {
        pb::Modality::Unspecified => Err(Error::invalid("prompt.modalities", "prompt.modalities has an unknown value")),
        pb::Modality::Text => Ok(Modality::Text),
        pb::Modality::Audio => Ok(Modality::Audio),
        pb::Modality::Image => Ok(Modality::Image),
    }
}

fn web_search(options: pb::WebSearchOptions) -> WebSearch {
    WebSearch {
        context_size: options.context_size,
        user_location: options.user_location.map(|l| UserLocation {
            country: l.country,
            region: l.region,
            city: l.city,
            timezone: l.timezone,
        }),
        allowed_domains: options.allowed_domains,
        excluded_domains: options.excluded_domains,
        start_time: options.start_time.map(|t| t.seconds),
        end_time: options.end_time.map(|t| t.seconds),
        max_age_seconds: options.max_age.and_then(|d| u64::try_from(d.seconds).ok()),
    }
}

#[cfg(test)]
mod tests;
