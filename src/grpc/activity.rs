//! ActivityService: convert, call the use case, convert.

use std::{pin::Pin, sync::Arc};

use futures_util::Stream;
use tonic::{Request, Response, Status};

use super::context::call_of;
use crate::{
    admin::Administration,
    domain::error::{Error, ErrorKind},
    pb::{self, activity_service_server::ActivityService},
};

pub struct ActivityGrpc {
    pub admin: Arc<Administration>,
}

fn not_yet() -> Error {
    Error::new(ErrorKind::NotImplemented, "not yet")
}

#[tonic::async_trait]
impl ActivityService for ActivityGrpc {
    type WatchActivityStream = Pin<Box<dyn Stream<Item = Result<pb::WatchActivityResponse, Status>> + Send>>;

    async fn list_activity(
        &self,
        mut request: Request<pb::ListActivityRequest>,
    ) -> Result<Response<pb::ListActivityResponse>, Status> {
        let call = call_of(&mut request)?;
        call.answer(Err(not_yet()))
    }

    async fn watch_activity(
        &self,
        mut request: Request<pb::WatchActivityRequest>,
    ) -> Result<Response<Self::WatchActivityStream>, Status> {
        let call = call_of(&mut request)?;
        call.answer(Err(not_yet()))
    }

    async fn list_usage(
        &self,
        mut request: Request<pb::ListUsageRequest>,
    ) -> Result<Response<pb::ListUsageResponse>, Status> {
        let call = call_of(&mut request)?;
        call.answer(Err(not_yet()))
    }
}
