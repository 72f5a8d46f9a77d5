//! Every request fixture, through a small mapping from OpenAI's JSON that stands in for the edge.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::fixtures::fixtures;
use crate::{
    domain::chat::{
        Audio, ChatRequest, Effort, File, Image, ImageDetail, MediaSource, Message, Part, Reasoning, ReasoningAmount,
        ResponseFormat, Role, Sampling, Tool, ToolCall, ToolChoice, ToolChoiceMode, ToolKind, ToolResult, WebSearch,
    },
    providers::{
        adapter::{Adapter, Mode},
        gemini::{GeminiAdapter, GeminiDefaults, signatures},
    },
};

/// Written in `lists`: no client asks for it.
const COUNT: &str = "req_count_tokens";

#[test]
fn writes_every_request() {
    for (name, fixture) in fixtures("req_").into_iter().filter(|(name, _)| name != COUNT) {
        let body = &fixture["openai"]["body"];
        let adapter = adapter(&fixture["openai"]);
        let mut request = request(body);
        fetch(&adapter, &fixture["openai"]["fixtures"], &mut request);
        let mode = if body["stream"] == true { Mode::Stream } else { Mode::Unary };
        let encoded = adapter.encode(&request, &request.model, mode).expect(&name);
        let mut path = fixture["provider"]["path"].as_str().unwrap().to_owned();
        if let Some(alt) = fixture["provider"]["query"]["alt"].as_str() {
            path += &format!("?alt={alt}");
        }
        assert_eq!(encoded.path, path, "{name}");
        let ours: Value = serde_json::from_slice(&encoded.body).expect(&name);
        assert_eq!(ours, fixture["provider"]["body"], "{name}");
    }
}

/// Returns the adapter as the operator of the fixture has set it up.
fn adapter(openai: &Value) -> GeminiAdapter {
    let config = &openai["gateway_config"];
    let defaults = config["safety_threshold"].as_str().map(GeminiDefaults::with_threshold).unwrap_or_default();
    GeminiAdapter::new(GeminiDefaults {
        allow_logprobs: config["allow_logprobs"] == true,
        inline_media: openai["fixtures"].is_object(),
        ..defaults
    })
}

/// Puts bytes where the adapter wants them instead of an address, as the gateway does before it encodes.
fn fetch(adapter: &GeminiAdapter, downloads: &Value, request: &mut ChatRequest) {
    for part in request.messages.iter_mut().flat_map(|message| &mut message.parts) {
        let Part::Image(Image { source, .. }) = part else { continue };
        let MediaSource::Url { url, .. } = &*source else { continue };
        assert!(adapter.needs_bytes_of(&request.model, url), "{url}");
        let file = &downloads[url.as_str()];
        let data = STANDARD.decode(text(&file["body_base64"])).unwrap().into();
        *source = MediaSource::Data { mime_type: text(&file["content_type"]), data };
    }
}

fn request(body: &Value) -> ChatRequest {
    let map = |name: &str| body[name].as_object().into_iter().flatten();
    ChatRequest {
        model: text(&body["model"]),
        messages: list(&body["messages"]).map(message).collect(),
        sampling: sampling(body),
        tools: list(&body["tools"]).map(|t| tool(&t["function"])).collect(),
        tool_choice: tool_choice(&body["tool_choice"]),
        parallel_tool_calls: body["parallel_tool_calls"].as_bool(),
        response_format: response_format(&body["response_format"]),
        reasoning: body["reasoning_effort"]
            .as_str()
            .map(|effort| Reasoning { amount: Some(ReasoningAmount::Effort(self::effort(effort))), include: None }),
        metadata: map("metadata").map(|(name, value)| (name.clone(), text(value))).collect(),
        service_tier: body["service_tier"].as_str().map(str::to_owned),
        web_search: body["web_search_options"].as_object().map(|options| WebSearch {
            context_size: options.get("search_context_size").map(text).unwrap_or_default(),
            ..WebSearch::default()
        }),
        store: body["store"].as_bool(),
        end_user_id: body["user"].as_str().map(str::to_owned),
        ..ChatRequest::default()
    }
}

fn sampling(body: &Value) -> Sampling {
    let number = |name: &str| body[name].as_u64().map(|n| n as u32);
    let bias = body["logit_bias"].as_object().into_iter().flatten();
    Sampling {
        temperature: body["temperature"].as_f64(),
        top_p: body["top_p"].as_f64(),
        top_k: number("top_k"),
        max_output_tokens: number("max_completion_tokens").or(number("max_tokens")),
        stop: match &body["stop"] {
            Value::String(stop) => vec![stop.clone()],
            stops => list(stops).map(text).collect(),
        },
        seed: body["seed"].as_i64(),
        frequency_penalty: body["frequency_penalty"].as_f64(),
        presence_penalty: body["presence_penalty"].as_f64(),
        logit_bias: bias.map(|(token, n)| (token.clone(), n.as_i64().unwrap() as i32)).collect::<BTreeMap<_, _>>(),
        choice_count: number("n"),
        logprobs: body["logprobs"].as_bool(),
        top_logprobs: number("top_logprobs"),
    }
}

