//! Fetches one file from a public host. A name is resolved once, every address it has must be public, and the
//! connection goes to one of exactly those: a name that changes its mind in between changes nothing.

use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use futures_util::future::BoxFuture;
use reqwest::{
    ClientBuilder,
    dns::{Addrs, Name, Resolve, Resolving},
    header,
    redirect::Policy,
};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout_at},
};

use super::guard::{AllowList, check, is_public};
use crate::upstream::client::{ClientError, build, public_roots};

/// Largest file.
pub(super) const MAX_BYTES: usize = 20 << 20;
/// Longest wait for a file, from the look-up of its host to its last byte.
pub(super) const TIMEOUT: Duration = Duration::from_secs(10);
/// Files fetched at once by the whole gateway; others wait.
const AT_ONCE: usize = 16;

/// Why there is no file. Callers hear no more than this: the rest would tell them about the network behind the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::upstream) enum NotFetched {
    /// The address is none that may be fetched.
    Forbidden,
    Failed,
}

/// Fetches media from the hosts that the operator allows.
pub struct MediaFetcher {
    http: reqwest::Client,
    allowed: AllowList,
    places: Semaphore,
}

impl MediaFetcher {
    /// `hosts` as in the settings: names, `*.names` or `*`.
    pub fn new(hosts: &[String]) -> Result<Self, ClientError> {
        Self::with(hosts, public_roots(reqwest::Client::builder())?, PublicOnly { look_up, is_public })
    }

    /// The same with other roots, look-ups and addresses.
    pub(in crate::upstream) fn with(
        hosts: &[String],
        builder: ClientBuilder,
        resolver: PublicOnly<impl LookUp>,
    ) -> Result<Self, ClientError> {
        let builder = builder
            .dns_resolver(Arc::new(resolver))
            .https_only(true)
            .redirect(Policy::none())
            .no_proxy()
            .retry(reqwest::retry::never())
            .pool_max_idle_per_host(0)
            .user_agent(concat!("ai-model-gateway/", env!("CARGO_PKG_VERSION")));
        Ok(Self { http: build(builder)?, allowed: AllowList::new(hosts), places: Semaphore::new(AT_ONCE) })
    }

    /// Returns the bytes behind an address.
    pub(in crate::upstream) async fn fetch(&self, address: &str, deadline: Instant) -> Result<Bytes, NotFetched> {
        let url = check(address, &self.allowed).ok_or(NotFetched::Forbidden)?;
        let host = url.host_str().unwrap_or_default().to_owned();
        let failed = |why: &str| {
            tracing::debug!(host, why, "media were not fetched");
            NotFetched::Failed
        };
        let place = timeout_at(deadline, self.places.acquire()).await;
        let _place = place.ok().and_then(Result::ok).ok_or_else(|| failed("too many others are fetched"))?;
        let request = self.http.get(url).header(header::ACCEPT_ENCODING, "identity");
        let fetched = async {
            let response = request.send().await.map_err(|_| failed("no connection"))?;
            if !response.status().is_success() {
                return Err(failed("the answer is no success"));
            }
            read(response).await.ok_or_else(|| failed("the file broke off or is too large"))
        };
        let patience = deadline.min(Instant::now() + TIMEOUT);
        timeout_at(patience, fetched).await.map_err(|_| failed("too slow"))?
    }
}

async fn read(mut response: reqwest::Response) -> Option<Bytes> {
    let length = response.content_length().unwrap_or_default();
    if length > MAX_BYTES as u64 {
        return None;
    }
    let mut body = BytesMut::with_capacity(length as usize);
    while let Some(chunk) = response.chunk().await.ok()? {
        if body.len() + chunk.len() > MAX_BYTES {
            return None;
        }
        body.extend_from_slice(&chunk);
    }
    Some(body.freeze())
}

/// Finds the addresses of a name.
pub(in crate::upstream) trait LookUp:
    Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync + 'static
{
}

impl<F> LookUp for F where F: Fn(String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> + Send + Sync + 'static {}

/// A resolver that fails for names with even one address that may not be reached.
pub(in crate::upstream) struct PublicOnly<L> {
    pub(in crate::upstream) look_up: L,
    pub(in crate::upstream) is_public: fn(IpAddr) -> bool,
}

impl<L: LookUp> Resolve for PublicOnly<L> {
    fn resolve(&self, name: Name) -> Resolving {
        let (found, is_public) = ((self.look_up)(name.as_str().to_owned()), self.is_public);
        Box::pin(async move {
            let addresses = found.await?;
            if addresses.is_empty() || !addresses.iter().all(|address| is_public(*address)) {
                return Err("the host has an address that is not public".into());
            }
            // Port 0 stands for the one of the URL.
            Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

/// Asks this machine's resolver.
fn look_up(name: String) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
    Box::pin(async move { Ok(tokio::net::lookup_host((name, 0)).await?.map(|address| address.ip()).collect()) })
}
