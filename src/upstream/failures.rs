//! Failures that come from the connection, not from the provider. They name the host and say what to do; the rest of
//! the address is left out, because a query string may hold a key.

use std::{error::Error, io, time::Duration};

use rustls::{AlertDescription, CertificateError};

use crate::domain::failure::{FailureClass, UpstreamFailure};

/// What helps when the certificate of a host outside the providers with settings of their own is not trusted.
pub(super) const SYSTEM_AUTHORITIES: &str =
    "add its authority to this machine's store or to SSL_CERT_FILE, unless a proxy in between opens TLS";

/// The provider sent nothing for so long.
pub(super) fn silent(waited: Duration) -> UpstreamFailure {
    let seconds = (waited.as_secs_f64() * 10.0).round() / 10.0;
    UpstreamFailure::new(FailureClass::Timeout, format!("the provider sent nothing for {seconds} s"))
}

/// The connection failed while an answer was read.
pub(super) fn network(error: reqwest::Error) -> UpstreamFailure {
    unreachable(error, SYSTEM_AUTHORITIES)
}

/// The connection failed. `authorities` says how to trust the authority of the host's certificate.
pub(super) fn unreachable(error: reqwest::Error, authorities: &str) -> UpstreamFailure {
    let class = if error.is_timeout() { FailureClass::Timeout } else { FailureClass::Network };
    let host = error.url().and_then(|url| url.host_str()).unwrap_or("the provider").to_owned();
    let error = error.without_url();
    let message = match cause(&error) {
        Cause::UnknownHost => {
            format!("cannot find the host {host}: check its name in the settings and this machine's DNS")
        }
        Cause::Tls(rustls::Error::InvalidCertificate(problem)) => certificate(&host, &problem, authorities),
        Cause::Tls(rustls::Error::AlertReceived(alert)) => refused(&host, alert),
        Cause::Tls(_) => format!("cannot agree on TLS with {host}: check that its address and port are right"),
        Cause::Other(text) if error.is_connect() => format!("cannot connect to {host}{text}"),
        Cause::Other(text) => format!("the connection broke{text}"),
    };
    UpstreamFailure { code: Some("upstream_unreachable".into()), ..UpstreamFailure::new(class, message) }
}

fn certificate(host: &str, problem: &CertificateError, authorities: &str) -> String {
    use CertificateError::{
        Expired, ExpiredContext, NotValidForName, NotValidForNameContext, NotValidYet, NotValidYetContext,
        UnknownIssuer,
    };
    match problem {
        UnknownIssuer => {
            format!("{host} shows a certificate of an authority the gateway does not trust: {authorities}")
        }
        NotValidForName | NotValidForNameContext { .. } => {
            format!("{host} shows a certificate for another name: check the address in the settings")
        }
        Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. } => {
            format!("{host} shows a certificate that is not valid today: check this machine's clock")
        }
        _ => format!("{host} shows a certificate that cannot be trusted: {authorities}"),
    }
}

fn refused(host: &str, alert: AlertDescription) -> String {
    use AlertDescription::{
        BadCertificate, CertificateExpired, CertificateRequired, CertificateRevoked, CertificateUnknown, DecryptError,
        UnknownCA, UnsupportedCertificate,
    };
    match alert {
        CertificateRequired => format!("{host} wants a client certificate: set one for this provider"),
        BadCertificate
        | CertificateExpired
        | CertificateRevoked
        | CertificateUnknown
        | DecryptError
        | UnknownCA
        | UnsupportedCertificate => format!("{host} refuses the client certificate: check the one set for it"),
        _ => format!("{host} ended the TLS handshake: check that its address and port are right"),
    }
}

enum Cause {
    UnknownHost,
    Tls(rustls::Error),
    /// The innermost text behind a colon; empty when there is none.
    Other(String),
}

/// Looks through the chain of errors for what a person can act on.
fn cause(error: &reqwest::Error) -> Cause {
    let mut text = String::new();
    let mut next = error.source();
    while let Some(inner) = next {
        if let Some(tls) = tls(inner) {
            return Cause::Tls(tls.clone());
        }
        // The connector's error type has no name outside its crate.
        if inner.to_string() == "dns error" {
            return Cause::UnknownHost;
        }
        next = inner.source();
        if next.is_none() {
            text = format!(": {inner}");
        }
    }
    Cause::Other(text)
}

/// An IO error shows what it wraps only when asked for it.
fn tls<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    match wrapped {
        Some(wrapped) => tls(wrapped),
        None => error.downcast_ref(),
    }
}