fn message(message: &Value) -> Message {
    let role = match message["role"].as_str().unwrap() {
        "system" => Role::System,
        "developer" => Role::Developer,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "tool" => Role::Tool,
        other => panic!("unknown role {other}"),
    };
    let mut parts: Vec<_> = match &message["content"] {
        Value::String(content) => vec![Part::Text(content.clone())],
        content => list(content).map(part).collect(),
    };
    if role == Role::Tool {
        let tool_call_id = text(&message["tool_call_id"]);
        parts = vec![Part::ToolResult(ToolResult { tool_call_id, name: String::new(), parts, is_error: false })];
    }
    for call in list(&message["tool_calls"]) {
        let (id, function) = (text(&call["id"]), &call["function"]);
        if let Some(signature) = call.pointer("/extra_content/google/thought_signature") {
            parts.push(Part::ProviderState(signatures::state(&text(signature), id.clone())));
        }
        let (name, arguments) = (text(&function["name"]), text(&function["arguments"]));
        parts.push(Part::ToolCall(ToolCall { id, name, arguments, kind: ToolKind::Function }));
    }
    Message { role, parts, name: text(&message["name"]) }
}

fn part(part: &Value) -> Part {
    let data = |mime_type: &str, base64: &str| MediaSource::Data {
        mime_type: mime_type.to_owned(),
        data: STANDARD.decode(base64).unwrap().into(),
    };
    let data_url = |url: &str| {
        let (mime_type, base64) = url.strip_prefix("data:").unwrap().split_once(";base64,").unwrap();
        data(mime_type, base64)
    };
    match part["type"].as_str().unwrap() {
        "text" => Part::Text(text(&part["text"])),
        "image_url" => {
            let detail = (part["image_url"]["detail"] == "high").then_some(ImageDetail::High);
            let url = part["image_url"]["url"].as_str().unwrap();
            let source = if url.starts_with("data:") {
                data_url(url)
            } else {
                MediaSource::Url { url: url.to_owned(), mime_type: String::new() }
            };
            Part::Image(Image { source, detail })
        }
        "input_audio" => {
            let audio = &part["input_audio"];
            let mime_type = format!("audio/{}", text(&audio["format"]));
            Part::Audio(Audio { source: Some(data(&mime_type, &text(&audio["data"]))), audio_id: String::new() })
        }
        "file" => {
            let file = &part["file"];
            let source = match file["file_id"].as_str() {
                Some(id) => MediaSource::FileId(id.to_owned()),
                None => data_url(file["file_data"].as_str().unwrap()),
            };
            Part::File(File { source, filename: text(&file["filename"]) })
        }
        other => panic!("unknown part {other}"),
    }
}

fn tool(function: &Value) -> Tool {
    Tool::Function {
        name: text(&function["name"]),
        description: text(&function["description"]),
        parameters_schema: function["parameters"].to_string(),
        strict: function["strict"].as_bool(),
    }
}

fn tool_choice(choice: &Value) -> Option<ToolChoice> {
    let mode = |name: &str| match name {
        "auto" => ToolChoiceMode::Auto,
        "none" => ToolChoiceMode::None,
        "required" => ToolChoiceMode::Required,
        other => panic!("unknown mode {other}"),
    };
    let (mode, allowed_names) = match choice {
        Value::Null => return None,
        Value::String(name) => (mode(name), Vec::new()),
        choice if choice["type"] == "function" => (ToolChoiceMode::Required, vec![text(&choice["function"]["name"])]),
        choice => {
            let allowed = &choice["allowed_tools"];
            (mode(&text(&allowed["mode"])), list(&allowed["tools"]).map(|t| text(&t["function"]["name"])).collect())
        }
    };
    Some(ToolChoice { mode, allowed_names, kind: ToolKind::Function })
}

fn response_format(format: &Value) -> Option<ResponseFormat> {
    let schema = &format["json_schema"];
    match format["type"].as_str()? {
        "json_object" => Some(ResponseFormat::JsonObject),
        "json_schema" => Some(ResponseFormat::JsonSchema {
            name: text(&schema["name"]),
            description: String::new(),
            schema: schema["schema"].to_string(),
            strict: schema["strict"].as_bool(),
        }),
        other => panic!("unknown format {other}"),
    }
}

fn effort(effort: &str) -> Effort {
    let all = [Effort::None, Effort::Minimal, Effort::Low, Effort::Medium, Effort::High, Effort::Xhigh, Effort::Max];
    all.into_iter().find(|e| e.as_str() == effort).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
