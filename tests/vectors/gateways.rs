//! The gateway of these tests, with every provider behind the same upstream.

use std::{fs, io::Write as _};

use crate::{support::gateway::Gateway, upstream::Upstream};

pub struct Gateways {
    pub gateway: Gateway,
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
    ("llamacpp", "/v1"),
    ("vllm", "/v1"),
    ("fireworks", "/inference/v1"),
    ("lmstudio", "/v1"),
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
        let (token, gigachat) = (at("/oauth"), at("/gigachat"));
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
            ("GIGACHAT_AUTH_KEY", "dXBzdHJlYW06a2V5"),
        ];
        let gateway = Gateway::start(&settings).await;
        Self { gateway, upstream, _config: config }
    }

    pub async fn stop(self) {
        self.gateway.stop().await;
        drop(fs::remove_file(self._config.path()));
    }
}

fn vendors(url: &str) -> String {
    let mut yaml = String::from("providers:\n");
    for (name, path) in VENDORS {
        yaml += &format!("  - name: {name}\n    base_url: {url}/{name}{path}\n    api_key: upstream-key\n");
    }
    yaml
}
