//! The parts list: builds everything, serves, drains. Constructing and spawning happens here and nowhere else.

mod background;
mod batches;
mod keys;
mod providers;
mod records;
mod refresh;
mod retention;

use std::{
    future::Future,
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use prometheus::Registry;
use secrecy::ExposeSecret as _;
use tokio::{
    net::TcpListener,
    task::{JoinError, JoinSet},
};
use tokio_util::sync::CancellationToken;
use tonic::service::Routes;

use self::background::WAITING_RECORDS;
use crate::{
    access::Directory,
    activity::{ActivityLog, activity_log},
    admin::{
        Administration,
        activity::Activity,
        data_keys::DataKeys,
        gateway_keys::{FirstKey, GatewayKeys},
        gateway_status::StatusReport,
        key_checks::KeyChecks,
        key_import::KeyImport,
        models::Models,
        provider_keys::ProviderKeys,
        upstream_models::UpstreamModels,
        usage::UsageReport,
    },
    chat::Chat,
    config::{Auth, MasterKey, Settings},
    domain::image_limit::ImageLimit,
    embeddings::Embedder,
    grpc::{ChatEntry, Faces, GrpcSettings, Health, InMemory, Services},
    metering::{Recorder, recorder},
    providers::registry::OTEL_NAMES,
    routing::{
        catalog::Catalog,
        failover::{Failover, FailoverLimits},
        happenings::happenings,
        key_pool::KeyPool,
        plan::KeySources,
        retry_budget::RetryBudgets,
        standing::Standings,
    },
    sealing::MasterSource,
    storage::{DatabaseUrl, Listener, Store},
    telemetry::{GatewayState, RequestLog, RequestMetrics, resident_memory},
    upstream::{MediaFetcher, UpstreamTimeouts, Upstreams, http_client},
    vision::Vision,
};

/// Pause before a failed upstream attempt is tried again with the same key.
const FIRST_RETRY_PAUSE: Duration = Duration::from_millis(200);

/// Longer than anybody waits; for a heartbeat that is switched off.
const NEVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// A gateway that is ready to serve: everything is built and both ports are open.
pub struct App {
    settings: Settings,
    background: background::Work,
    routes: Routes,
    in_memory: InMemory<ChatEntry<Upstreams>>,
    health: Health,
    grpc: TcpListener,
    edge: TcpListener,
    /// Shown under `/metrics`.
    metrics: Registry,
    metrics_port: Option<TcpListener>,
    /// The first gateway key, when this start created it. Shown once, kept nowhere.
    pub first_key: Option<FirstKey>,
}

impl App {
    /// Builds everything. What is wrong with the surroundings is found here, before anything is served.
    pub async fn build(settings: Settings) -> anyhow::Result<Self> {
        let listen = |addr: SocketAddr, what: &'static str| async move {
            let hint = format!("cannot listen on {addr} for {what}; is another gateway running there?");
            TcpListener::bind(addr).await.context(hint)
        };
        let grpc = listen(settings.listen.grpc_addr, "gRPC (AIGW_GRPC_ADDR)").await?;
        let edge = listen(settings.listen.edge_addr, "REST (AIGW_EDGE_ADDR)").await?;
        let metrics_port = match settings.listen.metrics_addr {
            Some(addr) => Some(listen(addr, "metrics (AIGW_METRICS_ADDR)").await?),
            None => None,
        };
        let metrics = gateway_edge::metrics::registry()?;

        let url = DatabaseUrl::parse(settings.database_url.expose_secret())?;
        let store = Store::open(&url, settings.database_max_connections).await?;
        let directory = Arc::new(match settings.auth {
            Auth::Required => Directory::new(),
            Auth::Off => Directory::open_to_all(),
        });
        let data_keys = DataKeys::open(store.clone(), master_source(&settings.master_key), now_ms()).await?;
        let gateway_keys = GatewayKeys::new(store.clone(), directory.clone());
        let chosen = settings.bootstrap_key.as_ref().map(|key| key.expose_secret());
        let first_key = gateway_keys.bootstrap(chosen, now_ms()).await?;

        let (recorder, records) = recorder(WAITING_RECORDS);
        let (happenings, happened) = happenings(WAITING_RECORDS);
        let (log, entries) = activity_log(WAITING_RECORDS);
        let pool = Arc::new(KeyPool::new(happenings));
        let keys = provider_keys(&settings, &store, data_keys, pool.clone(), log);
        keys.publish().await.context("the stored provider keys cannot be read")?;
        let chat = Arc::new(chat(&settings, recorder, pool)?);
        let (catalog, keys_of_requests) = (chat.catalog.clone(), chat.keys.clone());
        let (transport, recorder) = (chat.transport.clone(), chat.recorder.clone());
        let upstream = UpstreamModels::new(transport.clone());
        let models = Arc::new(Models { catalog: catalog.clone(), keys: keys_of_requests.clone(), upstream });
        let failover = chat.failover.clone();
        let status = Arc::new(StatusReport {
            directory: directory.clone(),
            catalog: catalog.clone(),
            failover: failover.clone(),
            started_ms: now_ms(),
            resident_memory,
        });
        let vision = Arc::new(Vision { chat: chat.clone(), default_models: providers::vision_models(&settings) });
        let embedder = Arc::new(Embedder { catalog, keys: keys_of_requests, transport, failover, recorder });
        let admin = Arc::new(administration(store, gateway_keys, keys, chat.transport.clone()));
        let (catalog, retention, listener) = (chat.catalog.clone(), settings.retention, Listener::new(&url));
        let background = background::Work {
            admin: admin.clone(),
            listener,
            catalog: catalog.clone(),
            records,
            happened,
            entries,
            retention,
            metrics: RequestMetrics::new(&metrics, catalog, OTEL_NAMES)?,
        };
        let key_headers = providers::key_headers();
        let services =
            Services { chat, vision, embedder, models, admin, status: status.clone(), directory, key_headers };
        let Faces { routes, in_memory, health, calls } = services.build(&grpc_settings(&settings)).await;
        metrics.register(Box::new(GatewayState::new(status, calls)?))?;
        Ok(Self { settings, background, routes, in_memory, health, grpc, edge, metrics, metrics_port, first_key })
    }

    pub fn grpc_addr(&self) -> io::Result<SocketAddr> {
        self.grpc.local_addr()
    }

    pub fn edge_addr(&self) -> io::Result<SocketAddr> {
        self.edge.local_addr()
    }

    /// Where metrics are shown, when they have a port of their own.
    pub fn metrics_addr(&self) -> io::Result<Option<SocketAddr>> {
        self.metrics_port.as_ref().map(TcpListener::local_addr).transpose()
    }

    /// Serves until `stop`, then lets open requests finish for at most the drain time.
    pub async fn run(self, log: Option<RequestLog>, stop: impl Future<Output = ()>) -> anyhow::Result<()> {
        let Self { settings, background, routes, in_memory, health, grpc, edge, metrics, metrics_port, .. } = self;
        let stopping = CancellationToken::new();
        let mut tasks = JoinSet::new();

        let grpc_settings = grpc_settings(&settings);
        let stopped = stopping.clone().cancelled_owned();
        tasks.spawn(async move {
            let served = crate::grpc::serve(routes, health, &grpc_settings, grpc, stopped).await;
            served.map_err(|e| anyhow::anyhow!("the gRPC server failed: {e}"))
        });

        let (edge_settings, drain) = (edge_settings(&settings, metrics.clone()), settings.timeouts.drain);
        // Told of until everything has ended.
        let mut metrics_face = JoinSet::new();
        if let Some(port) = metrics_port {
            let (router, settings) = (gateway_edge::metrics_router(metrics), edge_settings.clone());
            metrics_face.spawn(gateway_edge::serve(router, port, settings, std::future::pending(), Duration::ZERO));
        }
        let router = gateway_edge::router(gateway_edge::Transport::in_memory(in_memory), edge_settings.clone());
        let stopped = stopping.clone().cancelled_owned();
        tasks.spawn(async move {
            gateway_edge::serve(router, edge, edge_settings, stopped, drain).await.context("the REST server failed")
        });

        // These outlive the requests they serve.
        let mut background = background.spawn(log);

        let mut result = tokio::select! {
            () = stop => Ok(()),
            Some(ended) = tasks.join_next() => outcome(ended),
            broken = background.broken() => Err(broken),
        };
        stopping.cancel();
        while let Some(ended) = tasks.join_next().await {
            result = result.and(outcome(ended));
        }
        background.end().await;
        result
    }
}

