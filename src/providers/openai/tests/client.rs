//! Reads the client's side of request fixtures, as the edge would.

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::{domain::chat::*, providers::adapter::Mode};

/// Returns the request and whether it asks for a stream.
pub fn read(body: &Value) -> (ChatRequest, Mode) {
    let mut rest = body.as_object().expect("an object").clone();
    // Usage is asked for anyway; only what is left of the options is the provider's to know.
    if let Some(options) = rest.get_mut("stream_options").and_then(Value::as_object_mut) {
        options.remove("include_usage");
        if options.is_empty() {
            rest.remove("stream_options");
        }
    }
    let mut take = |name: &str| rest.remove(name).filter(|value| !value.is_null());
    let text = |value: Value| value.as_str().expect("a text").to_owned();
    let number = |value: Value| value.as_f64().expect("a number");
    let whole = |value: Value| u32::try_from(value.as_u64().expect("a number")).expect("32 bits");
    let mode = if take("stream") == Some(Value::Bool(true)) { Mode::Stream } else { Mode::Unary };
    let mut request = ChatRequest { model: text(take("model").expect("a model")), ..ChatRequest::default() };
    request.messages = take("messages").expect("messages").as_array().expect("a list").iter().map(message).collect();
    let sampling = &mut request.sampling;
    sampling.max_output_tokens = take("max_completion_tokens").or(take("max_tokens")).map(whole);
    sampling.temperature = take("temperature").map(number);
    sampling.top_p = take("top_p").map(number);
    sampling.top_k = take("top_k").map(whole);
    sampling.frequency_penalty = take("frequency_penalty").map(number);
    sampling.presence_penalty = take("presence_penalty").map(number);
    sampling.seed = take("seed").and_then(|seed| seed.as_i64());
    sampling.logprobs = take("logprobs").and_then(|asked| asked.as_bool());
    sampling.top_logprobs = take("top_logprobs").map(whole);
    sampling.choice_count = take("n").map(whole);
    sampling.stop = match take("stop") {
        Some(Value::Array(list)) => list.into_iter().map(text).collect(),
        Some(one) => vec![text(one)],
        None => Vec::new(),
    };
    let bias = take("logit_bias").unwrap_or_default();
    let bias = bias.as_object().into_iter().flatten();
    sampling.logit_bias = bias.map(|(token, by)| (token.clone(), by.as_f64().expect("a number") as i32)).collect();
    request.tools = take("tools").map(|tools| list(&tools).iter().map(tool).collect()).unwrap_or_default();
    request.tool_choice = take("tool_choice").map(|choice| tool_choice(&choice));
    request.parallel_tool_calls = take("parallel_tool_calls").and_then(|wish| wish.as_bool());
    request.response_format = take("response_format").map(|format| response_format(&format));
    request.reasoning = take("reasoning_effort").map(|word| {
        let effort = serde_json::from_value::<super::super::switches::EffortName>(word).expect("an effort").effort();
        Reasoning { amount: Some(ReasoningAmount::Effort(effort)), include: None }
    });
    request.modalities = list(&take("modalities").unwrap_or_default())
        .iter()
        .map(|word| if word == "audio" { Modality::Audio } else { Modality::Text })
        .collect();
    request.audio =
        take("audio").map(|audio| AudioOutput { voice: said(&audio["voice"]), format: said(&audio["format"]) });
    let metadata = take("metadata").unwrap_or_default();
    let metadata = metadata.as_object().into_iter().flatten();
    request.metadata = metadata.map(|(name, value)| (name.clone(), said(value))).collect();
    request.store = take("store").and_then(|store| store.as_bool());
    request.end_user_id = take("user").map(text);
    request.service_tier = take("service_tier").map(text);
    request.web_search = take("web_search_options").map(|wish| web_search(&wish));
    if !rest.is_empty() {
        request.provider_options = Value::Object(rest).to_string();
    }
    (request, mode)
}

