//! Asks a service how it is, by gRPC's own health protocol.
//!
//! The two messages are written by hand: they are three lines, and the edge then compiles no proto of somebody else.

use std::time::Duration;

use http::uri::PathAndQuery;
use tonic::{
    Code, Request,
    body::Body,
    client::{Grpc, GrpcService},
};
use tonic_prost::ProstCodec;
use tower::BoxError;

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

/// The path of the question.
pub const CHECK: &str = "/grpc.health.v1.Health/Check";

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

/// Asks for the health of the whole server, without a login.
pub async fn ask<S>(service: S, patience: Duration) -> ServiceHealth
where
    S: GrpcService<Body>,
    S::ResponseBody: Send + 'static,
    <S::ResponseBody as http_body::Body>::Error: Into<BoxError>,
    S::ResponseBody: http_body::Body<Data = bytes::Bytes>,
{
    let mut grpc = Grpc::new(service);
    let call = async {
        // What can fail, fails in the call.
        let _ = grpc.ready().await;
        let codec = ProstCodec::<CheckRequest, CheckResponse>::default();
        grpc.unary(Request::new(CheckRequest::default()), PathAndQuery::from_static(CHECK), codec).await
    };
    match tokio::time::timeout(patience, call).await {
        Ok(Ok(response)) if response.get_ref().status == SERVING => ServiceHealth::Serving,
        Ok(Ok(_)) => ServiceHealth::NotServing,
        // A service without the health protocol is there all the same.
        Ok(Err(status)) if status.code() == Code::Unimplemented => ServiceHealth::Serving,
        Ok(Err(_)) | Err(_) => ServiceHealth::Unreachable,
    }
}
