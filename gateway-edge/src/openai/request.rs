//! A chat completion request: OpenAI's JSON in, the contract's prompt out.

use crate::{error::Failure, pb};

use super::{
    body::ChatBody,
    lenient::{Int, StringOr},
    messages, options,
    options::count,
    rest::{self, Rest},
    tools,
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
    let (body, rest) = read(body)?;
    let stream = body.stream.unwrap_or(false);
    if body.stream_options.is_some() && !stream {
        let message = "The 'stream_options' parameter is only allowed when 'stream' is enabled.";
        return Err(Failure::invalid("stream_options", message));
    }
    let include_usage = body.stream_options.as_ref().and_then(|o| o.include_usage).unwrap_or(false);
    let legacy_functions = body.functions.is_some() && body.tools.is_none();
    Ok(ChatCall { prompt: prompt(body, rest.to_object())?, stream, include_usage, legacy_functions })
}

fn read(json: &[u8]) -> Result<(ChatBody<'_>, Rest<'_>), Failure> {
    let mut rest = Rest::default();
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let body = rest::deserialize(&mut deserializer, &mut rest).and_then(|body| deserializer.end().map(|()| body));
    match body {
        Ok(body) => Ok((body, rest)),
        Err(error) => Err(explain(json, &error)),
    }
}

/// Finds out which field is wrong. Only failures pay for it: the body is read a second time with the path recorded.
fn explain(json: &[u8], error: &serde_json::Error) -> Failure {
    if !error.is_data() {
        let message = format!("We could not parse the JSON body of your request: {}.", shortened(error));
        return Failure::new(http::StatusCode::BAD_REQUEST, message);
    }
    let mut track = serde_path_to_error::Track::new();
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let tracked = serde_path_to_error::Deserializer::new(&mut deserializer, &mut track);
    let _: Result<ChatBody<'_>, _> = rest::deserialize(tracked, &mut Rest::default());
    let path = track.path().to_string();
    if path == "." || path == "?" {
        return Failure::new(http::StatusCode::BAD_REQUEST, format!("Invalid request body: {}.", shortened(error)))
            .with_code("invalid_value");
    }
    Failure::invalid(&*path, format!("Invalid '{path}': {}.", shortened(error)))
}

/// serde quotes the value it did not expect, which may be a whole picture.
fn shortened(error: &serde_json::Error) -> String {
    let text = error.to_string();
    if text.len() <= 300 {
        return text;
    }
    let place = format!("at line {} column {}", error.line(), error.column());
    format!("{}… {place}", &text[..text.floor_char_boundary(200)])
}

fn prompt(body: ChatBody<'_>, provider_options: String) -> Result<pb::ChatPrompt, Failure> {
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
        Some(verbosity) => options::one_of(verbosity, options::VERBOSITIES, || "verbosity".into())?,
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
        stop: stop(body.stop),
        seed: body.seed.map(|Int(seed)| seed),
        frequency_penalty: body.frequency_penalty,
        presence_penalty: body.presence_penalty,
        logit_bias: logit_bias(body.logit_bias)?,
        logprobs: body.logprobs,
        top_logprobs: count(body.top_logprobs, "top_logprobs")?,
        choice_count: count(body.n, "n")?,
        strict: body.strict.unwrap_or(false),
        tools,
        tool_choice,
        parallel_tool_calls: body.parallel_tool_calls,
        response_format: body.response_format.map(options::response_format).transpose()?,
        reasoning: options::reasoning(body.reasoning_effort.as_deref())?,
        verbosity: verbosity.into(),
        modalities: body.modalities.map(options::modalities).transpose()?.unwrap_or_default(),
        audio: body.audio.map(options::audio).transpose()?,
        predicted_output: body.prediction.map(options::predicted_output).transpose()?,
        metadata: body.metadata.unwrap_or_default(),
        service_tier: body.service_tier,
        web_search: body.web_search_options.map(options::web_search),
        store: body.store,
        end_user_id: body.safety_identifier.or(body.user),
        prompt_cache_key: body.prompt_cache_key,
        prompt_cache_retention: body.prompt_cache_retention,
        provider_options,
    })
}

fn stop(stop: Option<StringOr<Vec<String>>>) -> Vec<String> {
    match stop {
        None => Vec::new(),
        Some(StringOr::String(text)) => vec![text],
        Some(StringOr::Other(list)) => list,
    }
}

type Bias = std::collections::HashMap<String, i32>;

fn logit_bias(bias: Option<std::collections::HashMap<String, Int>>) -> Result<Bias, Failure> {
    let entry = |(token, Int(value)): (String, Int)| match i32::try_from(value) {
        Ok(value) => Ok((token, value)),
        Err(_) => Err(Failure::invalid("logit_bias", "Invalid 'logit_bias': values go from -100 to 100.")),
    };
    bias.unwrap_or_default().into_iter().map(entry).collect()
}

#[cfg(test)]
mod tests;
