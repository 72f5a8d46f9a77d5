//! Builds [`Settings`] from resolved texts. Each group reads all its values before it gives up, so that one start
//! reports every problem.

use std::path::PathBuf;

use base64::{
    Engine as _,
    alphabet::URL_SAFE,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use secrecy::SecretString;

use super::{
    error::Problem,
    origin,
    parse::{self, PlainHttp},
    providers,
    reader::Reader,
    settings::{Auth, DefaultModels, Limits, Listen, Log, LogFormat, MasterKey, Retention, Settings, Timeouts},
    sources::{Resolved, Variables, YamlFile},
    upstreams::upstreams,
};

pub fn build(
    resolved: &[Resolved],
    yaml: YamlFile,
    variables: &Variables,
    problems: &mut Vec<Problem>,
) -> Option<Settings> {
    let mut read = Reader::new(resolved, problems);
    let data_dir = read.path("AIGW_DATA_DIR").unwrap_or_else(|| PathBuf::from("data"));
    let listen = listen(&mut read);
    let auth = read.parsed("AIGW_AUTH", |t| parse::one_of(t, &[("required", Auth::Required), ("off", Auth::Off)]));
    if let (Some(listen), Some(Auth::Off)) = (&listen, auth) {
        refuse_public(listen, &mut read);
    }
    let database_url = database_url(&mut read, &data_dir);
    let database_max_connections = read.count("AIGW_DATABASE_MAX_CONNECTIONS", 1);
    let retention = retention(&mut read);
    let bootstrap_key = read.parsed_or_none("AIGW_BOOTSTRAP_KEY", token);
    let master_key = master_key(&mut read, &data_dir);
    let new_master_key = one_of_two(&mut read, "AIGW_NEW_MASTER_KEY", "AIGW_NEW_MASTER_KEY_FILE");
    let log = log(&mut read);
    let limits = limits(&mut read);
    let timeouts = timeouts(&mut read);
    let plain = plain_http(&mut read);
    let upstreams = upstreams(&mut read, plain);
    let default_models = default_models(&mut read);
    let catalog_file = read.path("AIGW_CATALOG_FILE");
    let providers = match yaml.providers {
        Some(node) => providers::read(&yaml.path, node, plain, variables, read.problems()),
        None => Vec::new(),
    };
    Some(Settings {
        listen: listen?,
        auth: auth?,
        data_dir,
        database_url: database_url?,
        database_max_connections: database_max_connections?,
        retention: retention?,
        bootstrap_key,
        master_key: master_key?,
        new_master_key: new_master_key?,
        log: log?,
        limits: limits?,
        timeouts: timeouts?,
        upstreams: upstreams?,
        providers,
        default_models: default_models?,
        catalog_file,
    })
}

fn listen(read: &mut Reader<'_>) -> Option<Listen> {
    let grpc_addr = read.parsed("AIGW_GRPC_ADDR", parse::address);
    let edge_addr = read.parsed("AIGW_EDGE_ADDR", parse::address);
    let metrics_addr = read.parsed_or_none("AIGW_METRICS_ADDR", parse::address);
    let cors_origins = read.parsed_or_none("AIGW_CORS_ORIGINS", origin::origins).unwrap_or_default();
    Some(Listen { grpc_addr: grpc_addr?, edge_addr: edge_addr?, metrics_addr, cors_origins })
}

/// Without authentication, an address that others can reach gives them the owner's provider keys to spend.
fn refuse_public(listen: &Listen, read: &mut Reader<'_>) {
    for (name, addr) in [("AIGW_GRPC_ADDR", listen.grpc_addr), ("AIGW_EDGE_ADDR", listen.edge_addr)] {
        if !addr.ip().is_loopback() {
            read.problem(
                name,
                format!(
                    "{addr} can be reached from other machines while AIGW_AUTH is off; listen on 127.0.0.1, or set \
                     AIGW_AUTH=required"
                ),
            );
        }
    }
}

fn database_url(read: &mut Reader<'_>, data_dir: &std::path::Path) -> Option<SecretString> {
    let file = format!("sqlite://{}", data_dir.join("gateway.db").display());
    if read.value("DATABASE_URL").is_none() {
        return Some(file.into());
    }
    read.parsed("DATABASE_URL", |text| {
        let known = ["sqlite://", "postgres://", "postgresql://"].iter().any(|scheme| text.starts_with(scheme));
        if known { Ok(text.into()) } else { Err("write sqlite://path/to/file or postgres://…".into()) }
    })
}

fn retention(read: &mut Reader<'_>) -> Option<Retention> {
    let activity_days = read.count("AIGW_ACTIVITY_RETENTION_DAYS", 0);
    let usage_days = read.count("AIGW_USAGE_RETENTION_DAYS", 0);
    Some(Retention { activity_days: activity_days?, usage_days: usage_days? })
}

fn token(text: &str) -> Result<SecretString, String> {
    if text.bytes().all(|b| b.is_ascii_graphic()) && text.len() <= 512 {
        Ok(text.into())
    } else {
        Err("a gateway key has visible ASCII characters only and no spaces, 512 at most".into())
    }
}

fn master_key(read: &mut Reader<'_>, data_dir: &std::path::Path) -> Option<MasterKey> {
    let chosen = one_of_two(read, "AIGW_MASTER_KEY", "AIGW_MASTER_KEY_FILE");
    let earlier = read.parsed_or_none("APP_ENCRYPTION_KEY", master_key_value).map(MasterKey::Value);
    Some(chosen?.or(earlier).unwrap_or_else(|| MasterKey::Generated(data_dir.join("master.key"))))
}

/// Reads a master key or the path of its file: either, or neither.
fn one_of_two(read: &mut Reader<'_>, value: &'static str, file: &'static str) -> Option<Option<MasterKey>> {
    let text = read.parsed_or_none(value, master_key_value);
    match (text, read.path(file)) {
        (Some(_), Some(_)) => {
            read.problem(file, format!("{value} is set as well; set one of the two"));
            None
        }
        (Some(text), None) => Some(Some(MasterKey::Value(text))),
        (None, path) => Some(path.map(MasterKey::File)),
    }
}

fn master_key_value(text: &str) -> Result<SecretString, String> {
    let config = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    match GeneralPurpose::new(&URL_SAFE, config).decode(text) {
        Ok(bytes) if bytes.len() == 32 => Ok(text.into()),
        _ => {
            Err("it must be 32 bytes in url-safe base64; make one with `openssl rand -base64 32 | tr '+/' '-_'`".into())
        }
    }
}

fn log(read: &mut Reader<'_>) -> Option<Log> {
    let filter = read.parsed("AIGW_LOG", |text| {
        tracing_subscriber::EnvFilter::try_new(text)
            .map(|_| text.to_owned())
            .map_err(|_| format!("`{text}` is no filter; write a level such as info, or info,ai_model_gateway=debug"))
    });
    let words = [("auto", LogFormat::Auto), ("pretty", LogFormat::Pretty), ("json", LogFormat::Json)];
    let format = read.parsed("AIGW_LOG_FORMAT", |t| parse::one_of(t, &words));
    Some(Log { filter: filter?, format: format? })
}

fn limits(read: &mut Reader<'_>) -> Option<Limits> {
    let max_message_bytes = read.parsed("AIGW_MAX_MESSAGE_BYTES", parse::bytes);
    let max_in_flight = read.parsed("AIGW_MAX_IN_FLIGHT", |t| parse::count(t, 1));
    let max_attempts = read.count("AIGW_MAX_ATTEMPTS", 1);
    let max_image_bytes = read.parsed("AIGW_MAX_IMAGE_BYTES", parse::bytes);
    let upstream_max_event_bytes = read.parsed("AIGW_UPSTREAM_MAX_EVENT_BYTES", parse::bytes);
    Some(Limits {
        max_message_bytes: max_message_bytes?,
        max_in_flight: max_in_flight?,
        max_attempts: max_attempts?,
        max_image_bytes: max_image_bytes?,
        upstream_max_event_bytes: upstream_max_event_bytes?,
    })
}

fn timeouts(read: &mut Reader<'_>) -> Option<Timeouts> {
    let request = read.parsed("AIGW_REQUEST_TIMEOUT_SECONDS", parse::seconds);
    let upstream_connect = read.parsed("AIGW_UPSTREAM_CONNECT_TIMEOUT_SECONDS", parse::seconds);
    let upstream_initial = read.parsed("AIGW_UPSTREAM_INITIAL_TIMEOUT_SECONDS", parse::seconds);
    let upstream_idle = read.parsed("AIGW_UPSTREAM_IDLE_TIMEOUT_SECONDS", parse::seconds);
    let upload_idle = read.parsed("AIGW_UPLOAD_IDLE_TIMEOUT_SECONDS", parse::seconds);
    let sse_heartbeat = read.parsed("AIGW_SSE_HEARTBEAT_SECONDS", parse::seconds_or_zero);
    let drain = read.parsed("AIGW_DRAIN_SECONDS", parse::seconds_or_zero);
    Some(Timeouts {
        request: request?,
        upstream_connect: upstream_connect?,
        upstream_initial: upstream_initial?,
        upstream_idle: upstream_idle?,
        upload_idle: upload_idle?,
        sse_heartbeat: sse_heartbeat.map(|d| (!d.is_zero()).then_some(d))?,
        drain: drain?,
    })
}

fn plain_http(read: &mut Reader<'_>) -> PlainHttp {
    match read.parsed("AIGW_ALLOW_INSECURE_UPSTREAMS", parse::truth) {
        Some(true) => PlainHttp::Anywhere,
        Some(false) | None => PlainHttp::LoopbackOnly,
    }
}

fn default_models(read: &mut Reader<'_>) -> Option<DefaultModels> {
    Some(DefaultModels {
        gemini_chat: read.text("GEMINI_CHAT_MODEL_NAME")?,
        gemini_vision: read.text("GEMINI_VISION_MODEL_NAME")?,
        grok_chat: read.text("GROK_CHAT_MODEL_NAME")?,
        grok_vision: read.text("GROK_VISION_MODEL_NAME")?,
        gigachat: read.text("GIGACHAT_DEFAULT_MODEL")?,
        gigachat_vision: read.text("GIGACHAT_VISION_MODEL_NAME")?,
        sonar: read.text("SONAR_DEFAULT_MODEL")?,
        sonar_vision: read.text("SONAR_VISION_MODEL_NAME")?,
    })
}
