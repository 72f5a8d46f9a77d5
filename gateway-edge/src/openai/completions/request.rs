//! A request: prompts in, one contract prompt for each of them out.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    error::Failure,
    openai::{
        body::StreamOptions,
        content,
        lenient::{Int, StringOr},
        options::{count, logit_bias, stop},
        read::{Extension, is_strict, read},
    },
    pb,
};

/// What OpenAI generates when the caller does not say.
const DEFAULT_MAX_TOKENS: u32 = 16;

/// OpenAI's limit of `n`. All prompts together share it: each choice is paid for.
const MAX_CHOICES: usize = 128;

#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(rename = "CompletionRequest")]
pub struct TextBody<'a> {
    #[schemars(required)]
    model: Option<String>,
    #[serde(borrow)]
    #[schemars(required, with = "Texts")]
    prompt: Option<&'a RawValue>,
    max_tokens: Option<Int>,
    n: Option<Int>,
    best_of: Option<Int>,
    echo: Option<bool>,
    suffix: Option<String>,
    logprobs: Option<Int>,
    stop: Option<StringOr<Vec<String>>>,
    stream: Option<bool>,
    stream_options: Option<StreamOptions>,
    temperature: Option<f64>,
    top_p: Option<f64>,
    frequency_penalty: Option<f64>,
    presence_penalty: Option<f64>,
    logit_bias: Option<std::collections::HashMap<String, Int>>,
    seed: Option<Int>,
    user: Option<String>,
    strict: Option<bool>,
    gateway: Option<Extension>,
}

/// A text, or several.
#[derive(JsonSchema)]
#[schemars(inline, untagged)]
enum Texts {
    #[expect(dead_code, reason = "only said, not read")]
    One(String),
    #[expect(dead_code, reason = "only said, not read")]
    Several(#[schemars(length(min = 1))] Vec<String>),
}

/// What the caller asked for, and how the answer has to look.
#[derive(Debug)]
pub struct CompletionCall {
    /// One chat for each text.
    pub chats: Vec<pb::ChatPrompt>,
    pub stream: bool,
    pub shape: Shape,
}

/// What the answer repeats of the request.
#[derive(Clone, Debug, Default)]
pub struct Shape {
    pub model: String,
    /// Texts to begin the choices with, one for each prompt; empty unless asked for.
    pub echo: Vec<String>,
    /// Choices for each prompt.
    pub n: u32,
    pub prompts: usize,
    pub include_usage: bool,
}

/// Reads a request body.
pub fn parse(json: &[u8]) -> Result<CompletionCall, Failure> {
    let (body, rest) = read::<TextBody<'_>>(json)?;
    refuse(&body)?;
    let model = body.model.ok_or_else(|| Failure::missing("model"))?;
    let prompts = prompts(body.prompt.ok_or_else(|| Failure::missing("prompt"))?)?;
    let n = count(body.n, "n")?;
    let choices = prompts.len().saturating_mul(n.unwrap_or(1).max(1) as usize);
    if choices > MAX_CHOICES {
        let message = format!("Invalid 'prompt': {choices} choices in all; the most is {MAX_CHOICES}.");
        return Err(Failure::invalid("prompt", message));
    }
    let logprobs = count(body.logprobs, "logprobs")?;
    if logprobs.is_some_and(|n| n > 5) {
        return Err(Failure::invalid("logprobs", "Invalid 'logprobs': expected an integer from 0 to 5."));
    }
    let common = pb::ChatPrompt {
        model: model.clone(),
        temperature: body.temperature,
        top_p: body.top_p,
        max_output_tokens: Some(count(body.max_tokens, "max_tokens")?.unwrap_or(DEFAULT_MAX_TOKENS)),
        stop: stop(body.stop),
        seed: body.seed.map(|Int(seed)| seed),
        frequency_penalty: body.frequency_penalty,
        presence_penalty: body.presence_penalty,
        logit_bias: logit_bias(body.logit_bias)?,
        logprobs: logprobs.map(|_| true),
        top_logprobs: logprobs.filter(|n| *n > 0),
        choice_count: n,
        strict: is_strict(body.strict, body.gateway),
        end_user_id: body.user,
        provider_options: rest.to_object(),
        ..pb::ChatPrompt::default()
    };
    let shape = Shape {
        model,
        n: n.unwrap_or(1).max(1),
        prompts: prompts.len(),
        echo: if body.echo == Some(true) { prompts.clone() } else { Vec::new() },
        include_usage: body.stream_options.and_then(|options| options.include_usage).unwrap_or(false),
    };
    let chat = |text| {
        let parts = vec![content::text(text)];
        let message = pb::Message { role: pb::Role::User.into(), parts, name: String::new() };
        pb::ChatPrompt { messages: vec![message], ..common.clone() }
    };
    let chats = prompts.into_iter().map(chat).collect();
    Ok(CompletionCall { chats, stream: body.stream.unwrap_or(false), shape })
}

/// Refuses what a chat has nothing for.
fn refuse(body: &TextBody<'_>) -> Result<(), Failure> {
    let n = body.n.map_or(1, |Int(n)| n);
    let asked = [
        ("suffix", body.suffix.as_ref().is_some_and(|suffix| !suffix.is_empty())),
        ("best_of", body.best_of.is_some_and(|Int(best_of)| best_of > n.max(1))),
        // A chat tells nothing of the prompt's own tokens.
        ("echo", body.echo == Some(true) && body.logprobs.is_some()),
    ];
    match asked.iter().find(|(_, asked)| *asked) {
        Some((param, _)) => {
            let message = format!("Unsupported parameter: '{param}' cannot be told to a chat model.");
            Err(Failure::unsupported(*param, message))
        }
        None => Ok(()),
    }
}

/// Reads `prompt`: a text or several. Tokens are refused: only the model's own tokenizer knows what they say.
fn prompts(raw: &RawValue) -> Result<Vec<String>, Failure> {
    let list = match raw.get().as_bytes().first() {
        Some(b'"') => serde_json::from_str(raw.get()).map(|text| vec![text]).ok(),
        Some(b'[') => serde_json::from_str::<Vec<String>>(raw.get()).ok(),
        _ => None,
    };
    let Some(list) = list else {
        if serde_json::from_str::<Vec<StringOrTokens>>(raw.get()).is_ok() {
            let message = "Unsupported parameter: 'prompt' cannot be tokens here; send the text.";
            return Err(Failure::unsupported("prompt", message));
        }
        return Err(Failure::invalid("prompt", "Invalid 'prompt': expected a string or an array of strings."));
    };
    if list.is_empty() {
        return Err(Failure::invalid("prompt", "Invalid 'prompt': empty array.").with_code("empty_array"));
    }
    Ok(list)
}

/// Only told apart from anything else, to say what is wrong.
#[derive(Deserialize)]
#[serde(untagged)]
enum StringOrTokens {
    #[expect(dead_code, reason = "only the form counts")]
    Text(String),
    #[expect(dead_code, reason = "only the form counts")]
    Token(Int),
    #[expect(dead_code, reason = "only the form counts")]
    Tokens(Vec<Int>),
}
