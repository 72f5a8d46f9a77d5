//! Builds the settings of the built-in providers.

use super::{
    parse::{self, PlainHttp},
    reader::Reader,
    settings::{Tls, Tokens, Upstream, Upstreams},
};
use crate::providers::two_formats::{PerplexityApi, XaiApi};

pub fn upstreams(read: &mut Reader<'_>, plain: PlainHttp) -> Option<Upstreams> {
    let google = simple(read, plain, "GOOGLE_AI_STUDIO_BASE_URL", "GOOGLE_AI_STUDIO_API_KEY");
    let xai = simple(read, plain, "XAI_API_BASE_URL", "XAI_API_KEY");
    let perplexity = simple(read, plain, "PERPLEXITY_API_BASE_URL", "PERPLEXITY_API_KEY");
    let anthropic = simple(read, plain, "ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY");
    let gigachat = gigachat(read, plain);
    let apis = [("mixed", XaiApi::Mixed), ("responses", XaiApi::Responses)];
    let xai_api = read.parsed("XAI_API", |text| parse::one_of(text, &apis));
    let apis = [("agent", PerplexityApi::Agent), ("sonar", PerplexityApi::Sonar)];
    let perplexity_api = read.parsed("PERPLEXITY_API", |text| parse::one_of(text, &apis));
    let thresholds = ["OFF", "BLOCK_NONE", "BLOCK_ONLY_HIGH", "BLOCK_MEDIUM_AND_ABOVE", "BLOCK_LOW_AND_ABOVE"];
    let thresholds = thresholds.map(|word| (word, word));
    let gemini_safety_threshold =
        read.parsed_or_none("GEMINI_SAFETY_THRESHOLD", |text| parse::one_of(text, &thresholds));
    let media_hosts = read.parsed_or_none("AIGW_FETCH_REMOTE_MEDIA_HOSTS", parse::hosts).unwrap_or_default();
    Some(Upstreams {
        google: google?,
        xai: xai?,
        perplexity: perplexity?,
        anthropic: anthropic?,
        gigachat: gigachat?,
        xai_api: xai_api?,
        perplexity_api: perplexity_api?,
        gemini_safety_threshold,
        allow_insecure: plain == PlainHttp::Anywhere,
        media_hosts,
    })
}

/// A provider that is reached with a base URL and a key.
fn simple(read: &mut Reader<'_>, plain: PlainHttp, url: &str, key: &str) -> Option<Upstream> {
    let api_key = read.secret(key);
    let base_url = read.parsed(url, |text| parse::upstream_url(text, plain))?;
    Some(Upstream { base_url, api_key, ..Upstream::default() })
}

fn gigachat(read: &mut Reader<'_>, plain: PlainHttp) -> Option<Upstream> {
    const INDIVIDUALS: &str = "GIGACHAT_API_PERS";
    let mut url = |name| read.parsed(name, |text| parse::upstream_url(text, plain));
    let (chat_url, files_url, token_url) =
        (url("GIGACHAT_CHAT_URL"), url("GIGACHAT_FILES_URL"), url("GIGACHAT_TOKEN_URL"));
    let scopes = [INDIVIDUALS, "GIGACHAT_API_B2B", "GIGACHAT_API_CORP"].map(|scope| (scope, scope));
    let scope = read.parsed("GIGACHAT_SCOPE", |text| parse::one_of(text, &scopes));
    let most = read.parsed_or_none("GIGACHAT_MAX_CONCURRENT", |text| parse::count(text, 1));
    let tls = Tls {
        ca_file: read.path("GIGACHAT_CA_FILE"),
        cert_file: read.path("GIGACHAT_CERT_FILE"),
        key_file: read.path("GIGACHAT_KEY_FILE"),
        advice: "if that is right, set GIGACHAT_CA_FILE to a PEM file with it; see docs/security.md",
    };
    match (&tls.cert_file, &tls.key_file) {
        (Some(_), None) => {
            read.problem("GIGACHAT_CERT_FILE", "a certificate needs its key: set GIGACHAT_KEY_FILE".into())
        }
        (None, Some(_)) => {
            read.problem("GIGACHAT_KEY_FILE", "a key needs its certificate: set GIGACHAT_CERT_FILE".into())
        }
        _ => {}
    }
    let (api_key, scope) = (read.secret("GIGACHAT_AUTH_KEY"), scope?);
    Some(Upstream {
        base_url: chat_url?,
        api_key,
        tokens: Some(Tokens { url: token_url?, scope: scope.to_owned() }),
        files_url: Some(files_url?),
        tls: Some(tls),
        max_concurrent: Some(most.unwrap_or(if scope == INDIVIDUALS { 1 } else { 10 })),
    })
}
