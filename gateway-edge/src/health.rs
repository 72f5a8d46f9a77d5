//! Asks the service how it is, by gRPC's own health protocol.
//!
//! The two messages are written by hand: they are three lines, and the edge then compiles no proto of somebody else.

use std::time::Duration;

use http::uri::PathAndQuery;
use tonic::{Code, Request, client::Grpc};
use tonic_prost::ProstCodec;

use crate::Transport;

const PATIENCE: Duration = Duration::from_secs(2);

#[derive(Clone, PartialEq, prost::Message)]
struct CheckRequest {
    #[prost(string, tag = "1")]
    service: String,
}

#[derive(Clone, PartialEq, prost::Message)]
struct CheckResponse {
    #[prost(int32, tag = "1")]
    status: i32,
}

const SERVING: i32 = 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceHealth {
    Serving,
    NotServing,
    Unreachable,
}

impl ServiceHealth {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Serving => "serving",
            Self::NotServing => "not_serving",
            Self::Unreachable => "unreachable",
        }
    }
}

/// Asks for the health of the whole server, without a login, and waits two seconds at most.
pub async fn check(transport: Transport) -> ServiceHealth {
    let mut grpc = Grpc::new(transport);
    let call = async {
        // A transport is always ready; what can fail, fails in the call.
        let _ = grpc.ready().await;
        let codec = ProstCodec::<CheckRequest, CheckResponse>::default();
        let path = PathAndQuery::from_static("/grpc.health.v1.Health/Check");
        grpc.unary(Request::new(CheckRequest::default()), path, codec).await
    };
    match tokio::time::timeout(PATIENCE, call).await {
        Ok(Ok(response)) if response.get_ref().status == SERVING => ServiceHealth::Serving,
        Ok(Ok(_)) => ServiceHealth::NotServing,
        // A service without the health protocol is there all the same.
        Ok(Err(status)) if status.code() == Code::Unimplemented => ServiceHealth::Serving,
        Ok(Err(_)) | Err(_) => ServiceHealth::Unreachable,
    }
}
