//! Builds HTTP clients: the one that all providers share, and those of providers whose hosts need trust of their own.

use std::time::Duration;

use reqwest::{Certificate, ClientBuilder, Identity};
use secrecy::{ExposeSecret as _, SecretSlice};

use super::timeouts::UpstreamTimeouts;

/// An HTTP client could not be built.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up TLS for upstream calls: {0}")]
pub struct ClientError(String);

/// How the hosts of one provider are trusted, and what the gateway shows them. Empty means like everybody else.
#[derive(Debug, Default)]
pub struct HostTls {
    /// PEM of the only authorities to trust.
    pub authorities: Option<Vec<u8>>,
    /// PEM of authorities to trust beside the public ones, where the operator names none.
    pub further: Option<&'static [u8]>,
    /// PEM of a client certificate with its private key.
    pub identity: Option<SecretSlice<u8>>,
}

/// Builds the client all providers share.
pub fn http_client(timeouts: UpstreamTimeouts) -> Result<reqwest::Client, ClientError> {
    build(public_roots(builder(timeouts))?)
}

/// Builds a client for the hosts of one provider. What it trusts, no other client does.
pub fn dedicated_client(timeouts: UpstreamTimeouts, tls: &HostTls) -> Result<reqwest::Client, ClientError> {
    let mut builder = match &tls.authorities {
        Some(pem) => builder(timeouts).tls_certs_only(certificates(pem)?),
        None => {
            let further = tls.further.map(certificates).transpose()?.unwrap_or_default();
            public_roots(builder(timeouts))?.tls_certs_merge(further)
        }
    };
    if let Some(pem) = &tls.identity {
        let wrong = |_| ClientError("the client certificate and its key are no PEM, or do not belong together".into());
        builder = builder.identity(Identity::from_pem(pem.expose_secret()).map_err(wrong)?);
    }
    build(builder)
}

/// Trusts the authorities that browsers trust, merged with the system's: a bare container has none of its own, and
/// building fails without any.
pub(super) fn public_roots(builder: ClientBuilder) -> Result<ClientBuilder, ClientError> {
    let roots = webpki_root_certs::TLS_SERVER_ROOT_CERTS.iter().map(|der| Certificate::from_der(der));
    let roots = roots.collect::<Result<Vec<_>, _>>().map_err(|e| ClientError(e.to_string()))?;
    Ok(builder.tls_certs_merge(roots))
}

fn certificates(pem: &[u8]) -> Result<Vec<Certificate>, ClientError> {
    match Certificate::from_pem_bundle(pem) {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        Ok(_) | Err(_) => Err(ClientError("the file of authorities holds no certificate in PEM".into())),
    }
}

pub(super) fn build(builder: ClientBuilder) -> Result<reqwest::Client, ClientError> {
    builder.build().map_err(|e| ClientError(e.to_string()))
}

fn builder(timeouts: UpstreamTimeouts) -> ClientBuilder {
    reqwest::Client::builder()
        .connect_timeout(timeouts.connect)
        .pool_idle_timeout(Duration::from_secs(60))
        .pool_max_idle_per_host(256)
        .tcp_nodelay(true)
        .tcp_keepalive(Duration::from_secs(30))
        // Never the adaptive window: it starts at 64 KiB, and h2 closes a whole connection when more small frames
        // wait than half the window allows. That is some 150 tokens of a slow reader.
        .http2_initial_connection_window_size(64 << 20)
        .http2_initial_stream_window_size(2 << 20)
        .http2_keep_alive_interval(Duration::from_secs(20))
        .http2_keep_alive_timeout(Duration::from_secs(10))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .user_agent(concat!("ai-model-gateway/", env!("CARGO_PKG_VERSION")))
}
