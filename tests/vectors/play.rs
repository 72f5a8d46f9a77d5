//! Plays one vector and says what differs.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{
    case::{Case, PROMPTS},
    compare::differences,
    gateways::Gateways,
    stream,
    upstream::{Reply, Seen},
};

/// What a client got.
struct Answer {
    status: u16,
    headers: http::HeaderMap,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| self.body.clone().into())
    }
}

pub async fn play(gateways: &Gateways, case: &Case) -> Vec<String> {
    match case.direction.as_str() {
        "request" => request(gateways, case).await,
        "response" => response(gateways, case).await,
        "stream" => streamed(gateways, case).await,
        "error" => error(gateways, case).await,
        other => vec![format!("nobody knows the direction {other}")],
    }
}

/// Lets a client of this vector's model get an answer, and returns the status of what it got.
pub async fn answer_with(gateways: &Gateways, case: &Case, reply: &Value) -> u16 {
    gateways.upstream.play(vec![Reply::json(200, reply)], Vec::new(), None);
    let model = case.model(case.openai["body"]["model"].as_str());
    let body = json!({"model": model, "messages": [{"role": "user", "content": "hi"}]});
    post(gateways, case, "/v1/chat/completions", &body).await.status
}

/// A client's request goes in; what the provider got is compared.
async fn request(gateways: &Gateways, case: &Case) -> Vec<String> {
    if case.openai["path"] == "/v1/models" {
        gateways.upstream.play(vec![Reply::json(503, &json!({}))], Vec::new(), None);
        get(gateways, case, "/v1/models?include_upstream=true").await;
        let path = own_path(&case.provider);
        let asked = gateways.upstream.seen().iter().any(|seen| seen.path.ends_with(&path) && seen.body.is_empty());
        return if asked { Vec::new() } else { vec![format!("nobody asked for {path}")] };
    }
    let mut body = case.openai["body"].clone();
    if let Some(model) = body["model"].as_str() {
        body["model"] = case.model(Some(model)).into();
    }
    let body = with_fetched_media(body, &case.openai["fixtures"]);
    let uploads = case.provider["pre"].as_array().into_iter().flatten();
    let uploads = uploads.map(|upload| Reply::json(200, &upload["response"]["body"])).collect();
    gateways.upstream.play(vec![Reply::json(503, &json!({"error": {"message": "enough seen"}}))], uploads, None);
    let answer = post(gateways, case, case.openai["path"].as_str().unwrap_or("/v1/chat/completions"), &body).await;
    let seen = gateways.upstream.seen();
    let wanted = match case.provider["requests"].as_array() {
        Some(all) => all.clone(),
        None => vec![case.provider.clone()],
    };
    let sent: Vec<_> = seen.iter().filter(|seen| seen.path != "/oauth" && !is_upload(seen)).collect();
    if sent.is_empty() {
        return vec![format!("nothing was sent; the client got {} {}", answer.status, answer.body)];
    }
    let mut found = Vec::new();
    for (wanted, sent) in wanted.iter().zip(sent) {
        found.extend(compare_request(wanted, sent));
    }
    found
}

fn is_upload(seen: &Seen) -> bool {
    seen.header("content-type").starts_with("multipart/")
}

fn compare_request(wanted: &Value, sent: &Seen) -> Vec<String> {
    let mut found = differences(&loosened(&wanted["body"]), &sent.json(), true);
    let path = wanted["url"].as_str().map_or_else(|| own_path(wanted), path_of);
    if !sent.path.ends_with(&path) {
        found.push(format!("the path is {}, wanted {path}", sent.path));
    }
    for (name, value) in wanted["headers"].as_object().into_iter().flatten() {
        let (value, got) = (value.as_str().unwrap_or_default(), sent.header(name));
        let same = match value.split_once("{{").or(value.split_once('$')) {
            Some((start, _)) => got.starts_with(start) && got.len() > start.len(),
            None => got == value,
        };
        if !same && name != "content-type" {
            found.push(format!("the header {name} is {got:?}, wanted {value:?}"));
        }
    }
    found
}

fn own_path(wanted: &Value) -> String {
    let query = wanted["query"].as_object().into_iter().flatten();
    let query: Vec<_> = query.map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default())).collect();
    let path = wanted["path"].as_str().unwrap_or_default();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

fn path_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or_else(String::new, |at| rest[at..].to_owned())
}