fn said(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn message(message: &Value) -> Message {
    let mut parts: Vec<Part> = Vec::new();
    if let Some(thought) = message["reasoning_content"].as_str() {
        parts.push(Part::Reasoning(thought.to_owned()));
    }
    match &message["content"] {
        Value::String(text) if text.is_empty() && message["tool_calls"].is_array() => {}
        Value::String(text) => parts.push(Part::Text(text.clone())),
        content => parts.extend(list(content).iter().map(part)),
    }
    if let Some(id) = message["audio"]["id"].as_str() {
        parts.push(Part::Audio(Audio { source: None, audio_id: id.to_owned() }));
    }
    parts.extend(list(&message["tool_calls"]).iter().map(tool_call));
    let role = match message["role"].as_str().expect("a role") {
        "system" => Role::System,
        "developer" => Role::Developer,
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "tool" => Role::Tool,
        other => panic!("role {other}"),
    };
    if role == Role::Tool {
        let (tool_call_id, name) = (said(&message["tool_call_id"]), String::new());
        parts = vec![Part::ToolResult(ToolResult { tool_call_id, name, parts, is_error: false })];
    }
    Message { role, parts, name: said(&message["name"]) }
}

fn tool_call(call: &Value) -> Part {
    let (body, arguments, kind) = match &call["custom"] {
        Value::Null => (&call["function"], "arguments", ToolKind::Function),
        custom => (custom, "input", ToolKind::Custom),
    };
    let (name, arguments) = (said(&body["name"]), said(&body[arguments]));
    Part::ToolCall(ToolCall { id: said(&call["id"]), name, arguments, kind })
}

fn source(address: &str) -> MediaSource {
    match address.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) {
        Some((mime_type, data)) => {
            let data = Bytes::from(STANDARD.decode(data).expect("base64"));
            MediaSource::Data { mime_type: mime_type.to_owned(), data }
        }
        None => MediaSource::Url { url: address.to_owned(), mime_type: String::new() },
    }
}

fn part(part: &Value) -> Part {
    match part["type"].as_str().expect("a type") {
        "text" => Part::Text(said(&part["text"])),
        "refusal" => Part::Refusal(said(&part["refusal"])),
        "image_url" => {
            let detail = part["image_url"]["detail"].as_str().map(|word| match word {
                "low" => ImageDetail::Low,
                "high" => ImageDetail::High,
                _ => ImageDetail::Auto,
            });
            Part::Image(Image { source: source(part["image_url"]["url"].as_str().expect("an address")), detail })
        }
        "input_audio" => {
            let audio = &part["input_audio"];
            let mime_type = if audio["format"] == "mp3" { "audio/mpeg" } else { "audio/wav" };
            let data = Bytes::from(STANDARD.decode(said(&audio["data"])).expect("base64"));
            let source = Some(MediaSource::Data { mime_type: mime_type.to_owned(), data });
            Part::Audio(Audio { source, audio_id: String::new() })
        }
        "file" => {
            let file = &part["file"];
            let source = match file["file_data"].as_str() {
                Some(data) => source(data),
                None => MediaSource::FileId(said(&file["file_id"])),
            };
            Part::File(File { source, filename: said(&file["filename"]) })
        }
        other => panic!("part {other}"),
    }
}

fn tool(tool: &Value) -> Tool {
    if tool["type"] == "custom" {
        let custom = &tool["custom"];
        let grammar = custom["format"]["grammar"]
            .as_object()
            .map(|grammar| Grammar { syntax: said(&grammar["syntax"]), definition: said(&grammar["definition"]) });
        return Tool::Custom { name: said(&custom["name"]), description: said(&custom["description"]), grammar };
    }
    let function = &tool["function"];
    let schema = function["parameters"].as_object().map(|schema: &Map<String, Value>| Value::from(schema.clone()));
    Tool::Function {
        name: said(&function["name"]),
        description: said(&function["description"]),
        parameters_schema: schema.map(|schema| schema.to_string()).unwrap_or_default(),
        strict: function["strict"].as_bool(),
    }
}

fn tool_choice(choice: &Value) -> ToolChoice {
    let mode = |word: &str| match word {
        "none" => ToolChoiceMode::None,
        "required" => ToolChoiceMode::Required,
        _ => ToolChoiceMode::Auto,
    };
    let name_of =
        |tool: &Value| tool["function"]["name"].as_str().or(tool["custom"]["name"].as_str()).map(str::to_owned);
    let (mode, allowed_names) = match (choice.as_str(), &choice["allowed_tools"]) {
        (Some(word), _) => (mode(word), Vec::new()),
        (None, Value::Null) => (ToolChoiceMode::Required, name_of(choice).into_iter().collect()),
        (None, allowed) => {
            (mode(&said(&allowed["mode"])), list(&allowed["tools"]).iter().filter_map(name_of).collect())
        }
    };
    ToolChoice { mode, allowed_names, kind: ToolKind::Function }
}

fn response_format(format: &Value) -> ResponseFormat {
    let schema = &format["json_schema"];
    match format["type"].as_str().expect("a type") {
        "json_object" => ResponseFormat::JsonObject,
        "json_schema" => ResponseFormat::JsonSchema {
            name: said(&schema["name"]),
            description: said(&schema["description"]),
            schema: schema["schema"].to_string(),
            strict: schema["strict"].as_bool(),
        },
        _ => ResponseFormat::Text,
    }
}

fn web_search(wish: &Value) -> WebSearch {
    let place = &wish["user_location"]["approximate"];
    let location = place.is_object().then(|| UserLocation {
        country: said(&place["country"]),
        region: said(&place["region"]),
        city: said(&place["city"]),
        timezone: said(&place["timezone"]),
    });
    WebSearch { context_size: said(&wish["search_context_size"]), user_location: location, ..WebSearch::default() }
}
