//! The tables behind `classify`: words of providers and what they mean.

use crate::domain::failure::FailureClass::{self, *};

/// Codes that decide by themselves, whatever the status.
const CODES: &[(FailureClass, &[&str])] = &[
    (
        Credential,
        &[
            "invalid_api_key",
            "api_key_invalid",
            "incorrect_api_key",
            "expired_api_key",
            "authentication_error",
            "invalid_authentication",
            "unauthenticated",
            "unauthorized",
            "account_deactivated",
            "service_disabled",
            "upstream_auth",
        ],
    ),
    (
        ContextLength,
        &["context_length_exceeded", "exceed_context_size_error", "context_window_exceeded", "prompt_too_long"],
    ),
    (
        Blocked,
        &[
            "content_filter",
            "content_policy_violation",
            "content_filtered",
            "invalid_prompt",
            "moderation_blocked",
            "moderation_error",
            "responsibleaipolicyviolation",
            "data_inspection_failed",
        ],
    ),
    (Model, &["model_not_found", "model_not_available", "invalid_model", "model_decommissioned", "deploymentnotfound"]),
    (
        Overload,
        &[
            "server_is_overloaded",
            "slow_down",
            "overloaded_error",
            "engine_overloaded",
            "engine_overloaded_error",
            "capacity_exceeded",
            "model_overloaded",
        ],
    ),
    (
        RateLimit,
        &[
            "rate_limit_exceeded",
            "rate_limit_error",
            "request_rate_limit_exceeded",
            "rate_limited",
            "too_many_requests",
        ],
    ),
    (
        Caller,
        &[
            "unsupported_parameter",
            "unsupported_value",
            "unknown_parameter",
            "missing_required_parameter",
            "string_above_max_length",
            "invalid_message",
        ],
    ),
];

/// Codes that say no more than a status would; they count where there is no status, as inside a stream.
const GENERAL_CODES: &[(FailureClass, &[&str])] = &[
    (Credential, &["permission_denied", "permission_error", "permissiondeniederror", "authenticationerror"]),
    (Model, &["not_found", "not_found_error", "notfounderror"]),
    (RateLimit, &["requests", "tokens", "resource_exhausted", "ratelimiterror"]),
    (Overload, &["unavailable", "service_unavailable", "service_unavailable_error"]),
    (Timeout, &["timeout", "timeout_error", "deadline_exceeded", "gateway_timeout", "request_timeout"]),
    (
        ServerError,
        &[
            "server_error",
            "internal",
            "internal_error",
            "internal_server_error",
            "internalservererror",
            "api_error",
            "upstream_error",
            "bad_gateway",
        ],
    ),
    (
        Caller,
        &["invalid_request_error", "invalid_request", "invalid_argument", "badrequesterror", "failed_precondition"],
    ),
];

const QUOTA_CODES: &[&str] = &[
    "insufficient_quota",
    "insufficient_balance",
    "insufficient_credits",
    "credit_balance_exhausted",
    "billing_hard_limit_reached",
    "billing_not_active",
    "billing_error",
    "payment_required",
    "spending-limit",
    "spending_limit",
    "perday",
];

const QUOTA_PHRASES: &[&str] = &[
    "exceeded your current quota",
    "insufficient quota",
    "insufficient balance",
    "insufficient credit",
    "insufficient funds",
    "credit balance",
    "out of credit",
    "available credits",
    "credits are depleted",
    "enough credits",
    "more credits",
    "no credit",
    "spending limit",
    "prepayment",
    "payment required",
    "billing hard limit",
    "check your billing",
];

/// Phrases by class, with the statuses they count for. The first that fits wins.
const PHRASES: &[(FailureClass, &[u16], &[&str])] = &[
    (
        Credential,
        &[200, 400, 401, 403],
        &[
            "incorrect api key",
            "invalid api key",
            "invalid api-key",
            "api key not valid",
            "api key is invalid",
            "api key expired",
            "api key is missing",
            "api key not found",
            "no api key",
            "no authorization header",
            "invalid authentication",
            "authentication failed",
            "invalid token",
        ],
    ),
    (
        ContextLength,
        &[200, 400, 403, 413, 422, 500],
        &[
            "context length",
            "context_length",
            "context window",
            "context size",
            "maximum context",
            "exceed_context",
            "exceeds the maximum number of tokens",
            "prompt is too long",
            "prompt too long",
            "input is too long",
            "input too long",
            "input length",
            "too many input tokens",
            "too many tokens in",
            "n_ctx",
        ],
    ),
    (
        Blocked,
        &[200, 400, 403, 422],
        &[
            "content filter",
            "content policy",
            "content management policy",
            "content violates",
            "usage policy",
            "usage policies",
            "usage guidelines",
            "safety system",
            "moderation",
            "was flagged",
            "been flagged",
        ],
    ),
    (
        Overload,
        &[200, 429, 498, 500, 502, 503, 529],
        &[
            "temporarily unavailable",
            "currently unavailable",
            "overloaded",
            "over capacity",
            "at capacity",
            "loading model",
        ],
    ),
    (RateLimit, &[200, 400, 403, 503], &["rate limit", "rate-limit", "too many requests"]),
];

const MODEL_GONE: &[&str] = &[
    "not found",
    "does not exist",
    "doesn't exist",
    "not deployed",
    "no longer available",
    "decommissioned",
    "unknown model",
    "invalid model",
    "do not have access to",
    "does not have access to",
    "try pulling it",
];

pub fn says_quota(code: &str, kind: &str, message: &str) -> bool {
    // Google says "exceeded your current quota" of its limits per minute too; only the code tells those apart.
    let may_be_per_minute = [code, kind].contains(&"resource_exhausted");
    QUOTA_CODES.iter().any(|word| code.contains(word) || kind.contains(word))
        || QUOTA_PHRASES.iter().skip(usize::from(may_be_per_minute)).any(|phrase| message.contains(phrase))
}

pub fn by_code(code: &str) -> Option<FailureClass> {
    find(CODES, code)
}

pub fn by_general_code(code: &str) -> Option<FailureClass> {
    find(GENERAL_CODES, code)
}

fn find(table: &[(FailureClass, &[&str])], code: &str) -> Option<FailureClass> {
    table.iter().find(|(_, words)| words.contains(&code)).map(|(class, _)| *class)
}

/// xAI puts a sentence where others put a code, so phrases are looked for in both.
pub fn by_phrase(status: u16, code: &str, message: &str) -> Option<FailureClass> {
    let contains = |phrase: &&str| message.contains(*phrase) || code.contains(*phrase);
    let found =
        PHRASES.iter().find(|(_, statuses, phrases)| statuses.contains(&status) && phrases.iter().any(contains));
    if let Some((class, ..)) = found {
        return Some(*class);
    }
    let names_model = matches!(status, 200 | 400 | 403 | 422) && message.contains("model");
    (names_model && MODEL_GONE.iter().any(contains)).then_some(Model)
}

pub fn by_status(status: u16) -> Option<FailureClass> {
    match status {
        401 | 403 => Some(Credential),
        402 => Some(Quota),
        404 | 410 => Some(Model),
        408 | 504 => Some(Timeout),
        429 => Some(RateLimit),
        425 | 498 | 503 | 529 => Some(Overload),
        424 => Some(ServerError),
        400..=499 => Some(Caller),
        500..=599 => Some(ServerError),
        _ => None,
    }
}