/// Puts the bytes of the vector's downloads where the addresses stand: the test has no public host to fetch from.
fn with_fetched_media(body: Value, fixtures: &Value) -> Value {
    let mut text = body.to_string();
    for (url, file) in fixtures.as_object().into_iter().flatten() {
        let (kind, data) = (file["content_type"].as_str().unwrap(), file["body_base64"].as_str().unwrap());
        text = text.replace(url, &format!("data:{kind};base64,{data}"));
    }
    serde_json::from_str(&text).unwrap()
}

/// A provider's answer comes back; what the client gets is compared.
async fn response(gateways: &Gateways, case: &Case) -> Vec<String> {
    gateways.upstream.play(case.replies(), Vec::new(), None);
    let path = path_for(case);
    if path == "/v1/models" {
        return models(case, &get(gateways, case, "/v1/models?include_upstream=true").await);
    }
    let answer = post(gateways, case, path, &ask(case, path, false)).await;
    if case.openai["status"].is_number() && case.openai["status"] != answer.status {
        return vec![format!("the status is {}, wanted {}: {}", answer.status, case.openai["status"], answer.body)];
    }
    let wanted = &case.openai["body"];
    if wanted["error"].is_object() {
        return compare_error(case, wanted, &answer);
    }
    let mut wanted = loosened(wanted);
    if wanted["created"].is_number() && !case.provider.to_string().contains("\"created\"") {
        wanted["created"] = "{{unix_now}}".into();
    }
    differences(&wanted, &answer.json(), false)
}

/// The client's list holds the models of all providers; those of the vector must be among them, with their prefix.
fn models(case: &Case, answer: &Answer) -> Vec<String> {
    let list = answer.json();
    let listed = |id: &str| list["data"].as_array().into_iter().flatten().any(|model| model["id"] == id);
    let wanted = case.openai["body"]["data"].as_array().into_iter().flatten();
    // A vector can show what other providers list; those are not behind this upstream.
    let own = wanted.filter_map(|model| model["id"].as_str()).filter(|id| case.provider.to_string().contains(id));
    let missing = own.map(|id| case.model(Some(id))).filter(|id| !listed(id));
    missing.map(|id| format!("{id} is not in the list: {}", answer.body)).collect()
}

/// Ids that somebody makes up are free.
fn loosened(wanted: &Value) -> Value {
    const MADE_UP: [&str; 7] = ["resp_", "msg_", "fc_", "cmpl-", "call_gw_", "call_legacy_", "rs_"];
    match wanted {
        Value::String(text) if MADE_UP.iter().any(|start| text.starts_with(start)) => "{{id}}".into(),
        Value::Array(items) => items.iter().map(loosened).collect(),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| (name.clone(), loosened(value)));
            Value::Object(members.collect())
        }
        other => other.clone(),
    }
}

async fn streamed(gateways: &Gateways, case: &Case) -> Vec<String> {
    gateways.upstream.play(case.replies(), Vec::new(), None);
    let path = path_for(case);
    let answer = post(gateways, case, path, &ask(case, path, true)).await;
    let wanted = case.openai["chunks"].as_array().unwrap();
    if answer.status != 200 {
        // An answer that breaks before its first visible event has a status of its own.
        let last = wanted.last().unwrap();
        return match last["error"].is_object() && wanted.len() == 1 {
            true => compare_error(case, last, &answer),
            false => vec![format!("the status is {}: {}", answer.status, answer.body)],
        };
    }
    let got = stream::events(&answer.body);
    if path == "/v1/responses" {
        return differences(&loosened(&stream::responses(wanted)), &stream::responses(&got), false);
    }
    let mut wanted = stream::add_up(wanted);
    if case.openai["done"].is_boolean() {
        wanted["ended"] = case.openai["done"].clone();
    }
    differences(&wanted, &stream::add_up(&got), false)
}

async fn error(gateways: &Gateways, case: &Case) -> Vec<String> {
    let at_oauth = case.provider["where"] == "oauth";
    let token = at_oauth.then(|| case.reply());
    gateways.upstream.play(case.replies(), Vec::new(), token);
    let answer = post(gateways, case, path_for(case), &ask(case, path_for(case), false)).await;
    let mut found = compare_error(case, &case.openai["body"], &answer);
    if case.openai["status"].is_number() && case.openai["status"] != answer.status {
        found.push(format!("the status is {}, wanted {}: {}", answer.status, case.openai["status"], answer.body));
    }
    for (name, value) in case.openai["headers"].as_object().into_iter().flatten() {
        let got = answer.headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or_default();
        let any = value.as_str().is_some_and(|v| v.starts_with('$'));
        if !any && name != "content-type" && Some(got) != value.as_str() {
            found.push(format!("the header {name} is {got:?}, wanted {value}"));
        }
    }
    found
}

