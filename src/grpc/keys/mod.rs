//! KeyService: convert, call the use case, convert. One file for gateway keys and one for each thing that is done with
//! provider keys.

mod checks;
mod gateway;
mod import;
mod provider;
mod watch;

use std::sync::Arc;

use tonic::{Request, Response, Status};

use super::context::call_of;
use crate::{
    admin::Administration,
    pb::{self, key_service_server::KeyService},
};

pub struct KeysGrpc {
    pub admin: Arc<Administration>,
}

#[tonic::async_trait]
impl KeyService for KeysGrpc {
    type WatchProviderKeysStream = watch::Watched;

    async fn create_gateway_key(
        &self,
        mut request: Request<pb::CreateGatewayKeyRequest>,
    ) -> Result<Response<pb::CreateGatewayKeyResponse>, Status> {
        let call = call_of(&mut request)?;
        let result = gateway::create(&self.admin, &call, request.into_inner()).await;
        call.answer(result)
    }

    async fn list_gateway_keys(
        &self,
        mut request: Request<pb::ListGatewayKeysRequest>,
    ) -> Result<Response<pb::ListGatewayKeysResponse>, Status> {
        let call = call_of(&mut request)?;
        let result = gateway::list(&self.admin, &call, request.into_inner()).await;
        call.answer(result)
    }

    async fn get_gateway_key(
        &self,
        mut request: Request<pb::GetGatewayKeyRequest>,
    ) -> Result<Response<pb::GetGatewayKeyResponse>, Status> {
        let call = call_of(&mut request)?;
        let result = gateway::get(&self.admin, &call, request.into_inner()).await;
        call.answer(result)
    }

    async fn update_gateway_key(
        &self,
        mut request: Request<pb::UpdateGatewayKeyRequest>,
    ) -> Result<Response<pb::UpdateGatewayKeyResponse>, Status> {
        let call = call_of(&mut request)?;
        let result = gateway::update(&self.admin, &call, request.into_inner()).await;
        call.answer(result)
    }

    async fn delete_gateway_key(
        &self,
        mut request: Request<pb::DeleteGatewayKeyRequest>,
    ) -> Result<Response<pb::DeleteGatewayKeyResponse>, Status> {
        let call = call_of(&mut request)?;
        let result = gateway::delete(&self.admin, &call, request.into_inner()).await;
        call.answer(result)
    }

    async fn create_provider_key(
        &self,
        mut request: Request<pb::CreateProviderKeyRequest>,
    ) -> Result<Response<pb::CreateProviderKeyResponse>, Status> {
        let call = call_of(&mut request)?;
        let result = provider::create(&self.admin, &call, request.into_inner()).await;
        call.answer(result)
    }

    async fn list_provider_keys(
        &self,
        mut request: Request<pb::ListProviderKeysRequest>,
    ) -> Result<Response<pb::ListProviderKeysResponse>, Status> {
        let call = call_of(&mut request)?;
        let result = provider::list(&self.admin, &call, request.into_inner()).await;
        call.answer(result)
    }

    async fn get_provider_key(
        &self,
        mut request: Request<pb::GetProviderKeyRequest>,
    ) -> Result<Response<pb::GetProviderKeyResponse>, Status> {
        let call = call_of(&mut request)?;
        let result = provider::get(&self.admin, &call, request.into_inner()).await;
        call.answer(result)
    }

    async fn update_provider_key(
        &self,
        mut request: Request<pb::UpdateProviderKeyRequest>,
    ) -> Result<Response<pb::UpdateProviderKeyResponse>, Status> {
        let call = call_of(&mut request)?;
        let result = provider::update(&self.admin, &call, request.into_inner()).await;
        call.answer(result)
    }

    async fn delete_provider_key(
        &self,
        mut request: Request<pb::DeleteProviderKeyRequest>,
    ) -> Result<Response<pb::DeleteProviderKeyResponse>, Status> {
        let call = call_of(&mut request)?;
        let result = provider::delete(&self.admin, &call, request.into_inner()).await;
        call.answer(result)
    }

    async fn delete_provider_keys(
        &self,
        mut request: Request<pb::DeleteProviderKeysRequest>,
    ) -> Result<Response<pb::DeleteProviderKeysResponse>, Status> {
        let call = call_of(&mut request)?;
        let result = provider::delete_all(&self.admin, &call, request.into_inner()).await;
        call.answer(result)
    }

    async fn select_provider_key(
        &self,
        mut request: Request<pb::SelectProviderKeyRequest>,
    ) -> Result<Response<pb::SelectProviderKeyResponse>, Status> {
        let call = call_of(&mut request)?;
        let result = provider::select(&self.admin, &call, request.into_inner()).await;
        call.answer(result)
    }

    async fn unselect_provider_key(
        &self,
        mut request: Request<pb::UnselectProviderKeyRequest>,
    ) -> Result<Response<pb::UnselectProviderKeyResponse>, Status> {
        let call = call_of(&mut request)?;
        let result = provider::unselect(&self.admin, &call, request.into_inner()).await;
        call.answer(result)
    }

    async fn test_provider_key(
        &self,
        mut request: Request<pb::TestProviderKeyRequest>,
    ) -> Result<Response<pb::TestProviderKeyResponse>, Status> {
        let call = call_of(&mut request)?;
        let result = checks::test(&self.admin, &call, request.into_inner()).await;
        call.answer(result)
    }

    async fn test_provider_keys(
        &self,
        mut request: Request<pb::TestProviderKeysRequest>,
    ) -> Result<Response<pb::TestProviderKeysResponse>, Status> {
        let call = call_of(&mut request)?;
        let result = checks::test_all(&self.admin, &call, request.into_inner()).await;
        call.answer(result)
    }

    async fn import_provider_keys(
        &self,
        mut request: Request<pb::ImportProviderKeysRequest>,
    ) -> Result<Response<pb::ImportProviderKeysResponse>, Status> {
        let call = call_of(&mut request)?;
        let result = import::import(&self.admin, &call, request.into_inner()).await;
        call.answer(result)
    }

    async fn watch_provider_keys(
        &self,
        mut request: Request<pb::WatchProviderKeysRequest>,
    ) -> Result<Response<Self::WatchProviderKeysStream>, Status> {
        let call = call_of(&mut request)?;
        Ok(Response::new(watch::watch(&self.admin, &call, request.into_inner())))
    }
}
