//! Puts the services behind their layers, for a socket and for the edge in the same process.

use std::{future::Future, sync::Arc, time::Duration};

use http::{HeaderName, HeaderValue, Method};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::{
    codec::CompressionEncoding,
    service::{LayerExt as _, Layered, Routes},
    transport::{Server, server::TcpIncoming},
};
use tonic_health::{ServingStatus, server::HealthReporter};
use tower::BoxError;
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::{
    activity::ActivityGrpc,
    call::{CallLayer, CallLimits, CallService},
    chat::ChatGrpc,
    context::KeyHeaders,
    embeddings::EmbeddingsGrpc,
    gateway_status::StatusGrpc,
    in_memory::InMemory,
    keys::KeysGrpc,
    late::Late,
    localize::Localized,
    models::ModelsGrpc,
    upload::UploadLimits,
    vision::VisionGrpc,
};
use crate::{
    access::Directory,
    admin::{Administration, gateway_status::StatusReport, models::Models},
    chat::{Chat, Transport},
    embeddings::{Embedder, EmbeddingTransport},
    pb::{
        DESCRIPTOR_SET, activity_service_server::ActivityServiceServer, chat_service_server::ChatServiceServer,
        embedding_service_server::EmbeddingServiceServer, key_service_server::KeyServiceServer,
        model_service_server::ModelServiceServer, status_service_server::StatusServiceServer,
        vision_service_server::VisionServiceServer,
    },
    vision::Vision,
};

/// Limits of the gRPC face.
#[derive(Clone, Debug)]
pub struct GrpcSettings {
    /// Largest message, counted after decompression.
    pub max_message_bytes: usize,
    /// Calls in flight; more are refused at once.
    pub max_in_flight: usize,
    /// Longest a call may take.
    pub request_timeout: Duration,
    /// Longest wait for the next message of an upload.
    pub upload_idle: Duration,
    /// How long open streams may go on after the signal to stop.
    pub drain: Duration,
    /// Origins browsers may call from; empty means CORS is off.
    pub cors_origins: Vec<String>,
}

/// Everything the services are made of.
pub struct Services<T> {
    pub chat: Arc<Chat<T>>,
    pub vision: Arc<Vision<T>>,
    pub embedder: Arc<Embedder<T>>,
    pub models: Arc<Models>,
    pub admin: Arc<Administration>,
    pub status: Arc<StatusReport>,
    pub directory: Arc<Directory>,
    pub key_headers: KeyHeaders,
}

/// The chat service behind its layer.
pub type ChatEntry<T> = Layered<Localized<CallService<ChatServiceServer<ChatGrpc<T>>>>, ChatServiceServer<ChatGrpc<T>>>;

impl<T: Transport + EmbeddingTransport> Services<T> {
    /// Returns our services behind the layer every call passes.
    fn routes(
        &self,
        layer: &CallLayer,
        settings: &GrpcSettings,
        stopping: CancellationToken,
    ) -> (Routes, ChatEntry<T>) {
        let (most, upload) = (settings.max_message_bytes, UploadLimits { idle: settings.upload_idle });
        let chat = ChatGrpc { chat: self.chat.clone(), key_headers: self.key_headers.clone() };
        let models = ModelsGrpc { models: self.models.clone(), key_headers: self.key_headers.clone() };
        let embeddings = EmbeddingsGrpc { embedder: self.embedder.clone(), key_headers: self.key_headers.clone() };
        let embeddings = EmbeddingServiceServer::new(embeddings)
            .max_decoding_message_size(most)
            .max_encoding_message_size(usize::MAX)
            .accept_compressed(CompressionEncoding::Gzip);
        let vision = VisionServiceServer::new(self.vision(upload))
            .max_decoding_message_size(most)
            .max_encoding_message_size(usize::MAX)
            .accept_compressed(CompressionEncoding::Gzip);
        let keys = KeyServiceServer::new(KeysGrpc { admin: self.admin.clone() }).max_decoding_message_size(most);
        let chat = ChatServiceServer::new(chat)
            .max_decoding_message_size(most)
            .max_encoding_message_size(usize::MAX)
            .accept_compressed(CompressionEncoding::Gzip);
        let chat = layer.named_layer(chat);
        let status = StatusGrpc { report: self.status.clone(), calls: layer.clone(), stopping };
        let routes = Routes::new(chat.clone())
            .add_service(layer.named_layer(embeddings))
            .add_service(layer.named_layer(ModelServiceServer::new(models)))
            .add_service(layer.named_layer(vision))
            .add_service(layer.named_layer(keys))
            .add_service(layer.named_layer(StatusServiceServer::new(status)))
            .add_service(layer.named_layer(ActivityServiceServer::new(ActivityGrpc { admin: self.admin.clone() })));
        (routes, chat)
    }

    fn vision(&self, upload: UploadLimits) -> VisionGrpc<T> {
        VisionGrpc { vision: self.vision.clone(), key_headers: self.key_headers.clone(), upload }
    }