/// Texts are the gateway's own; type, code and param are the contract.
fn compare_error(case: &Case, wanted: &Value, answer: &Answer) -> Vec<String> {
    let mut wanted = wanted.clone();
    if let Some(error) = wanted["error"].as_object_mut() {
        // Fixtures that leave the client's side open say null.
        error.retain(|_, value| case.openai["status"].is_number() || !value.is_null());
        error.remove("message");
    }
    let got = answer.json();
    if !got["error"]["message"].is_string() {
        return vec![format!("no error object: {}", answer.body)];
    }
    differences(&wanted["error"], &got["error"], false)
}

fn path_for(case: &Case) -> &'static str {
    let file = case.name.split_once('/').unwrap().1;
    let kinds = [
        ("responses-", "/v1/responses"),
        ("compl-", "/v1/completions"),
        ("emb-", "/v1/embeddings"),
        ("resp_embeddings", "/v1/embeddings"),
        ("models-", "/v1/models"),
        ("resp_models", "/v1/models"),
    ];
    kinds.iter().find(|(start, _)| file.starts_with(start)).map_or("/v1/chat/completions", |(_, path)| path)
}

/// The request whose answer the vector holds.
fn ask(case: &Case, path: &str, stream: bool) -> Value {
    let named = case.openai["body"]["model"].as_str().or(case.openai["chunks"][0]["model"].as_str());
    let named = named.map(|model| model.split(':').next().unwrap_or(model));
    let model = case.model(named);
    let mut body = match path {
        "/v1/responses" => json!({"model": model, "input": "hi", "instructions": "Be brief."}),
        "/v1/completions" => json!({"model": model, "prompt": "hi"}),
        "/v1/embeddings" => json!({"model": model, "input": ["a", "b"], "encoding_format": "float"}),
        _ => json!({"model": model, "messages": [{"role": "user", "content": "hi"}]}),
    };
    if case.provider["responses"].is_array() {
        body["prompt"] = json!(PROMPTS);
    }
    if stream {
        body["stream"] = true.into();
        let chunks = case.openai["chunks"].as_array().unwrap();
        if chunks.iter().any(|chunk| chunk["usage"].is_object()) {
            body["stream_options"] = json!({"include_usage": true});
        }
    }
    if case.openai["body"]["choices"][0]["message"]["function_call"].is_object() {
        body["functions"] = json!([{"name": "get_weather", "parameters": {"type": "object", "properties": {}}}]);
    }
    if case.name.ends_with("from-xai-responses") {
        body["web_search_options"] = json!({});
    }
    if case.name.contains("structured_via_function") {
        // A model that cannot be held to a schema itself.
        body["model"] = "sber/GigaChat-Pro".into();
        let schema = json!({"type": "object", "properties": {"answer": {"type": "string"}, "n": {"type": "integer"}}});
        body["response_format"] = json!({"type": "json_schema", "json_schema": {"name": "out", "schema": schema}});
    }
    body
}

async fn post(gateways: &Gateways, case: &Case, path: &str, body: &Value) -> Answer {
    let request = gateways.of(case).post(path, "application/json").body(body.to_string());
    // A key of its own, so that no case lives on another one's access token.
    let request = request.header("x-gigachat-api-key", STANDARD.encode(&case.name));
    answer(request.send().await.unwrap()).await
}

async fn get(gateways: &Gateways, case: &Case, path: &str) -> Answer {
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let mut request = client.get(format!("http://{}{path}", gateways.of(case).edge));
    // Lists are remembered for each key.
    for provider in ["google", "xai", "perplexity", "anthropic", "gigachat", "provider"] {
        request = request.header(format!("x-{provider}-api-key"), STANDARD.encode(&case.name));
    }
    answer(request.bearer_auth(crate::support::gateway::KEY).send().await.unwrap()).await
}

async fn answer(response: reqwest::Response) -> Answer {
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, body: response.text().await.unwrap_or_default() }
}
