//! A vector file: what a client sees on one side, what a provider sees on the other.

use std::{fs, path::Path};

use serde_json::Value;

use crate::upstream::Reply;

/// The folders below `tests/fixtures`.
pub const FOLDERS: [&str; 5] = ["gemini", "gigachat", "openai", "perplexity", "xai"];

/// What is asked where a vector has several answers.
pub const PROMPTS: [&str; 2] = ["Say A", "Say B"];

pub struct Case {
    /// Folder and file, such as `gemini/req_text_basic`.
    pub name: String,
    pub direction: String,
    pub openai: Value,
    pub provider: Value,
}

impl Case {
    pub fn folder(&self) -> &str {
        self.name.split('/').next().unwrap_or_default()
    }

    /// The model to ask for, so that the request reaches the provider the vector is about.
    pub fn model(&self, named: Option<&str>) -> String {
        let (folder, file) = self.name.split_once('/').unwrap();
        let (provider, default) = match folder {
            "gemini" => ("google", "gemini-2.5-flash"),
            "gigachat" => ("sber", "GigaChat-2-Max"),
            "perplexity" => ("perplexity", "sonar"),
            "xai" => ("x-ai", "grok-4.3"),
            _ => vendor(file),
        };
        let named = named.unwrap_or(default);
        format!("{provider}/{}", named.strip_prefix("perplexity/").unwrap_or(named))
    }

    /// Whether a vector of Perplexity is about its newer API.
    pub fn is_about_agents(&self) -> bool {
        let file = self.name.split('/').next_back().unwrap_or_default();
        ["agent-", "err-05", "models-"].iter().any(|start| file.starts_with(start))
    }

    /// The upstream's answer as the vector has it.
    pub fn reply(&self) -> Reply {
        reply_of(&self.provider)
    }

    pub fn replies(&self) -> Vec<Reply> {
        match self.provider["responses"].as_array() {
            Some(all) => {
                let asked = |(reply, prompt): (&Value, &str)| Reply { asked: prompt.to_owned(), ..reply_of(reply) };
                all.iter().zip(PROMPTS).map(asked).collect()
            }
            None => vec![self.reply()],
        }
    }
}

/// Which of the configured vendors a vector is about, and a model of it.
fn vendor(file: &str) -> (&'static str, &'static str) {
    const VENDORS: [(&str, &str); 12] = [
        ("azure", "azure"),
        ("groq", "groq"),
        ("deepseek", "deepseek"),
        ("mistral", "mistral"),
        ("llamacpp", "llama-cpp"),
        ("vllm", "vllm"),
        ("fireworks", "fireworks"),
        ("fastapi", "vllm"),
        ("lmstudio", "lm-studio"),
        ("anthropic", "anthropic"),
        ("local", "ollama"),
        ("", "openai"),
    ];
    let (_, vendor) = VENDORS.into_iter().find(|(part, _)| file.contains(part)).unwrap();
    match vendor {
        "openai" => ("openai", "gpt-4o-mini"),
        "anthropic" => ("anthropic", "claude-sonnet-4-5-20250929"),
        other => (other, "a-model"),
    }
}

fn reply_of(side: &Value) -> Reply {
    let headers = side["headers"].as_object().into_iter().flatten();
    let headers: Vec<_> =
        headers.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect();
    let kind = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.clone());
    Reply {
        status: side["status"].as_u64().unwrap_or(200) as u16,
        content_type: kind("content-type").unwrap_or_default(),
        asked: String::new(),
        headers: headers.iter().filter(|(n, _)| n != "content-type" && n != "content-length").cloned().collect(),
        pieces: pieces(side),
    }
}

fn pieces(side: &Value) -> Vec<Vec<u8>> {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    if let Some(pieces) = side["raw_pieces_base64"].as_array() {
        return pieces.iter().map(|piece| STANDARD.decode(piece.as_str().unwrap()).unwrap()).collect();
    }
    if let Some(raw) = side["raw_sse"].as_str() {
        return vec![raw.as_bytes().to_vec()];
    }
    if let Some(chunks) = side["chunks"].as_array() {
        return sse(chunks, side["event_lines"] == true, side["done"] == true);
    }
    match &side["body"] {
        Value::String(text) => vec![text.as_bytes().to_vec()],
        Value::Null => Vec::new(),
        json => vec![json.to_string().into_bytes()],
    }
}

fn sse(chunks: &[Value], event_lines: bool, done: bool) -> Vec<Vec<u8>> {
    let mut pieces: Vec<_> = chunks
        .iter()
        .map(|chunk| match chunk {
            Value::String(line) => format!("{line}\n\n"),
            json if event_lines => format!("event: {}\ndata: {json}\n\n", json["type"].as_str().unwrap_or_default()),
            json => format!("data: {json}\n\n"),
        })
        .map(String::into_bytes)
        .collect();
    if done {
        pieces.push(b"data: [DONE]\n\n".to_vec());
    }
    pieces
}

/// Reads every vector, in order.
pub fn all() -> Vec<Case> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut cases = Vec::new();
    for folder in FOLDERS {
        let files = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files.filter(|path| path.extension().is_some_and(|e| e == "json")).collect();
        files.sort();
        for path in files {
            let mut json: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            cases.push(Case {
                name: format!("{folder}/{}", path.file_stem().unwrap().to_str().unwrap()),
                direction: json["direction"].as_str().unwrap_or_default().to_owned(),
                openai: json["openai"].take(),
                provider: json["provider"].take(),
            });
        }
    }
    cases
}
