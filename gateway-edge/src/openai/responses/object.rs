//! The response object, which whole answers are and which the events of a stream carry.

use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    error::{Failure, field},
    openai::{shapes::Warnings, told::Told},
    pb,
};

use super::{
    echo::Echo,
    output::{Item, Status},
};

/// What is the same in every object of one response.
#[derive(Debug)]
pub struct Head {
    pub id: String,
    pub created_at: i64,
    pub service_tier: String,
    pub echo: Echo,
}

#[derive(Default, Serialize, JsonSchema)]
#[schemars(rename = "Response")]
pub struct Object<'a> {
    id: &'a str,
    #[schemars(extend("const" = "response"))]
    object: &'static str,
    created_at: i64,
    #[schemars(extend("enum" = ["in_progress", "completed", "incomplete", "failed"]))]
    pub status: &'static str,
    pub error: Option<Error<'a>>,
    pub incomplete_details: Option<Incomplete>,
    pub output: &'a [Item],
    #[serde(flatten)]
    #[schemars(with = "Echo")]
    echo: Option<&'a Echo>,
    #[serde(skip_serializing_if = "str::is_empty")]
    service_tier: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Usage>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warnings: Option<Warnings<'a>>,
    #[serde(flatten)]
    pub told: Told<'a>,
}

impl Head {
    /// Returns an object without output.
    pub fn object(&self, status: &'static str) -> Object<'_> {
        Object {
            id: &self.id,
            object: "response",
            created_at: self.created_at,
            status,
            echo: Some(&self.echo),
            service_tier: &self.service_tier,
            ..Object::default()
        }
    }
}

impl<'a> Object<'a> {
    /// Adds what is known at the end.
    pub fn ended(
        mut self,
        ending: &Ending,
        output: &'a [Item],
        usage: Option<&pb::Usage>,
        warnings: &'a [pb::Warning],
    ) -> Self {
        self.incomplete_details = ending.incomplete.map(|reason| Incomplete { reason });
        self.output = output;
        self.usage = usage.and_then(Usage::of);
        self.warnings = (!warnings.is_empty()).then_some(Warnings { list: warnings, names: field::RESPONSES });
        self
    }
}

/// How an answer ends, by its finish reason.
pub struct Ending {
    pub status: &'static str,
    pub event: &'static str,
    pub items: Status,
    incomplete: Option<&'static str>,
}

impl Ending {
    pub fn of(reason: pb::FinishReason) -> Self {
        let incomplete = match reason {
            pb::FinishReason::Length => Some("max_output_tokens"),
            pb::FinishReason::ContentFilter => Some("content_filter"),
            pb::FinishReason::Stop | pb::FinishReason::ToolCalls | pb::FinishReason::Unspecified => None,
        };
        match incomplete {
            Some(_) => {
                Self { status: "incomplete", event: "response.incomplete", items: Status::Incomplete, incomplete }
            }
            None => Self { status: "completed", event: "response.completed", items: Status::Completed, incomplete },
        }
    }
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "IncompleteDetails")]
pub struct Incomplete {
    #[schemars(extend("enum" = ["max_output_tokens", "content_filter"]))]
    reason: &'static str,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ResponseError")]
pub struct Error<'a> {
    #[schemars(extend("enum" = ["rate_limit_exceeded", "invalid_prompt", "server_error"]))]
    code: &'static str,
    message: &'a str,
}

impl<'a> Error<'a> {
    /// OpenAI's list of codes is closed, and clients parse it as such.
    pub fn of(failure: &'a Failure) -> Self {
        let code = match failure.status().as_u16() {
            429 => "rate_limit_exceeded",
            400 => "invalid_prompt",
            _ => "server_error",
        };
        Self { code, message: failure.message() }
    }
}

/// Clients require every member, so here an unknown detail is zero.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "ResponseUsage")]
pub struct Usage {
    input_tokens: u64,
    input_tokens_details: InputDetails,
    output_tokens: u64,
    output_tokens_details: OutputDetails,
    total_tokens: u64,
}

#[derive(Serialize, JsonSchema)]
struct InputDetails {
    cached_tokens: u64,
    cache_write_tokens: u64,
}

#[derive(Serialize, JsonSchema)]
struct OutputDetails {
    reasoning_tokens: u64,
}

impl Usage {
    /// Returns None when nothing is known.
    fn of(usage: &pb::Usage) -> Option<Self> {
        if usage.input_tokens.is_none() && usage.output_tokens.is_none() && usage.total_tokens.is_none() {
            return None;
        }
        let (input, output) = (usage.input_tokens.unwrap_or(0), usage.output_tokens.unwrap_or(0));
        Some(Self {
            input_tokens: input,
            input_tokens_details: InputDetails {
                cached_tokens: usage.cached_input_tokens.unwrap_or(0),
                cache_write_tokens: usage.cache_write_input_tokens.unwrap_or(0),
            },
            output_tokens: output,
            output_tokens_details: OutputDetails { reasoning_tokens: usage.reasoning_tokens.unwrap_or(0) },
            total_tokens: usage.total_tokens.unwrap_or(input.saturating_add(output)),
        })
    }
}
