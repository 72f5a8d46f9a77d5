//! A whole answer: the completions of all prompts in, one body out.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    error::field,
    openai::{
        frame::json,
        shapes::{self, Warnings},
    },
    pb::{self, part::Content},
};

use super::{
    request::Shape,
    shapes::{Choice, Logprobs, Total, finish_reason},
};

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Completion")]
pub struct Completion<'a> {
    id: &'a str,
    #[schemars(extend("const" = "text_completion"))]
    object: &'static str,
    created: i64,
    model: &'a str,
    choices: Vec<Choice<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<shapes::Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Warnings<'a>>,
}

/// Writes the body of an answer. `completions` are in the order of the prompts.
pub fn write(completions: &[pb::ChatCompletion], shape: &Shape, id: &str) -> Vec<u8> {
    let mut total = Total::default();
    completions.iter().for_each(|completion| total.add(completion.usage.as_ref()));
    let texts: Vec<Vec<String>> = completions.iter().enumerate().map(|(at, one)| texts(one, shape, at)).collect();
    let mut choices = Vec::new();
    for (prompt, (completion, texts)) in (0..).zip(completions.iter().zip(&texts)) {
        for (choice, text) in completion.choices.iter().zip(texts) {
            choices.push(Choice {
                text,
                index: prompt * shape.n + choice.index,
                logprobs: Logprobs::of(&choice.logprobs, &mut 0),
                finish_reason: Some(finish_reason(choice.finish_reason())),
            });
        }
    }
    let first = completions.first();
    // The prompts differ in their text only, so each of them brought the same warnings.
    let list = first.map_or(&[][..], |first| &first.warnings);
    let out = Completion {
        id,
        object: "text_completion",
        created: first.and_then(|first| first.create_time.as_ref()).map_or(0, |time| time.seconds),
        model: &shape.model,
        choices,
        usage: total.usage(),
        warnings: (!list.is_empty()).then_some(Warnings { list, names: field::COMPLETIONS }),
    };
    let mut body = Vec::with_capacity(1024);
    json(&mut body, &out);
    body
}

/// Returns the text of every choice; a refusal is text, because there is no other place for it.
fn texts(completion: &pb::ChatCompletion, shape: &Shape, prompt: usize) -> Vec<String> {
    let one = |choice: &pb::Choice| {
        let mut text = shape.echo.get(prompt).cloned().unwrap_or_default();
        for part in choice.message.iter().flat_map(|message| &message.parts) {
            match &part.content {
                Some(Content::Text(part)) => text.push_str(&part.text),
                Some(Content::Refusal(part)) => text.push_str(&part.text),
                _ => {}
            }
        }
        text
    };
    completion.choices.iter().map(one).collect()
}
