//! Names that others look for: OpenTelemetry's conventions for generative AI (1.41), as Prometheus writes them, and our
//! own, which begin with `aigw_`.

use crate::domain::consumption::Operation;

pub const REQUESTS: [&str; 2] = ["aigw_requests_total", "Requests for models, by how they ended."];
pub const ATTEMPTS: [&str; 2] = ["aigw_attempts_total", "Calls of providers, by how they ended."];
pub const ATTEMPT_SECONDS: [&str; 2] =
    ["aigw_attempt_duration_seconds", "Time of a call of a provider until it failed or its answer began."];
pub const FAILOVERS: [&str; 2] = ["aigw_failovers_total", "Moves to another key, by the failure that led to it."];
pub const RETRIES: [&str; 2] =
    ["aigw_retries_total", "Calls repeated with the same key, by the failure that led to it."];
pub const TOKENS: [&str; 2] =
    ["aigw_tokens_total", "Tokens as far as they are known. Cached ones are input, too, and reasoning is output, too."];
pub const COST: [&str; 2] = ["aigw_cost_usd_total", "Cost in US dollars, of requests that have a price."];
pub const LOST: [&str; 2] =
    ["aigw_records_lost_total", "Records that could not be kept: they came faster than they could be written."];

pub const CALLS: [&str; 2] =
    ["aigw_grpc_calls_total", "Calls of the gRPC services, also those of the REST face inside."];
pub const CALLS_IN_FLIGHT: [&str; 2] =
    ["aigw_grpc_calls_in_flight", "Calls that are being answered, streams included."];
pub const MAX_CALLS_IN_FLIGHT: [&str; 2] =
    ["aigw_grpc_calls_in_flight_limit", "Most calls at a time; more are refused (AIGW_MAX_IN_FLIGHT)."];
pub const CALLS_SHED: [&str; 2] = ["aigw_grpc_calls_shed_total", "Calls refused because there were too many."];
pub const PROVIDER_KEYS: [&str; 2] = ["aigw_provider_keys", "Stored provider keys, by whether they can be used."];
pub const PROVIDER_STATE: [&str; 2] = ["aigw_provider_state", "1 for the state that a provider is in."];
pub const RETRY_BUDGET: [&str; 2] = ["aigw_retry_budget_tokens", "Repeats that a provider may be asked for at once."];
pub const DATABASE_UP: [&str; 2] = ["aigw_database_up", "Whether the database was there when it was last looked for."];

pub const DURATION: [&str; 2] =
    ["gen_ai_client_operation_duration_seconds", "Time of a request, streams included. Failed ones name no model."];
pub const FIRST_CHUNK: [&str; 2] =
    ["gen_ai_client_operation_time_to_first_chunk_seconds", "Time of a streamed request until its first output."];
pub const TOKEN_USAGE: [&str; 2] = ["gen_ai_client_token_usage", "Tokens of a request, as far as they are known."];

pub const GEN_AI_OPERATION: &str = "gen_ai_operation_name";
pub const GEN_AI_PROVIDER: &str = "gen_ai_provider_name";
pub const GEN_AI_MODEL: &str = "gen_ai_request_model";
pub const GEN_AI_TOKEN_TYPE: &str = "gen_ai_token_type";
pub const ERROR_TYPE: &str = "error_type";

/// Seconds, from a hundredth to a minute and a half.
pub const SECONDS: [f64; 14] = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92];
/// Tokens, in powers of four.
pub const TOKEN_COUNTS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// OpenTelemetry's word for an operation. Text out of a picture is a multimodal generation.
pub fn gen_ai_operation(operation: Operation) -> &'static str {
    match operation {
        Operation::Chat => "chat",
        Operation::Embeddings => "embeddings",
        Operation::Vision => "generate_content",
    }
}
