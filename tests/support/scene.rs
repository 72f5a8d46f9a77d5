//! A gateway on SQLite or on a real PostgreSQL, with another way to its database beside it, as another replica has one.

use ai_model_gateway::{
    pb::activity_service_client::ActivityServiceClient,
    storage::{DatabaseUrl, Store},
};
use tonic::transport::Channel;

use crate::support::gateway::Gateway;

/// The user of the test's gateway key.
pub const OWNER: &str = "owner";

pub struct Scene {
    pub gateway: Gateway,
    pub store: Store,
    pub client: ActivityServiceClient<Channel>,
}

impl Scene {
    /// Opens the database of a gateway a second time.
    pub async fn beside(gateway: Gateway, url: &str) -> Self {
        let store = Store::open(&DatabaseUrl::parse(url).unwrap(), 4).await.unwrap();
        let channel = gateway.channel().await;
        Self { gateway, store, client: ActivityServiceClient::new(channel) }
    }
}
