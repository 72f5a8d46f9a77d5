//! The gateway of these tests, with every provider behind the same upstream.

use std::io::Write as _;

use crate::{case::Case, support::gateway::Gateway, upstream::Upstream};

pub struct Gateways {
    pub usual: Gateway,
    /// With the choices of operators that some vectors assume.
    pub chosen: Gateway,
    pub upstream: Upstream,
    _config: tempfile::NamedTempFile,
}

/// Vendors of the vectors, with the part of their address behind the host.
const VENDORS: [(&str, &str); 10] = [
    ("openai", "/v1"),
    ("azure", ""),
    ("groq", "/openai/v1"),
    ("deepseek", ""),
    ("mistral", "/v1"),
    ("llama-cpp", "/v1"),
    ("vllm", "/v1"),
    ("fireworks", "/inference/v1"),
    ("lm-studio", "/v1"),
    ("ollama", "/v1"),
];

impl Gateways {
    pub async fn start() -> Self {
        let upstream = Upstream::start().await;
        let url = format!("http://{}", upstream.addr);
        let mut config = tempfile::NamedTempFile::with_suffix(".yaml").unwrap();
        config.write_all(vendors(&url).as_bytes()).unwrap();
        let at = |path: &str| format!("{url}{path}");
        let (google, xai, perplexity) = (at("/google"), at("/xai/v1"), at("/perplexity"));
        let (token, gigachat, files) = (at("/oauth"), at("/gigachat/chat/completions"), at("/gigachat/files"));
        let anthropic = at("/anthropic");
        let settings = [
            ("AIGW_CONFIG", config.path().to_str().unwrap()),
            ("AIGW_MAX_ATTEMPTS", "1"),
            ("GOOGLE_AI_STUDIO_BASE_URL", &google),
            ("GOOGLE_AI_STUDIO_API_KEY", "upstream-key"),
            ("XAI_API_BASE_URL", &xai),
            ("XAI_API_KEY", "upstream-key"),
            ("PERPLEXITY_API_BASE_URL", &perplexity),
            ("PERPLEXITY_API_KEY", "upstream-key"),
            ("GIGACHAT_TOKEN_URL", &token),
            ("GIGACHAT_CHAT_URL", &gigachat),
            ("GIGACHAT_FILES_URL", &files),
            ("ANTHROPIC_BASE_URL", &anthropic),
            ("ANTHROPIC_API_KEY", "upstream-key"),
        ];
        let choices = [("PERPLEXITY_API", "sonar"), ("GEMINI_SAFETY_THRESHOLD", "BLOCK_NONE")];
        let chosen = Gateway::start(&[&settings[..], &choices].concat()).await;
        Self { usual: Gateway::start(&settings).await, chosen, upstream, _config: config }
    }

    /// Returns the gateway a vector is about.
    pub fn of(&self, case: &Case) -> &Gateway {
        let name = case.name.as_str();
        let sonar = name.starts_with("perplexity/") && !case.is_about_agents();
        if sonar || name == "gemini/req_safety_settings_and_tier" { &self.chosen } else { &self.usual }
    }

    pub async fn stop(self) {
        self.usual.stop().await;
        self.chosen.stop().await;
    }
}

fn vendors(url: &str) -> String {
    let mut yaml = String::from("providers:\n");
    for (name, path) in VENDORS {
        yaml += &format!("  - name: {name}\n    base_url: {url}/{name}{path}\n    api_key: upstream-key\n");
    }
    yaml
}
