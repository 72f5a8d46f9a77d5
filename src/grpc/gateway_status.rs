//! StatusService: what is known of this replica.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};

use super::{call::CallLayer, convert_keys::time_to_pb, now::now_ms};
use crate::{
    admin::gateway_status::StatusReport,
    domain::provider_health::Availability,
    pb::{self, status_service_server::StatusService},
};

pub struct StatusGrpc {
    pub report: Arc<StatusReport>,
    pub calls: CallLayer,
    pub stopping: CancellationToken,
}

#[tonic::async_trait]
impl StatusService for StatusGrpc {
    async fn get_status(&self, _: Request<pb::GetStatusRequest>) -> Result<Response<pb::GetStatusResponse>, Status> {
        let told = self.report.now(now_ms());
        let state = if self.stopping.is_cancelled() { pb::GatewayState::Stopping } else { pb::GatewayState::Serving };
        let database_state =
            if told.database_is_available { pb::DatabaseState::Available } else { pb::DatabaseState::Unreachable };
        let (in_flight, most) = self.calls.load();
        let status = pb::GatewayStatus {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            start_time: Some(time_to_pb(told.started_ms)),
            state: state.into(),
            database_state: database_state.into(),
            providers: told.providers.into_iter().map(provider_to_pb).collect(),
            in_flight_call_count: u32::try_from(in_flight).unwrap_or(u32::MAX),
            max_in_flight_call_count: u32::try_from(most).unwrap_or(u32::MAX),
            resident_memory_bytes: told.resident_memory_bytes,
        };
        Ok(Response::new(pb::GetStatusResponse { status: Some(status) }))
    }
}

fn provider_to_pb((provider, availability): (String, Availability)) -> pb::ProviderStatus {
    let availability = match availability {
        Availability::Available => pb::ProviderAvailability::Available,
        Availability::Degraded => pb::ProviderAvailability::Degraded,
        Availability::Unknown => pb::ProviderAvailability::Unknown,
    };
    pb::ProviderStatus { provider, availability: availability.into() }
}
