//! From a request of the contract to the body of `POST /chat/completions`.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, header::ACCEPT};

use super::{
    answer::{self, Asked},
    column,
    family::{Family, Switches},
    functions::{calling, functions},
    messages::Writer,
    names::Names,
    options::Extras,
    wire::Body,
};
use crate::{
    domain::chat::{ChatRequest, Effort, Reasoning, ReasoningAmount, Sampling},
    providers::{
        adapter::{EncodeError, Encoded, Memo, Mode},
        support::{self, Field},
        warnings::Warnings,
    },
};

const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
/// Requests with the same session find what the service kept of the prompts before.
const SESSION: HeaderName = HeaderName::from_static("x-session-id");
/// Longest session id that is passed on.
const MAX_SESSION: usize = 128;

pub fn encode(request: &ChatRequest, model: &str, mode: Mode, switches: Switches) -> Result<Encoded, EncodeError> {
    let mut warnings = Warnings::default();
    let family = &switches.family(model);
    support::review(request, |field| column::handling(family, field), &mut warnings)?;

    let extras = Extras::read(&request.provider_options, &mut warnings)?;
    let mut names = Names::new(&request.tools);
    let mut body = Body { model, stream: (mode == Mode::Stream).then_some(true), ..Body::default() };
    sampling(&request.sampling, &mut body, &mut warnings);
    body.reasoning_effort = request.reasoning.as_ref().and_then(|wish| effort(wish, family, &mut warnings));
    body.functions = functions(request, &mut names, &extras, &mut warnings)?;
    if !body.functions.is_empty() {
        body.function_call = Some(calling(request.tool_choice.as_ref(), &body.functions, &mut names, &mut warnings));
    }
    body.extra = extras.body;
    let asked = match &request.response_format {
        Some(format) => answer::ask(format, family.native_schema, &mut body, &mut warnings)?,
        None => Asked::default(),
    };
    let session = request.prompt_cache_key.iter().filter_map(|key| session(key, &mut warnings));
    let headers = (mode == Mode::Stream).then_some((ACCEPT, EVENTS)).into_iter().chain(session).collect();

    let mut writer = Writer::new(&mut names, &mut warnings);
    writer.conversation(&request.messages)?;
    writer.system.extend(asked.instruction.map(Cow::Owned));
    let (messages, uploads) = writer.into_messages();
    body.messages = messages;
    if request.stateless || !switches.states {
        body.messages.iter_mut().for_each(|message| message.functions_state_id = None);
    }

    let body = serde_json::to_vec(&body).map_err(|error| EncodeError::new("prompt", error.to_string()))?;
    Ok(Encoded {
        path: "/chat/completions".to_owned(),
        headers,
        body: Bytes::from(body),
        uploads: uploads.files,
        media: Vec::new(),
        copies: request.sampling.choice_count.unwrap_or(1),
        memo: Memo {
            tool_names: names.into_aliases(),
            answer_tool: asked.answer_tool,
            bare_json: asked.bare_json,
            ..Memo::default()
        },
        warnings: warnings.into_vec(),
    })
}

/// Writes how tokens are chosen. The service refuses the temperature 0; the same is said by `top_p` 0.
fn sampling(sampling: &Sampling, body: &mut Body<'_>, warnings: &mut Warnings) {
    body.max_tokens = sampling.max_output_tokens;
    if sampling.temperature != Some(0.0) {
        (body.temperature, body.top_p) = (sampling.temperature, sampling.top_p);
        return;
    }
    if sampling.top_p.is_some_and(|top_p| top_p > 0.0) {
        warnings.rewritten("prompt.top_p", "sent as 0, which is how the provider knows the temperature 0");
    }
    body.top_p = Some(0.0);
}

/// Returns the effort the service knows that is nearest to the wish. The review has told what is dropped.
fn effort(wish: &Reasoning, family: &Family, warnings: &mut Warnings) -> Option<&'static str> {
    if !family.reasoning {
        return None;
    }
    let (sent, field) = match wish.amount? {
        ReasoningAmount::Effort(wish @ (Effort::Low | Effort::Medium | Effort::High)) => return Some(wish.as_str()),
        ReasoningAmount::Effort(Effort::Minimal) => ("low", Field::Reasoning),
        ReasoningAmount::Effort(Effort::Xhigh | Effort::Max) => ("high", Field::Reasoning),
        ReasoningAmount::BudgetTokens(1..=1024) => ("low", Field::ReasoningBudget),
        ReasoningAmount::BudgetTokens(1025..=8192) => ("medium", Field::ReasoningBudget),
        ReasoningAmount::BudgetTokens(8193..) => ("high", Field::ReasoningBudget),
        ReasoningAmount::Effort(Effort::None) | ReasoningAmount::BudgetTokens(0) => {
            warnings.dropped("prompt.reasoning", "the provider cannot be told not to think");
            return None;
        }
    };
    warnings.rewritten(format!("prompt.{}", field.path()), format!("sent as effort `{sent}`"));
    Some(sent)
}

fn session(key: &str, warnings: &mut Warnings) -> Option<(HeaderName, HeaderValue)> {
    let value = HeaderValue::from_str(key).ok().filter(|_| !key.is_empty() && key.len() <= MAX_SESSION);
    if value.is_none() {
        let why = format!("the provider takes it in a header, as up to {MAX_SESSION} plain characters");
        warnings.dropped("prompt.prompt_cache_key", why);
    }
    Some((SESSION, value?))
}
