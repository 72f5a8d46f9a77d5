//! A request to `/v1/responses`: OpenAI's JSON in, the contract's prompt out.

use crate::{
    error::Failure,
    openai::{
        body::JsonSchemaBody,
        options::{count, json_schema},
        read::{is_strict, read},
        reasoning,
        words::{FORMATS, FormatKind, VERBOSITIES, one_of},
    },
    pb,
};

use super::{
    body::{ResponseBody, TextBody, TextFormat, ThinkBody},
    echo::Echo,
    items, tools,
};

/// What the caller asked for, and what the answer has to repeat.
#[derive(Debug)]
pub struct ResponseCall {
    pub prompt: pb::ChatPrompt,
    pub stream: bool,
    pub echo: Echo,
}

/// Reads a request body.
pub fn parse(json: &[u8]) -> Result<ResponseCall, Failure> {
    let (body, rest) = read::<ResponseBody<'_>>(json)?;
    refuse_memory(&body)?;
    let stream = body.stream.unwrap_or(false);
    Ok(ResponseCall { prompt: prompt(body, rest.to_object())?, stream, echo: Echo::read(json) })
}

/// Refuses what would need a stored response. Ignoring it would lose half of the conversation.
fn refuse_memory(body: &ResponseBody<'_>) -> Result<(), Failure> {
    let asked = [
        ("previous_response_id", body.previous_response_id.is_some()),
        ("conversation", body.conversation.is_some()),
        ("prompt", body.prompt.is_some()),
        ("background", body.background == Some(true)),
    ];
    match asked.iter().find(|(_, asked)| *asked) {
        Some((param, _)) => Err(Failure::unsupported(
            *param,
            format!("Unsupported parameter: '{param}'. Nothing is stored here: send the whole conversation as input."),
        )),
        None => Ok(()),
    }
}

fn prompt(body: ResponseBody<'_>, provider_options: String) -> Result<pb::ChatPrompt, Failure> {
    let model = body.model.ok_or_else(|| Failure::missing("model"))?;
    let input = body.input.ok_or_else(|| Failure::missing("input"))?;
    let tools = tools::tools(body.tools.unwrap_or_default())?;
    let (response_format, verbosity) = text(body.text)?;
    let wanted = |name: &str| body.include.iter().flatten().any(|member| **member == *name);
    let top_logprobs = count(body.top_logprobs, "top_logprobs")?;
    let logprobs = top_logprobs.is_some_and(|n| n > 0) || wanted("message.output_text.logprobs");
    Ok(pb::ChatPrompt {
        model,
        messages: items::convert(body.instructions, input)?,
        temperature: body.temperature,
        top_p: body.top_p,
        max_output_tokens: count(body.max_output_tokens, "max_output_tokens")?,
        logprobs: logprobs.then_some(true),
        top_logprobs,
        strict: is_strict(body.strict, body.gateway),
        tools: tools.tools,
        tool_choice: body.tool_choice.map(tools::choice).transpose()?,
        parallel_tool_calls: body.parallel_tool_calls,
        response_format,
        reasoning: body.reasoning.map(think).transpose()?.flatten(),
        verbosity: verbosity.into(),
        metadata: body.metadata.unwrap_or_default(),
        service_tier: body.service_tier,
        web_search: tools.web_search,
        // Stored responses cannot be had from here, so a wish for them goes no further; a wish against them does.
        store: body.store.filter(|store| !store),
        end_user_id: body.safety_identifier.or(body.user),
        prompt_cache_key: body.prompt_cache_key,
        prompt_cache_retention: body.prompt_cache_retention,
        provider_options,
        ..pb::ChatPrompt::default()
    })
}

fn text(text: Option<TextBody<'_>>) -> Result<(Option<pb::ResponseFormat>, pb::Verbosity), Failure> {
    let Some(text) = text else { return Ok((None, pb::Verbosity::Unspecified)) };
    let verbosity = match text.verbosity.as_deref() {
        Some(verbosity) => one_of(verbosity, VERBOSITIES, || "text.verbosity".into())?,
        None => pb::Verbosity::Unspecified,
    };
    Ok((text.format.map(format).transpose()?, verbosity))
}

fn format(format: TextFormat<'_>) -> Result<pb::ResponseFormat, Failure> {
    use pb::response_format::Format;
    let kind = format.r#type.as_deref().ok_or_else(|| Failure::missing("text.format.type"))?;
    let format = match one_of(kind, FORMATS, || "text.format.type".into())? {
        FormatKind::Text => Format::Text(pb::TextFormat {}),
        FormatKind::Json => Format::JsonObject(pb::JsonObjectFormat {}),
        FormatKind::Schema => {
            let TextFormat { name, description, schema, strict, .. } = format;
            json_schema(JsonSchemaBody { name, description, schema, strict }, "text.format")?
        }
    };
    Ok(pb::ResponseFormat { format: Some(format) })
}

fn think(body: ThinkBody<'_>) -> Result<Option<pb::ReasoningOptions>, Failure> {
    let amount = body.effort.map(|effort| reasoning::level(&effort, "reasoning.effort")).transpose()?;
    let include = body.summary.map(|_| true);
    Ok((amount.is_some() || include.is_some()).then_some(pb::ReasoningOptions { amount, include }))
}
