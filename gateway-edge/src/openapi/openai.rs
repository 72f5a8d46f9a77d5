//! The operations below `/v1`.

use serde_json::{Value, json};

use crate::{
    error::Style,
    openai::{
        ChatBody, Completion, ResponseBody, ResponseObject, TextBody, TextCompletion,
        embeddings::{EmbeddingBody, List as EmbeddingList},
        models::{List as ModelList, Model},
    },
};

use super::{
    errors::{BODY, PROVIDER, SERVICE},
    examples,
    operation::{Answer, Operation, Parameter},
    streams,
};

const TAG: &str = "OpenAI";

fn operation(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, TAG, summary).style(Style::OpenAi).fails(SERVICE)
}

fn call(id: &'static str, summary: &'static str) -> Operation {
    operation(id, summary).fails(BODY).fails(PROVIDER).parameter(strict())
}

pub fn strict() -> Parameter {
    let about = "Refuse what the provider does not take instead of dropping or rewriting it. `strict` in the body does the same.";
    Parameter::header("x-gateway-strict", json!({"type": "string", "enum": ["true", "false", "1", "0"]}), about)
}

pub fn chat() -> Operation {
    let answer = Answer::json::<Completion<'static>>(200, "The completion, or its chunks.", examples::completion());
    call("createChatCompletion", "Chat")
        .about(
            "Takes what OpenAI's chat completions take; members that are not known go to the provider as they are. With \
             `stream` the answer is `text/event-stream`: each `data:` line is a `ChatCompletionChunk`, the last one is \
             `[DONE]`, and a stream that breaks ends with a line that is an `OpenAiError` instead.",
        )
        .takes::<ChatBody<'static>>(examples::chats())
        .answer(answer.or_as("text/event-stream", streams::chat, vec![]).headers(examples::MADE))
}

pub fn responses() -> Operation {
    let answer = Answer::json::<ResponseObject<'static>>(200, "The response, or its events.", examples::response());
    call("createResponse", "Chat, as OpenAI's Responses")
        .about(
            "The stateless part of Responses: nothing is stored, so `previous_response_id`, `conversation`, `prompt` and \
             `background` are refused, and the whole conversation is sent as `input`. With `stream` the answer is \
             `text/event-stream`: each event's data is a `ResponseStreamEvent`.",
        )
        .takes::<ResponseBody<'static>>(examples::response_requests())
        .answer(answer.or_as("text/event-stream", streams::response, vec![]).headers(examples::MADE))
}

pub fn completions() -> Operation {
    let answer = Answer::json::<TextCompletion<'static>>(200, "The completion, or its chunks.", examples::text());
    call("createCompletion", "Complete a text")
        .about(
            "The interface before chats: every prompt becomes a chat of one message. With `stream` the answer is \
             `text/event-stream`: each `data:` line is a `CompletionChunk`, the last one is `[DONE]`.",
        )
        .takes::<TextBody<'static>>(examples::text_requests())
        .answer(answer.or_as("text/event-stream", streams::text, vec![]).headers(examples::MADE))
}

pub fn embeddings() -> Operation {
    let answer = Answer::json::<EmbeddingList<'static>>(200, "A vector for each input.", examples::embeddings());
    call("createEmbeddings", "Turn texts into vectors")
        .takes::<EmbeddingBody<'static>>(vec![(
            "several texts",
            json!({"model": "sandbox/embed", "input": ["cat", "dog"], "encoding_format": "float"}),
        )])
        .answer(answer.headers(examples::MADE))
}

pub fn list_models() -> Operation {
    let names = |words: &[&str]| -> Value { json!({"type": "array", "items": {"type": "string", "enum": words}}) };
    let answer = Answer::json::<ModelList<'static>>(200, "The models.", examples::models());
    operation("listModels", "List models")
        .about("Only models that this key may use.")
        .parameter(Parameter::text("provider", "sandbox", "Only models of this provider."))
        .parameter(Parameter::query(
            "capabilities",
            names(&crate::openai::models::capabilities()),
            "Only models with all of these.",
        ))
        .parameter(Parameter::query(
            "include_upstream",
            json!({"type": "boolean"}),
            "Ask the providers for their own lists, too.",
        ))
        .answer(answer.headers(examples::ID))
}

pub fn get_model() -> Operation {
    operation("getModel", "Get a model")
        .parameter(Parameter::path("id", "sandbox/echo", "The model's name; the slash in it may stand as it is."))
        .answer(Answer::json::<Model<'static>>(200, "The model.", examples::model()).headers(examples::ID))
        .fails(&[404])
}
