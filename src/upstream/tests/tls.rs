use std::{io, net::IpAddr, sync::Arc};

use futures_util::future::BoxFuture;
use http::HeaderMap;

use super::{
    fakes::{Fake, TIMEOUTS, ask, request, text, upstreams},
    server::{Answer, Authority, Server, Signed, tls},
};
use crate::{
    domain::failure::FailureClass,
    providers::registry::KeyStyle,
    routing::transport::Delivery,
    upstream::{ClientError, HostTls, HttpUpstream, dedicated_client, media::PublicOnly},
};

const ADVICE: &str = "set SOME_CA_FILE";

fn upstream(url: String) -> HttpUpstream {
    HttpUpstream::new(url, KeyStyle::Bearer, HeaderMap::new(), Arc::new(Fake))
}

fn trust(authority: &Authority, identity: Option<&Signed>) -> HostTls {
    let identity = identity.map(|own| format!("{}\n{}", own.certificate, own.key).into_bytes().into());
    HostTls { authorities: Some(authority.pem().into_bytes()), further: None, identity }
}

async fn call(url: String, tls: Option<HostTls>) -> Result<String, String> {
    let http = tls.map(|tls| dedicated_client(TIMEOUTS, &tls).unwrap());
    let upstreams = upstreams(upstream(url).with_client(http, ADVICE));
    match ask(&upstreams, &request(Vec::new(), 1), Delivery::Whole, "s3cret").await {
        Ok(events) => Ok(text(&events)),
        Err(failure) => {
            assert_eq!(failure.class, FailureClass::Network);
            assert!(!failure.message.contains("s3cret") && !failure.message.contains("/chat"), "{}", failure.message);
            Err(failure.message)
        }
    }
}

#[tokio::test]
async fn an_authority_is_trusted_by_its_own_client_only() {
    let (ours, other) = (Authority::new(), Authority::new());
    let server = Server::start_with(Some(tls(&ours.sign("localhost"), None)), |_| Answer::json(200, "hi")).await;
    let unknown = "localhost shows a certificate of an authority the gateway does not trust: set SOME_CA_FILE";
    let url = || server.https("localhost");
    assert_eq!(call(url(), Some(trust(&ours, None))).await.as_deref(), Ok("hi"));
    assert_eq!(call(url(), None).await.unwrap_err(), unknown);
    let message = call(url(), Some(trust(&other, None))).await.unwrap_err();
    assert!(message.starts_with("localhost shows a certificate"), "{message}");
    let message = call(server.https("127.0.0.1"), Some(trust(&ours, None))).await.unwrap_err();
    assert_eq!(message, "127.0.0.1 shows a certificate for another name: check the address in the settings");
    assert_eq!(server.seen().len(), 1, "nothing was sent to a host that is not trusted");
}

#[tokio::test]
async fn client_certificates_are_shown() {
    let (ours, other) = (Authority::new(), Authority::new());
    let tls = tls(&ours.sign("localhost"), Some(&ours));
    let server = Server::start_with(Some(tls), |_| Answer::json(200, "hi")).await;
    let url = || server.https("localhost");
    assert_eq!(call(url(), Some(trust(&ours, Some(&ours.sign("gateway"))))).await.as_deref(), Ok("hi"));
    let message = call(url(), Some(trust(&ours, None))).await.unwrap_err();
    assert_eq!(message, "localhost wants a client certificate: set one for this provider");
    let message = call(url(), Some(trust(&ours, Some(&other.sign("gateway"))))).await.unwrap_err();
    assert_eq!(message, "localhost refuses the client certificate: check the one set for it");
}

#[tokio::test]
async fn hosts_that_cannot_be_reached_are_named() {
    let look_up = |_: String| -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        Box::pin(async { Err(io::Error::other("no such name")) })
    };
    let resolver = Arc::new(PublicOnly { look_up, is_public: |_| true });
    let http = reqwest::Client::builder().tls_certs_only([]).dns_resolver(resolver).build().unwrap();
    let upstream = upstream("https://nowhere.example".into()).with_client(Some(http), ADVICE);
    let failure = ask(&upstreams(upstream), &request(Vec::new(), 1), Delivery::Whole, "s3cret").await.unwrap_err();
    let wanted = "cannot find the host nowhere.example: check its name in the settings and this machine's DNS";
    assert_eq!(failure.message, wanted);
    let message = call("http://127.0.0.1:1".into(), None).await.unwrap_err();
    assert!(message.starts_with("cannot connect to 127.0.0.1: "), "{message}");
    let plain = Server::start(|_| Answer::json(200, "hi")).await;
    let message = call(plain.https("localhost"), None).await.unwrap_err();
    assert_eq!(message, "cannot agree on TLS with localhost: check that its address and port are right");
}

#[test]
fn files_that_are_no_pem_are_refused() {
    let refused = |tls: HostTls| -> ClientError { dedicated_client(TIMEOUTS, &tls).unwrap_err() };
    for pem in ["", "no pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let tls = HostTls { authorities: Some(pem.as_bytes().to_vec()), further: None, identity: None };
        assert!(refused(tls).to_string().starts_with("cannot set up TLS"), "{pem}");
    }
    let identity = Some(Authority::new().sign("x").certificate.into_bytes().into());
    let wrong = refused(HostTls { authorities: None, further: None, identity });
    assert!(wrong.to_string().contains("client certificate and its key"), "{wrong}");
}