fn outcome(ended: Result<anyhow::Result<()>, JoinError>) -> anyhow::Result<()> {
    ended.context("a server ended in the middle of its work")?
}

/// Returns the wall clock in Unix milliseconds.
pub fn now_ms() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as i64
}

fn provider_keys(
    settings: &Settings,
    store: &Store,
    data_keys: DataKeys,
    pool: Arc<KeyPool>,
    log: ActivityLog,
) -> Arc<ProviderKeys> {
    let kinds = Arc::new(providers::key_kinds(settings));
    Arc::new(ProviderKeys::new(store.clone(), Arc::new(data_keys), pool, log, kinds))
}

fn administration(
    store: Store,
    gateway_keys: GatewayKeys,
    keys: Arc<ProviderKeys>,
    upstreams: Arc<Upstreams>,
) -> Administration {
    Administration {
        gateway_keys,
        provider_keys: keys.clone(),
        checks: KeyChecks { keys: keys.clone(), provider: upstreams },
        import: KeyImport { keys },
        activity: Activity::new(store.clone()),
        usage: UsageReport { store },
    }
}

/// Returns where the master key comes from, as the settings say it.
pub fn master_source(setting: &MasterKey) -> MasterSource {
    match setting {
        MasterKey::Value(text) => MasterSource::Value(text.clone()),
        MasterKey::File(path) => MasterSource::File(path.clone()),
        MasterKey::Generated(path) => MasterSource::Generated(path.clone()),
    }
}

