//! A small mapping from OpenAI's JSON to a request. It stands in for the edge, and for the driver that fetches pictures.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

use crate::domain::chat::{
    ChatRequest, Effort, File, Image, MediaSource, Message, Part, Reasoning, ReasoningAmount, ResponseFormat, Role,
    Sampling, Tool, ToolCall, ToolChoice, ToolChoiceMode, ToolKind, ToolResult,
};

/// Members of the body that have a field in the contract; the others are provider options.
const KNOWN: &[&str] = &[
    "model",
    "messages",
    "temperature",
    "top_p",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "seed",
    "n",
    "presence_penalty",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "top_logprobs",
    "user",
    "tools",
    "tool_choice",
    "functions",
    "function_call",
    "parallel_tool_calls",
    "stream",
    "stream_options",
    "store",
    "metadata",
    "service_tier",
    "response_format",
    "reasoning_effort",
];

pub fn request(body: &Value, fetched: &Value) -> ChatRequest {
    let tools = list(&body["tools"]).map(|tool| &tool["function"]).chain(list(&body["functions"]));
    let effort = body["reasoning_effort"].as_str().map(|name| ReasoningAmount::Effort(effort(name)));
    let map = |name: &str| body[name].as_object().into_iter().flatten();
    let others: Map<_, _> =
        body.as_object().unwrap().clone().into_iter().filter(|(n, _)| !KNOWN.contains(&&**n)).collect();
    ChatRequest {
        model: text(&body["model"]),
        messages: list(&body["messages"]).map(|message| self::message(message, fetched)).collect(),
        sampling: sampling(body),
        tools: tools.map(tool).collect(),
        tool_choice: tool_choice(if body["tool_choice"].is_null() {
            &body["function_call"]
        } else {
            &body["tool_choice"]
        }),
        parallel_tool_calls: body["parallel_tool_calls"].as_bool(),
        response_format: response_format(&body["response_format"]),
        reasoning: effort.map(|amount| Reasoning { amount: Some(amount), include: None }),
        metadata: map("metadata").map(|(name, value)| (name.clone(), text(value))).collect(),
        service_tier: body["service_tier"].as_str().map(str::to_owned),
        store: body["store"].as_bool(),
        end_user_id: body["user"].as_str().map(str::to_owned),
        provider_options: if others.is_empty() { String::new() } else { Value::Object(others).to_string() },
        ..ChatRequest::default()
    }
}

fn sampling(body: &Value) -> Sampling {
    let number = |name: &str| body[name].as_u64().map(|n| n as u32);
    let bias = body["logit_bias"].as_object().into_iter().flatten();
    Sampling {
        temperature: body["temperature"].as_f64(),
        top_p: body["top_p"].as_f64(),
        max_output_tokens: number("max_completion_tokens").or(number("max_tokens")),
        stop: list(&body["stop"]).map(text).collect(),
        seed: body["seed"].as_i64(),
        frequency_penalty: body["frequency_penalty"].as_f64(),
        presence_penalty: body["presence_penalty"].as_f64(),
        logit_bias: bias.map(|(token, n)| (token.clone(), n.as_i64().unwrap() as i32)).collect(),
        logprobs: body["logprobs"].as_bool(),
        top_logprobs: number("top_logprobs"),
        choice_count: number("n"),
        ..Sampling::default()
    }
}

fn message(message: &Value, fetched: &Value) -> Message {
    let role = match message["role"].as_str().unwrap() {
        "system" => Role::System,
        "developer" => Role::Developer,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "tool" | "function" => Role::Tool,
        other => panic!("unknown role {other}"),
    };
    let mut parts: Vec<_> = match &message["content"] {
        Value::String(content) => vec![Part::Text(content.clone())],
        content => list(content).map(|part| self::part(part, fetched)).collect(),
    };
    if role == Role::Tool {
        let (tool_call_id, name) = (text(&message["tool_call_id"]), text(&message["name"]));
        parts = vec![Part::ToolResult(ToolResult { tool_call_id, name, parts, is_error: false })];
        return Message { role, parts, name: String::new() };
    }
    for call in list(&message["tool_calls"]) {
        parts.push(tool_call(text(&call["id"]), &call["function"]));
    }
    if message["function_call"].is_object() {
        parts.push(tool_call("legacy_1".to_owned(), &message["function_call"]));
    }
    Message { role, parts, name: text(&message["name"]) }
}

fn tool_call(id: String, function: &Value) -> Part {
    let (name, arguments) = (text(&function["name"]), text(&function["arguments"]));
    Part::ToolCall(ToolCall { id, name, arguments, kind: ToolKind::Function })
}

fn part(part: &Value, fetched: &Value) -> Part {
    let data = |mime_type: &str, base64: &str| MediaSource::Data {
        mime_type: mime_type.to_owned(),
        data: STANDARD.decode(base64).unwrap().into(),
    };
    let source = |url: &str| match url.strip_prefix("data:") {
        Some(rest) => {
            let (mime_type, base64) = rest.split_once(";base64,").unwrap();
            data(mime_type, base64)
        }
        None => data(&text(&fetched[url]["content_type"]), &text(&fetched[url]["body_base64"])),
    };
    match part["type"].as_str().unwrap() {
        "text" => Part::Text(text(&part["text"])),
        "image_url" => Part::Image(Image { source: source(part["image_url"]["url"].as_str().unwrap()), detail: None }),
        "file" => {
            let file = &part["file"];
            Part::File(File { source: source(file["file_data"].as_str().unwrap()), filename: text(&file["filename"]) })
        }
        other => panic!("unknown part {other}"),
    }
}

fn tool(function: &Value) -> Tool {
    let schema = &function["parameters"];
    Tool::Function {
        name: text(&function["name"]),
        description: text(&function["description"]),
        parameters_schema: if schema.is_null() { String::new() } else { schema.to_string() },
        strict: function["strict"].as_bool(),
    }
}

fn tool_choice(choice: &Value) -> Option<ToolChoice> {
    let (mode, allowed_names) = match choice {
        Value::Null => return None,
        Value::String(name) if name == "auto" => (ToolChoiceMode::Auto, Vec::new()),
        Value::String(name) if name == "none" => (ToolChoiceMode::None, Vec::new()),
        Value::String(_) => (ToolChoiceMode::Required, Vec::new()),
        choice => (ToolChoiceMode::Required, vec![text(&choice["function"]["name"])]),
    };
    Some(ToolChoice { mode, allowed_names, kind: ToolKind::Function })
}

fn response_format(format: &Value) -> Option<ResponseFormat> {
    let schema = &format["json_schema"];
    match format["type"].as_str()? {
        "json_object" => Some(ResponseFormat::JsonObject),
        _ => Some(ResponseFormat::JsonSchema {
            name: text(&schema["name"]),
            description: text(&schema["description"]),
            schema: schema["schema"].to_string(),
            strict: schema["strict"].as_bool(),
        }),
    }
}

fn effort(name: &str) -> Effort {
    let all = [Effort::None, Effort::Minimal, Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh, Effort::Max];
    all.into_iter().find(|effort| effort.as_str() == name).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
