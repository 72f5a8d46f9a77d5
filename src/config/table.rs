//! THE table of settings.

use super::setting::{
    Group::{Limits, Logging, Models, Serving, State, Timeouts, Upstreams},
    Setting, Shown, plain, secret,
};

/// Every setting, in the order in which people meet them.
pub const SETTINGS: &[Setting] = &[
    Setting {
        yaml: None,
        ..plain(
            Serving,
            ["AIGW_CONFIG", "config", ""],
            "",
            "YAML file with settings and providers. Without it, there are the built-in providers only.",
        )
    },
    plain(Serving, ["AIGW_GRPC_ADDR", "grpc-addr", "grpc_addr"], "127.0.0.1:50051", "Where the gRPC service listens."),
    plain(Serving, ["AIGW_EDGE_ADDR", "edge-addr", "edge_addr"], "127.0.0.1:6161", "Where the REST edge listens."),
    plain(
        Serving,
        ["AIGW_METRICS_ADDR", "metrics-addr", "metrics_addr"],
        "",
        "A port of its own for `/metrics`, such as `0.0.0.0:9464`. Without it, they are on the REST edge, for anybody.",
    ),
    plain(
        Serving,
        ["AIGW_AUTH", "auth", "auth"],
        "required",
        "`required` asks every caller for a gateway key. `off` asks nobody, and is refused unless both addresses are \
         loopback addresses.",
    ),
    plain(
        Serving,
        ["AIGW_CORS_ORIGINS", "cors-origins", "cors_origins"],
        "",
        "Web pages of these origins may call the gateway from a browser: a comma list such as \
         `https://app.example.com`, or `*`. Without it, only the gateway's own pages may.",
    ),
    plain(
        State,
        ["AIGW_DATA_DIR", "data-dir", "data_dir"],
        "./data",
        "Folder of the SQLite file and the generated master key. Created with mode 0700.",
    ),
    Setting {
        shown: Shown::Url,
        ..plain(
            State,
            ["DATABASE_URL", "database-url", "database.url"],
            "",
            "`sqlite://path/to/file` or `postgres://user:password@host/database`. Without it, a SQLite file in the \
             data directory.",
        )
    },
    plain(
        State,
        ["AIGW_DATABASE_MAX_CONNECTIONS", "database-max-connections", "database.max_connections"],
        "10",
        "Most connections to PostgreSQL.",
    ),
    plain(
        State,
        ["AIGW_ACTIVITY_RETENTION_DAYS", "activity-retention-days", "retention.activity_days"],
        "90",
        "For how many days the activity of provider keys is kept. 0 keeps it for ever.",
    ),
    plain(
        State,
        ["AIGW_USAGE_RETENTION_DAYS", "usage-retention-days", "retention.usage_days"],
        "90",
        "For how many days the record of each request is kept. Their sums by day are kept for ever, and so are the \
         records with 0.",
    ),
    secret(
        State,
        ["AIGW_BOOTSTRAP_KEY", "bootstrap_key"],
        "The first gateway key, created when the store is empty: any visible ASCII without spaces, best 32 characters \
         or more. Without it, a random key is printed once.",
    ),
    secret(
        State,
        ["AIGW_MASTER_KEY", "master_key"],
        "Wraps the keys that encrypt provider keys: 32 bytes in url-safe base64. Without it, one is generated in the \
         data directory.",
    ),
    plain(
        State,
        ["AIGW_MASTER_KEY_FILE", "master-key-file", "master_key_file"],
        "",
        "File that holds the master key, instead of `AIGW_MASTER_KEY`.",
    ),
    Setting {
        yaml: None,
        ..secret(
            State,
            ["APP_ENCRYPTION_KEY", ""],
            "The master key under its earlier name. Read when neither of the two above is set.",
        )
    },
    Setting {
        yaml: None,
        ..secret(
            State,
            ["AIGW_NEW_MASTER_KEY", ""],
            "The key that `rotate-master-key` puts in the place of the master key. Without it, one that the gateway has \
             generated is replaced by a generated one.",
        )
    },
    Setting {
        yaml: None,
        ..plain(
            State,
            ["AIGW_NEW_MASTER_KEY_FILE", "new-master-key-file", ""],
            "",
            "File that holds the new master key, instead of `AIGW_NEW_MASTER_KEY`.",
        )
    },
    plain(
        Logging,
        ["AIGW_LOG", "log", "log.filter"],
        "info",
        "What is logged: a level, or a filter such as `info,ai_model_gateway=debug`.",
    ),
    plain(
        Logging,
        ["AIGW_LOG_FORMAT", "log-format", "log.format"],
        "auto",
        "`pretty` for people, `json` for machines; `auto` is pretty on a terminal.",
    ),
    plain(
        Limits,
        ["AIGW_MAX_MESSAGE_BYTES", "max-message-bytes", "limits.max_message_bytes"],
        "32MiB",
        "Largest request and answer.",
    ),
    plain(
        Limits,
        ["AIGW_MAX_IMAGE_BYTES", "max-image-bytes", "limits.max_image_bytes"],
        "20MiB",
        "Largest image or PDF that comes as bytes: in a chat, to extract text from, or as an upload.",
    ),
    plain(
        Limits,
        ["AIGW_MAX_IN_FLIGHT", "max-in-flight", "limits.max_in_flight"],
        "4096",
        "Most requests and streams served at once; more are told to come back.",
    ),
    plain(
        Limits,
        ["AIGW_MAX_ATTEMPTS", "max-attempts", "limits.max_attempts"],
        "3",
        "Most attempts at providers for one request, the first included.",
    ),
    plain(
        Limits,
        ["AIGW_UPSTREAM_MAX_EVENT_BYTES", "upstream-max-event-bytes", "limits.upstream_max_event_bytes"],
        "16MiB",
        "Largest single event of a provider's stream.",
    ),
    plain(
        Timeouts,
        ["AIGW_REQUEST_TIMEOUT_SECONDS", "request-timeout-seconds", "timeouts.request_seconds"],
        "600",
        "Longest life of a request that brings no deadline of its own, all attempts included.",
    ),
    plain(
        Timeouts,
        [
            "AIGW_UPSTREAM_CONNECT_TIMEOUT_SECONDS",
            "upstream-connect-timeout-seconds",
            "timeouts.upstream_connect_seconds",
        ],
        "5",
        "Longest wait for a connection to a provider.",
    ),
    plain(
        Timeouts,
        [
            "AIGW_UPSTREAM_INITIAL_TIMEOUT_SECONDS",
            "upstream-initial-timeout-seconds",
            "timeouts.upstream_initial_seconds",
        ],
        "300",
        "Longest wait for the first byte of a provider's answer. Reasoning models think for minutes.",
    ),
    plain(
        Timeouts,
        ["AIGW_UPSTREAM_IDLE_TIMEOUT_SECONDS", "upstream-idle-timeout-seconds", "timeouts.upstream_idle_seconds"],
        "120",
        "Longest silence inside a provider's stream.",
    ),
    plain(
        Timeouts,
        ["AIGW_UPLOAD_IDLE_TIMEOUT_SECONDS", "upload-idle-timeout-seconds", "timeouts.upload_idle_seconds"],
        "30",
        "Longest wait for the next piece of an image that a caller uploads.",
    ),
    plain(
        Timeouts,
        ["AIGW_SSE_HEARTBEAT_SECONDS", "sse-heartbeat-seconds", "timeouts.sse_heartbeat_seconds"],
        "15",
        "How often a silent REST stream gets a comment line, so that proxies keep it open. 0 sends none.",
    ),
    plain(
        Timeouts,
        ["AIGW_DRAIN_SECONDS", "drain-seconds", "timeouts.drain_seconds"],
        "30",
        "How long running requests may go on after the signal to stop.",
    ),
    secret(Upstreams, ["GOOGLE_AI_STUDIO_API_KEY", "google.api_key"], "Key for Google when the caller has none."),
    plain(
        Upstreams,
        ["GOOGLE_AI_STUDIO_BASE_URL", "google-ai-studio-base-url", "google.base_url"],
        "https://generativelanguage.googleapis.com",
        "Where the Gemini API is, without `/v1beta`.",
    ),
    plain(
        Upstreams,
        ["GEMINI_SAFETY_THRESHOLD", "gemini-safety-threshold", "google.safety_threshold"],
        "",
        "From which probability of harm on Gemini withholds answers to requests that do not say themselves: `OFF`, \
         `BLOCK_NONE`, `BLOCK_ONLY_HIGH`, `BLOCK_MEDIUM_AND_ABOVE` or `BLOCK_LOW_AND_ABOVE`. Without it, Google decides.",
    ),
    secret(Upstreams, ["XAI_API_KEY", "xai.api_key"], "Key for xAI when the caller has none."),
    plain(
        Upstreams,
        ["XAI_API_BASE_URL", "xai-api-base-url", "xai.base_url"],
        "https://api.x.ai/v1",
        "Where the xAI API is, with `/v1`.",
    ),
    plain(
        Upstreams,
        ["XAI_API", "xai-api", "xai.api"],
        "mixed",
        "Which of xAI's APIs is asked: `mixed` takes chat completions, and Responses where only they can, `responses` always.",
    ),
    secret(Upstreams, ["PERPLEXITY_API_KEY", "perplexity.api_key"], "Key for Perplexity when the caller has none."),
    plain(
        Upstreams,
        ["PERPLEXITY_API_BASE_URL", "perplexity-api-base-url", "perplexity.base_url"],
        "https://api.perplexity.ai",
        "Where the Perplexity API is.",
    ),
    plain(
        Upstreams,
        ["PERPLEXITY_API", "perplexity-api", "perplexity.api"],
        "agent",
        "Which of Perplexity's APIs is asked: `agent` takes other vendors' models and tools, `sonar` is the older one.",
    ),
    secret(Upstreams, ["ANTHROPIC_API_KEY", "anthropic.api_key"], "Key for Anthropic when the caller has none."),
    plain(
        Upstreams,
        ["ANTHROPIC_BASE_URL", "anthropic-base-url", "anthropic.base_url"],
        "https://api.anthropic.com",
        "Where the Anthropic API is, without `/v1`.",
    ),
    secret(
        Upstreams,
        ["GIGACHAT_AUTH_KEY", "gigachat.auth_key"],
        "Authorization key for GigaChat when the caller has none.",
    ),
    plain(
        Upstreams,
        ["GIGACHAT_SCOPE", "gigachat-scope", "gigachat.scope"],
        "GIGACHAT_API_PERS",
        "Scope of that key: `GIGACHAT_API_PERS`, `GIGACHAT_API_B2B` or `GIGACHAT_API_CORP`.",
    ),
    plain(
        Upstreams,
        ["GIGACHAT_TOKEN_URL", "gigachat-token-url", "gigachat.token_url"],
        "https://ngw.devices.sberbank.ru:9443/api/v2/oauth",
        "Where GigaChat gives access tokens.",
    ),
    plain(
        Upstreams,
        ["GIGACHAT_CHAT_URL", "gigachat-chat-url", "gigachat.chat_url"],
        "https://gigachat.devices.sberbank.ru/api/v1/chat/completions",
        "Where GigaChat answers chats. Its other addresses but those of tokens and files are beside it.",
    ),
    plain(
        Upstreams,
        ["GIGACHAT_FILES_URL", "gigachat-files-url", "gigachat.files_url"],
        "https://gigachat.devices.sberbank.ru/api/v1/files",
        "Where GigaChat takes files.",
    ),
    plain(
        Upstreams,
        ["GIGACHAT_CA_FILE", "gigachat-ca-file", "gigachat.ca_file"],
        "",
        "PEM file with the only authorities to trust for GigaChat's hosts, in place of the public ones and the Russian \
         Trusted Root CA, which the gateway brings for these hosts only, see [security.md](security.md).",
    ),
    plain(
        Upstreams,
        ["GIGACHAT_CERT_FILE", "gigachat-cert-file", "gigachat.cert_file"],
        "",
        "PEM file with the client certificate to show GigaChat's hosts, for contracts that want one.",
    ),
    plain(
        Upstreams,
        ["GIGACHAT_KEY_FILE", "gigachat-key-file", "gigachat.key_file"],
        "",
        "PEM file with the private key of that certificate, without a password.",
    ),
    plain(
        Upstreams,
        ["GIGACHAT_MAX_CONCURRENT", "gigachat-max-concurrent", "gigachat.max_concurrent"],
        "",
        "Requests that GigaChat answers at once for one key; others wait. Without it, 1 for `GIGACHAT_API_PERS` and 10 \
         for the other scopes.",
    ),
    plain(
        Upstreams,
        ["AIGW_ALLOW_INSECURE_UPSTREAMS", "allow-insecure-upstreams", "allow_insecure_upstreams"],
        "false",
        "`true` allows plain http to providers on other machines. Keys and prompts then travel readable.",
    ),
    plain(
        Upstreams,
        ["AIGW_FETCH_REMOTE_MEDIA_HOSTS", "fetch-remote-media-hosts", "fetch_remote_media_hosts"],
        "",
        "Hosts from which the gateway fetches media for providers that cannot: a comma list such as \
         `example.com, *.example.org`, or `*` for any public host. Without it, it fetches nothing.",
    ),
    plain(
        Models,
        ["GEMINI_CHAT_MODEL_NAME", "gemini-chat-model-name", "models.gemini_chat"],
        "gemini-3.8-flash",
        "Gemini model for chats that name none.",
    ),
    plain(
        Models,
        ["GEMINI_VISION_MODEL_NAME", "gemini-vision-model-name", "models.gemini_vision"],
        "gemini-3.8-flash",
        "Gemini model for images that name none.",
    ),
    plain(
        Models,
        ["GROK_CHAT_MODEL_NAME", "grok-chat-model-name", "models.grok_chat"],
        "grok-4.3",
        "Grok model for chats that name none.",
    ),
    plain(
        Models,
        ["GROK_VISION_MODEL_NAME", "grok-vision-model-name", "models.grok_vision"],
        "grok-4.3",
        "Grok model for images that name none.",
    ),
    plain(
        Models,
        ["GIGACHAT_DEFAULT_MODEL", "gigachat-default-model", "models.gigachat"],
        "GigaChat-2",
        "GigaChat model for chats that name none.",
    ),
    plain(
        Models,
        ["GIGACHAT_VISION_MODEL_NAME", "gigachat-vision-model-name", "models.gigachat_vision"],
        "GigaChat-2-Pro",
        "GigaChat model for images that name none.",
    ),
    plain(
        Models,
        ["SONAR_DEFAULT_MODEL", "sonar-default-model", "models.sonar"],
        "sonar",
        "Perplexity model for chats that name none.",
    ),
    plain(
        Models,
        ["SONAR_VISION_MODEL_NAME", "sonar-vision-model-name", "models.sonar_vision"],
        "sonar",
        "Perplexity model for images that name none.",
    ),
    plain(
        Models,
        ["AIGW_CATALOG_FILE", "catalog-file", "models.catalog_file"],
        "",
        "JSON file with models that the catalog shall know, correct or forget. Without it, there are the shipped models \
         and those of the configured providers.",
    ),
];
