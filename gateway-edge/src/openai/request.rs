//! A chat completion request: OpenAI's JSON in, the contract's prompt out.

use crate::{error::Failure, pb};

use super::{
    body::ChatBody,
    lenient::Int,
    messages, options,
    options::count,
    read::{is_strict, read},
    reasoning::{self, Thinking, Wishes},
    search, tools,
    words::{VERBOSITIES, one_of},
};

/// What the caller asked for, and how the answer has to look.
#[derive(Debug)]
pub struct ChatCall {
    pub prompt: pb::ChatPrompt,
    pub stream: bool,
    pub include_usage: bool,
    /// The caller speaks of functions, not tools, and expects the answer to do the same.
    pub legacy_functions: bool,
}

/// Reads a request body.
pub fn parse(body: &[u8]) -> Result<ChatCall, Failure> {
    let (body, mut rest) = read::<ChatBody<'_>>(body)?;
    let thinking = body.thinking.and_then(Thinking::read);
    if let (Some(raw), None) = (body.thinking, &thinking) {
        rest.keep("thinking", raw);
    }
    let stream = body.stream.unwrap_or(false);
    if body.stream_options.is_some() && !stream {
        let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(Failure::invalid("stream_options", message));
    }
    let include_usage = body.stream_options.as_ref().and_then(|o| o.include_usage).unwrap_or(false);
    let legacy_functions = body.functions.is_some() && body.tools.is_none();
    Ok(ChatCall { prompt: prompt(body, thinking, rest.to_object())?, stream, include_usage, legacy_functions })
}

fn prompt(body: ChatBody<'_>, thinking: Option<Thinking>, provider_options: String) -> Result<pb::ChatPrompt, Failure> {
    let model = body.model.ok_or_else(|| Failure::missing("model"))?;
    let messages = body.messages.ok_or_else(|| Failure::missing("messages"))?;
    if messages.is_empty() {
        let message =
            "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array.";
        return Err(Failure::invalid("messages", message).with_code("empty_array"));
    }
    let tools = match (body.tools, body.functions) {
        (Some(list), _) => tools::tools(list)?,
        (None, list) => tools::functions(list.unwrap_or_default())?,
    };
    let tool_choice = match (body.tool_choice, body.function_call) {
        (Some(choice), _) => Some(tools::choice(choice)?),
        (None, choice) => choice.map(tools::function_choice).transpose()?,
    };
    let verbosity = match body.verbosity.as_deref() {
        Some(verbosity) => one_of(verbosity, VERBOSITIES, || "verbosity".into())?,
        None => pb::Verbosity::Unspecified,
    };
    Ok(pb::ChatPrompt {
        model,
        messages: messages::convert(messages)?,
        temperature: body.temperature,
        top_p: body.top_p,
        // vLLM's clients send -1 or 0 for "off".
        top_k: count(body.top_k.filter(|Int(k)| *k > 0), "top_k")?,
        max_output_tokens: match body.max_completion_tokens {
            Some(tokens) => count(Some(tokens), "max_completion_tokens")?,
            None => count(body.max_tokens, "max_tokens")?,
        },
        stop: options::stop(body.stop),
        seed: body.seed.map(|Int(seed)| seed),
        frequency_penalty: body.frequency_penalty,
        presence_penalty: body.presence_penalty,
        logit_bias: options::logit_bias(body.logit_bias)?,
        logprobs: body.logprobs,
        top_logprobs: count(body.top_logprobs, "top_logprobs")?,
        choice_count: count(body.n, "n")?,
        strict: is_strict(body.strict, body.gateway),
        tools,
        tool_choice,
        parallel_tool_calls: body.parallel_tool_calls,
        response_format: body.response_format.map(options::response_format).transpose()?,
        reasoning: reasoning::read(Wishes {
            effort: body.reasoning_effort,
            reasoning: body.reasoning,
            include: body.include_reasoning,
            thinking,
        })?,
        verbosity: verbosity.into(),
        modalities: body.modalities.map(options::modalities).transpose()?.unwrap_or_default(),
        audio: body.audio.map(options::audio).transpose()?,
        predicted_output: body.prediction.map(options::predicted_output).transpose()?,
        metadata: body.metadata.unwrap_or_default(),
        service_tier: body.service_tier,
        web_search: body.web_search_options.map(|o| search::web_search(o, "web_search_options")).transpose()?,
        store: body.store,
        end_user_id: body.safety_identifier.or(body.user),
        prompt_cache_key: body.prompt_cache_key,
        prompt_cache_retention: body.prompt_cache_retention,
        provider_options,
    })
}

#[cfg(test)]
mod tests;
