//! A gateway on SQLite or on a real PostgreSQL, with another way to its database beside it, as another replica has one.

use ai_model_gateway::{
    pb::activity_service_client::ActivityServiceClient,
    storage::{DatabaseUrl, Store},
};
use tonic::transport::Channel;

use crate::support::gateway::Gateway;

/// The user of the test's gateway key.
pub const OWNER: &str = "owner";

/// Runs tests on both databases; each is given the address of an empty one.
macro_rules! on_both {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let dir = tempfile::tempdir().unwrap();
                super::$name(&format!("sqlite://{}/gateway.db", dir.path().display())).await;
            })*
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread")]
            async fn $name() {
                let Some(url) = super::pg::database() else { return };
                super::$name(&url).await;
            })*
        }
    };
}

pub(crate) use on_both;

pub struct Scene {
    pub gateway: Gateway,
    pub store: Store,
    pub client: ActivityServiceClient<Channel>,
}

impl Scene {
    /// Opens the database of a gateway a second time.
    pub async fn beside(gateway: Gateway, url: &str) -> Self {
        let store = Store::open(&DatabaseUrl::parse(url).unwrap(), 4).await.unwrap();
        let channel = Channel::from_shared(format!("http://{}", gateway.grpc)).unwrap().connect().await.unwrap();
        Self { gateway, store, client: ActivityServiceClient::new(channel) }
    }
}
