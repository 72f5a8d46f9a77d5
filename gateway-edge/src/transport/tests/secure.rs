//! TLS toward the service: an authority of one's own, a certificate of the edge, and files that do not fit.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        RootCertStore, ServerConfig,
        crypto::aws_lc_rs,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
        server::WebPkiClientVerifier,
    },
};

use super::replica::*;
use crate::{RemoteSettings, TlsFiles, Transport};

/// An authority, and what it signed, as files.
struct Papers {
    dir: PathBuf,
    ca: CertifiedIssuer<'static, KeyPair>,
}

impl Papers {
    fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("gateway-edge-{}-{name}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        fs::write(dir.join("ca.pem"), ca.pem()).unwrap();
        Self { dir, ca }
    }

    /// Signs a certificate for a name and writes `<file>.pem` and `<file>.key`.
    fn sign(&self, file: &str, name: &str) {
        let key = KeyPair::generate().unwrap();
        let cert = CertificateParams::new([name.to_owned()]).unwrap().signed_by(&key, &self.ca).unwrap();
        fs::write(self.file(&format!("{file}.pem")), cert.pem()).unwrap();
        fs::write(self.file(&format!("{file}.key")), key.serialize_pem()).unwrap();
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    /// Serves TLS in front of a replica, and returns its address.
    async fn serve(&self, replica: &Replica, ask_for_certificate: bool) -> (String, JoinSet<()>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://{}", listener.local_addr().unwrap());
        (url, self.serve_on(listener, replica, ask_for_certificate))
    }

    fn serve_on(&self, listener: TcpListener, replica: &Replica, ask_for_certificate: bool) -> JoinSet<()> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder =
            ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().unwrap();
        let builder = if ask_for_certificate {
            let mut roots = RootCertStore::empty();
            roots.add(self.ca.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        } else {
            builder.with_no_client_auth()
        };
        let chain = vec![CertificateDer::from_pem_file(self.file("server.pem")).unwrap()];
        let key = PrivateKeyDer::from_pem_file(self.file("server.key")).unwrap();
        let mut config = builder.with_single_cert(chain, key).unwrap();
        config.alpn_protocols.push(b"h2".to_vec());
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let (mut task, address) = (JoinSet::new(), replica.address);
        task.spawn(async move {
            let mut wires = JoinSet::new();
            loop {
                let (tcp, _) = listener.accept().await.unwrap();
                let acceptor = acceptor.clone();
                wires.spawn(async move {
                    let Ok(mut near) = acceptor.accept(tcp).await else { return };
                    let mut far = tokio::net::TcpStream::connect(address).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut near, &mut far).await;
                });
            }
        });
        task
    }
}

impl Drop for Papers {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.dir);
    }
}

#[tokio::test]
async fn only_a_service_with_the_right_papers_is_called() {
    let (papers, others) = (Papers::new("ours"), Papers::new("theirs"));
    papers.sign("server", "gateway.internal");
    papers.sign("edge", "edge.internal");
    others.sign("edge", "edge.internal");
    let replica = Replica::start(models).await;
    let name = || Some("gateway.internal".to_owned());
    let ca = || Some(papers.file("ca.pem"));
    let own = |papers: &Papers| (Some(papers.file("edge.pem")), Some(papers.file("edge.key")));
    for (what, mutual, ca, (cert, key), server_name, good) in [
        ("our authority", false, ca(), (None, None), name(), true),
        ("the system's authorities", false, None, (None, None), name(), false),
        ("another authority", false, Some(others.file("ca.pem")), (None, None), name(), false),
        ("the name of the address", false, ca(), (None, None), None, false),
        ("both certificates", true, ca(), own(&papers), name(), true),
        ("no certificate where one is asked for", true, ca(), (None, None), name(), false),
        ("somebody else's certificate", true, ca(), own(&others), name(), false),
    ] {
        let (url, _server) = papers.serve(&replica, mutual).await;
        let tls = TlsFiles { ca, cert, key, server_name };
        let settings = RemoteSettings { tls, ..settings([url]) };
        // A machine without authorities of its own says so at the start.
        let Ok(transport) = Transport::remote(&settings) else {
            assert!(!good, "{what}");
            continue;
        };
        assert_eq!(list(&transport).await.is_ok(), good, "{what}");
    }
}