    /// Builds the services with health.
    pub async fn build(&self, settings: &GrpcSettings) -> Faces<T> {
        let (reporter, service) = tonic_health::server::health_reporter();
        let health = Health { reporter, stopping: CancellationToken::new() };
        health.set(ServingStatus::Serving).await;
        let limits = CallLimits {
            max_in_flight: settings.max_in_flight,
            longest: settings.request_timeout,
            max_message_bytes: settings.max_message_bytes,
        };
        let layer = CallLayer::new(self.directory.clone(), limits, health.stopping.clone());
        let (routes, chat) = self.routes(&layer, settings, health.stopping.clone());
        let routes = routes.add_service(service);
        let in_memory = InMemory::new(chat, "/aigateway.v1.ChatService/", routes.clone());
        Faces { routes, in_memory, health, calls: layer }
    }
}

/// The services as others see them.
pub struct Faces<T> {
    /// For a socket.
    pub routes: Routes,
    /// For the edge in this process.
    pub in_memory: InMemory<ChatEntry<T>>,
    /// The switch of their health.
    pub health: Health,
    /// What is known of their calls.
    pub calls: CallLayer,
}

/// Tells load balancers whether to send more, and the calls without an end of their own when to end.
#[derive(Clone)]
pub struct Health {
    reporter: HealthReporter,
    stopping: CancellationToken,
}

impl Health {
    async fn set(&self, status: ServingStatus) {
        let services = ["Activity", "Chat", "Embedding", "Key", "Model", "Status", "Vision"];
        let services = services.map(|name| format!("aigateway.v1.{name}Service"));
        for name in [String::new()].into_iter().chain(services) {
            self.reporter.set_service_status(name, status).await;
        }
    }
}

/// Serves on the listener until `stop`, then lets open calls finish for at most the drain time.
pub async fn serve(
    routes: Routes,
    health: Health,
    settings: &GrpcSettings,
    listener: TcpListener,
    stop: impl Future<Output = ()>,
) -> Result<(), BoxError> {
    // Its index takes 200 kB in each version. Older tools ask for the alpha.
    let (v1, v1alpha) = (|| reflection().build_v1().ok(), || reflection().build_v1alpha().ok());
    let routes = routes.add_service(Late::new(v1)).add_service(Late::new(v1alpha));
    // serve_with_incoming does not apply the builder's own TCP options.
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true)).with_keepalive(Some(Duration::from_secs(30)));
    let (stopping, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = Server::builder()
        .accept_http1(true)
        .max_concurrent_streams(Some(1024))
        .http2_keepalive_interval(Some(Duration::from_secs(30)))
        .http2_keepalive_timeout(Some(Duration::from_secs(10)))
        .http2_max_pending_accept_reset_streams(Some(20))
        .http2_max_local_error_reset_streams(Some(128))
        .http2_max_header_list_size(16 * 1024)
        .initial_connection_window_size(4 << 20)
        .initial_stream_window_size(1 << 20)
        .layer(cors(&settings.cors_origins))
        .layer(tonic_web::GrpcWebLayer::new())
        .add_routes(routes)
        .serve_with_incoming_shutdown(incoming, async {
            let _ = stopped.await;
        });
    tokio::pin!(serving);
    tokio::select! {
        result = &mut serving => return Ok(result?),
        () = stop => {}
    }
    // Load balancers look here before they send more; then the listener closes and streams with an end run on.
    health.set(ServingStatus::NotServing).await;
    health.stopping.cancel();
    let _ = stopping.send(());
    tokio::select! {
        result = &mut serving => result?,
        () = tokio::time::sleep(settings.drain) => {
            tracing::warn!(drain_s = settings.drain.as_secs(), "calls were still open after the drain time");
        }
    }
    Ok(())
}

fn reflection() -> tonic_reflection::server::Builder<'static> {
    tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(DESCRIPTOR_SET)
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
}

fn cors(origins: &[String]) -> tower::util::Either<CorsLayer, tower::layer::util::Identity> {
    if origins.is_empty() {
        return tower::util::Either::Right(tower::layer::util::Identity::new());
    }
    let origins = match origins.iter().any(|o| o == "*") {
        true => AllowOrigin::any(),
        false => AllowOrigin::list(origins.iter().filter_map(|o| HeaderValue::from_str(o).ok())),
    };
    let exposed = ["grpc-status", "grpc-message", "grpc-status-details-bin", "x-request-id"];
    let layer = CorsLayer::new()
        .allow_origin(origins)
        .allow_methods([Method::POST])
        // As at the edge: what may be sent is not a matter of the page.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(exposed.map(HeaderName::from_static))
        .max_age(Duration::from_secs(3600));
    tower::util::Either::Left(layer)
}

#[cfg(test)]
mod tests {
    #[test]
    fn reflection_can_be_built() {
        assert!(super::reflection().build_v1().is_ok() && super::reflection().build_v1alpha().is_ok());
    }
}