/// Builds the catalog, reading the operator's own file.
pub fn catalog(settings: &Settings) -> anyhow::Result<Catalog> {
    providers::catalog(settings)
}

fn chat(settings: &Settings, recorder: Recorder, pool: Arc<KeyPool>) -> anyhow::Result<Chat<Upstreams>> {
    let timeouts = UpstreamTimeouts {
        connect: settings.timeouts.upstream_connect,
        initial: settings.timeouts.upstream_initial,
        idle: settings.timeouts.upstream_idle,
        max_event_bytes: settings.limits.upstream_max_event_bytes,
    };
    let http = http_client(timeouts)?;
    let providers = providers::upstreams(settings, &http, timeouts)?;
    let hosts = &settings.upstreams.media_hosts;
    let media = (!hosts.is_empty()).then(|| MediaFetcher::new(hosts)).transpose()?;
    let catalog = Arc::new(catalog(settings)?);
    let names = || catalog.providers().iter().map(|provider| provider.name.clone());
    let failover = Failover {
        limits: FailoverLimits { max_attempts: settings.limits.max_attempts, first_pause: FIRST_RETRY_PAUSE },
        pool: pool.clone(),
        budgets: RetryBudgets::new(names()),
        standings: Standings::new(names()),
        now_ms,
    };
    Ok(Chat {
        catalog,
        keys: KeySources { pool, fallback: Arc::new(providers::fallback_keys(settings)) },
        failover: Arc::new(failover),
        transport: Arc::new(Upstreams::new(http, timeouts, providers).with_media(media)),
        memory: Arc::default(),
        recorder,
        image_limit: ImageLimit(settings.limits.max_image_bytes),
    })
}

fn grpc_settings(settings: &Settings) -> GrpcSettings {
    GrpcSettings {
        max_message_bytes: settings.limits.max_message_bytes,
        max_in_flight: settings.limits.max_in_flight,
        request_timeout: settings.timeouts.request,
        upload_idle: settings.timeouts.upload_idle,
        drain: settings.timeouts.drain,
        cors_origins: settings.listen.cors_origins.clone(),
    }
}

fn edge_settings(settings: &Settings, metrics: Registry) -> gateway_edge::EdgeSettings {
    gateway_edge::EdgeSettings {
        // Base64 makes an image a third larger than the message it becomes.
        max_body_bytes: settings.limits.max_message_bytes / 3 * 4 + (1 << 20),
        request_timeout: settings.timeouts.request,
        heartbeat: settings.timeouts.sse_heartbeat.unwrap_or(NEVER),
        cors_origins: settings.listen.cors_origins.clone(),
        metrics,
        metrics_apart: settings.listen.metrics_addr.is_some(),
        ..gateway_edge::EdgeSettings::default()
    }
}
