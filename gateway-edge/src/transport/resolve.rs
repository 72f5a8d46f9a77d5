//! Follows the addresses of a name: new ones come into the pool, those that are gone leave it when their calls are done.

use std::{
    collections::BTreeSet,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
};

use futures_util::future::BoxFuture;
use tokio::{net::lookup_host, task::JoinSet, time::timeout};

use super::{connection::Connector, endpoint::Endpoint, pool::Pool};

/// Finds the addresses of a host and a port.
pub type Resolver = Arc<dyn Fn(String, u16) -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> + Send + Sync>;

/// Asks the system, and so DNS.
pub fn system() -> Resolver {
    Arc::new(|host, port| Box::pin(async move { Ok(lookup_host((host, port)).await?.collect()) }))
}

/// One target of the pool, `lookup` being its place among them.
pub struct Follower {
    pub pool: Arc<Pool>,
    pub lookup: usize,
    pub connector: Connector,
    pub connections: usize,
    pub resolver: Resolver,
}

impl Follower {
    /// Looks the name up for ever. Tasks of replicas end with this one.
    pub async fn follow(self) {
        let mut endpoints: Vec<Arc<Endpoint>> = Vec::new();
        let mut tasks = JoinSet::new();
        let timing = self.connector.timing;
        let Some(rest) = self.pool.lookups.get(self.lookup) else { return };
        // An address that was written as such stays what it is.
        let is_fixed = self.connector.target.host.parse::<IpAddr>().is_ok();
        loop {
            match self.look_up().await {
                Ok(addresses) => {
                    rest.worked();
                    self.apply(&addresses, &mut endpoints, &mut tasks);
                    if is_fixed {
                        break;
                    }
                }
                Err(error) => {
                    rest.failed();
                    self.pool.changes.send_replace(());
                    // Replicas that are known stay: a DNS server that is away is no reason to leave them.
                    tracing::warn!(%error, host = self.connector.target.host, "the service's name cannot be looked up");
                }
            }
            if endpoints.is_empty() {
                rest.pause(&timing).await;
            } else {
                rest.wait(timing.resolve_interval).await;
            }
            while tasks.try_join_next().is_some() {}
        }
        while tasks.join_next().await.is_some() {}
    }

    async fn look_up(&self) -> io::Result<BTreeSet<SocketAddr>> {
        let target = &self.connector.target;
        let lookup = (self.resolver)(target.host.clone(), target.port);
        let found = timeout(self.connector.timing.resolve, lookup).await;
        let found: BTreeSet<_> = found.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??.into_iter().collect();
        if found.is_empty() { Err(io::Error::other("the name has no address")) } else { Ok(found) }
    }

    fn apply(&self, addresses: &BTreeSet<SocketAddr>, endpoints: &mut Vec<Arc<Endpoint>>, tasks: &mut JoinSet<()>) {
        endpoints.retain(|endpoint| {
            let stays = addresses.contains(&endpoint.address);
            if !stays {
                self.pool.remove(endpoint);
                endpoint.retire();
                tracing::info!(address = %endpoint.address, "a replica left");
            }
            stays
        });
        for address in addresses {
            if endpoints.iter().any(|endpoint| endpoint.address == *address) {
                continue;
            }
            let changes = self.pool.changes.clone();
            let endpoint = Arc::new(Endpoint::new(*address, self.connector.clone(), self.connections, changes));
            tasks.spawn(endpoint.clone().keep());
            self.pool.add(&endpoint);
            endpoints.push(endpoint);
        }
    }
}
