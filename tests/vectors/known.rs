//! Vectors that do not pass here, with the reason.

const NEVER_401: &str = "a refused provider key is never 401 or 403: product page, section 5, and openai.md, section 6";
const NO_TEXT: &str = "an answer that was withheld has an empty text, as in openai/resp-08";
const ONE_WORD: &str = "one word for all providers, that of openai.md, section 6";

/// Vectors the gateway disagrees with: they are run, and must differ.
pub const DISAGREE: &[(&str, &str)] = &[
    ("gemini/err_api_disabled", NEVER_401),
    ("gemini/err_auth_key_rejected", NEVER_401),
    ("gemini/err_expired_key", NEVER_401),
    ("gemini/err_invalid_key", NEVER_401),
    ("gemini/err_location", NEVER_401),
    ("gemini/err_no_key", NEVER_401),
    ("gemini/err_overloaded", ONE_WORD),
    ("gemini/err_quota_per_minute", ONE_WORD),
    ("gemini/resp_prompt_blocked", NO_TEXT),
    ("gemini/resp_safety_no_content", NO_TEXT),
    ("gemini/stream_error_midway", ONE_WORD),
    ("gemini/stream_truncated_no_finish", ONE_WORD),
    ("gigachat/err_oauth_bad_scope_format", NEVER_401),
    ("gigachat/err_oauth_undecodable_authorization", NEVER_401),
    ("gigachat/err_permission_denied", NEVER_401),
    ("gigachat/err_rate_limited", ONE_WORD),
    ("gigachat/err_token_expired", NEVER_401),
    ("gigachat/err_unauthorized", NEVER_401),
    ("gigachat/stream_truncated_no_done", ONE_WORD),
    ("openai/compl-01-legacy-array-prompt", "responses-01 wants the newer name of the limit for the same model"),
    ("openai/err-02-edge-bad-key", NEVER_401),
    ("openai/err-08-overloaded", "the sheet allows both types; the table has one"),
    ("openai/err-09-server-error", "a provider's 500 is 502 here: product page, section 5"),
    ("openai/err-12-content-filter", "one code for every policy: product page, section 5"),
    ("openai/generic-16-error-fireworks", "gigachat/err_no_such_model names the field for the same situation"),
    ("openai/generic-08-mistral-request", "any nine letters do that the same id always becomes; ours are others"),
    ("openai/req-02-content-unions", "the contract keeps texts, not which of two equal spellings they had"),
    ("openai/req-12-unknown-field-kept", "the contract has no place for unknown members of messages"),
    ("openai/req-13-stop-array-n2", "nobody pads streams here, so there is nothing to switch off"),
    ("openai/responses-05-stream-failed", "before the first output there is a real status: openai.md, section 4"),
];

/// Vectors about something that does not pass through the gateway's REST face, with what runs them or why nothing does.
pub const ELSEWHERE: &[(&str, &str)] = &[
    ("gemini/req_count_tokens", "the adapter's tests: there is no rpc for it"),
    ("gemini/resp_count_tokens", "the adapter's tests: there is no rpc for it"),
    ("gemini/req_logprobs_where_allowed", "the adapter's tests: the catalog refuses models that were shut down"),
    ("gemini/req_sampling_full_gemini2", "the adapter's tests: the catalog refuses models that were shut down"),
    ("gemini/req_tools_openapi_subset", "the adapter's tests: the catalog refuses models that were shut down"),
    ("gemini/table_finish_reasons", "the adapter's tests: a table"),
    ("gigachat/table_finish_reasons", "the adapter's tests: a table"),
    ("gigachat/err_tls_unknown_issuer", "the tests of upstream, over real TLS"),
    ("gigachat/req_oauth_token", "the adapter's tests; every case here gets its token so"),
    ("gigachat/req_oauth_token_from_client_pair", "the adapter's tests"),
    ("gigachat/resp_oauth_ms", "the adapter's tests; every case here gets its token so"),
    ("gigachat/resp_oauth_seconds", "the adapter's tests"),
    ("gigachat/resp_oauth_tok_exp", "the adapter's tests"),
    ("gigachat/resp_file_upload", "the adapter's tests; req_image_https_and_pdf uploads here"),
    ("gigachat/req_tokens_count", "not covered: there is no rpc for it"),
    ("gigachat/resp_tokens_count", "not covered: there is no rpc for it"),
    ("gigachat/resp_balance", "not covered: there is no rpc for it"),
    ("openai/generic-24-deepseek-reasoning-echo", "what_came_before_is_remembered, below"),
    ("perplexity/async-01-submit", "not covered: the contract has no background jobs"),
    ("perplexity/async-02-poll", "not covered: the contract has no background jobs"),
    ("xai/deferred-01-start", "not covered: the contract has no background jobs"),
    ("xai/deferred-02-poll-pending", "not covered: the contract has no background jobs"),
    ("xai/grpc-01-request", "not covered: xAI is asked over REST"),
    ("xai/grpc-02-response", "not covered: xAI is asked over REST"),
    ("xai/grpc-05-error", "not covered: xAI is asked over REST"),
    ("xai/grpc-06-language-model", "not covered: xAI is asked over REST"),
];