#[tokio::test]
async fn renewed_files_are_read_with_the_next_connection() {
    let (papers, renewed) = (Papers::new("first"), Papers::new("renewed"));
    for papers in [&papers, &renewed] {
        papers.sign("server", "gateway.internal");
        papers.sign("edge", "edge.internal");
    }
    let replica = Replica::start(models).await;
    let (url, server) = papers.serve(&replica, true).await;
    let tls = TlsFiles {
        ca: Some(papers.file("ca.pem")),
        cert: Some(papers.file("edge.pem")),
        key: Some(papers.file("edge.key")),
        server_name: Some("gateway.internal".into()),
    };
    let address = url.trim_start_matches("https://").to_owned();
    let transport = Transport::remote(&RemoteSettings { tls, ..settings([url]) }).unwrap();
    until_healthy(&transport, 1).await;
    let replace = |name: &str| fs::copy(renewed.file(name), papers.file(name)).unwrap();
    let mut server = server;
    // In turn: what happens to the files, and whether a service with renewed papers is reached then.
    for (step, change, good) in [
        ("nothing", &(|| {}) as &(dyn Fn() + Sync), false),
        ("half of them", &|| _ = (replace("ca.pem"), replace("edge.pem")), false),
        ("all of them", &|| _ = replace("edge.key"), true),
        ("a broken file", &|| fs::write(papers.file("edge.key"), "broken").unwrap(), true),
        ("a missing file", &|| fs::remove_file(papers.file("ca.pem")).unwrap(), true),
    ] {
        change();
        server.shutdown().await;
        until_healthy(&transport, 0).await;
        server = renewed.serve_on(TcpListener::bind(&address).await.unwrap(), &replica, true);
        if good {
            until_healthy(&transport, 1).await;
        }
        assert_eq!(list(&transport).await.is_ok(), good, "{step}");
    }
}

#[tokio::test]
async fn files_that_do_not_fit_are_named() {
    let papers = Papers::new("files");
    for name in ["edge", "other"] {
        papers.sign(name, "edge.internal");
    }
    fs::write(papers.file("empty.pem"), "").unwrap();
    fs::write(papers.file("broken.pem"), "-----BEGIN CERTIFICATE-----\nsecret!\n-----END CERTIFICATE-----\n").unwrap();
    let file = |name: &str| Some(papers.file(name));
    let tls = TlsFiles::default;
    for (files, url, said) in [
        (TlsFiles { ca: file("missing.pem"), ..tls() }, "https://x", "missing.pem cannot be read: No such file"),
        (TlsFiles { ca: file("empty.pem"), ..tls() }, "https://x", "empty.pem holds no certificate in PEM"),
        (TlsFiles { ca: file("broken.pem"), ..tls() }, "https://x", "broken.pem is no valid PEM file"),
        (TlsFiles { ca: file("edge.key"), ..tls() }, "https://x", "edge.key holds no certificate in PEM"),
        (TlsFiles { ca: file("ca.pem"), cert: file("edge.pem"), ..tls() }, "https://x", "without its key"),
        (TlsFiles { ca: file("ca.pem"), key: file("edge.key"), ..tls() }, "https://x", "without its certificate"),
        (
            TlsFiles { ca: file("ca.pem"), cert: file("edge.pem"), key: file("edge.pem"), ..tls() },
            "https://x",
            "edge.pem holds no private key in PEM",
        ),
        (
            TlsFiles { ca: file("ca.pem"), cert: file("edge.pem"), key: file("other.key"), ..tls() },
            "https://x",
            "other.key do not fit",
        ),
        (
            TlsFiles { ca: file("ca.pem"), server_name: Some("no name".into()), ..tls() },
            "https://x",
            "the TLS server name is no DNS name",
        ),
        (TlsFiles { ca: file("ca.pem"), ..tls() }, "http://x", "an address that begins with https://"),
        (tls(), "not a url", "write an address such as"),
    ] {
        let settings = RemoteSettings { tls: files, ..settings([url.to_owned()]) };
        let error = Transport::remote(&settings).err().map(|error| error.to_string()).unwrap_or_default();
        assert!(error.contains(said) && !error.contains("secret!"), "{said}: {error}");
    }
    tokio::time::sleep(Duration::ZERO).await;
}
