use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures_util::future::{BoxFuture, FutureExt as _};
use http::HeaderMap;
use proptest::prelude::*;
use reqwest::{Certificate, dns::Resolve as _};

use super::{
    fakes::{Fake, image, in_time, request, target, upstreams},
    server::{Answer, Authority, Server, tls},
};
use crate::{
    domain::{
        chat::{ChatRequest, File, MediaSource, Part, ToolResult},
        error::{Error, ErrorKind},
    },
    providers::registry::KeyStyle,
    routing::transport::Transport as _,
    upstream::{
        HttpUpstream,
        media::{MediaFetcher, PublicOnly, is_public},
    },
};

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nand so on";
const HOST: &str = "pictures.example";

fn url(url: String) -> MediaSource {
    MediaSource::Url { url, mime_type: String::new() }
}

/// A server of pictures under a public name, and a fetcher to which its address counts as public.
async fn pictures() -> (Server, MediaFetcher) {
    let authority = Authority::new();
    let server = Server::start_with(Some(tls(&authority.sign(HOST), None)), |seen| match seen.path() {
        "/cat.png" => Answer::bytes(PNG),
        "/page" => Answer::bytes("<html>"),
        "/moved" => Answer { status: 302, headers: "location: /cat.png\r\n", ..Answer::json(302, "") },
        "/large" => Answer::bytes([PNG, &vec![0; 20 << 20]].concat()),
        _ => Answer::json(404, "no"),
    })
    .await;
    let fetcher = fetcher(&authority, server.addr.port(), |_| Ok(vec![Ipv4Addr::LOCALHOST.into()]), |_| true);
    (server, fetcher)
}

fn fetcher(
    authority: &Authority,
    port: u16,
    find: impl Fn(usize) -> io::Result<Vec<IpAddr>> + Send + Sync + 'static,
    is_public: fn(IpAddr) -> bool,
) -> MediaFetcher {
    let lookups = AtomicUsize::new(0);
    let look_up = move |_: String| -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let found = find(lookups.fetch_add(1, Ordering::Relaxed));
        Box::pin(async move { found })
    };
    let root = Certificate::from_pem(authority.pem().as_bytes()).unwrap();
    let builder = reqwest::Client::builder().tls_certs_only([root]);
    MediaFetcher::with(&[format!("{HOST}:{port}")], builder, PublicOnly { look_up, is_public }).unwrap()
}

async fn fetch(fetcher: Option<MediaFetcher>, request: &mut ChatRequest) -> Result<(), Error> {
    let upstream = HttpUpstream::new("http://x".into(), KeyStyle::None, HeaderMap::new(), Arc::new(Fake));
    upstreams(upstream).with_media(fetcher).prepare_media(&target(), request, in_time()).await.map(drop)
}

#[tokio::test]
async fn addresses_become_bytes() {
    let (server, fetcher) = pictures().await;
    let cat = || url(server.https(HOST) + "/cat.png");
    let result = ToolResult {
        tool_call_id: String::new(),
        name: String::new(),
        parts: vec![Part::Text("see".into()), image(cat())],
        is_error: false,
    };
    let known = image(url("https://known.example/x.png".into()));
    let file = Part::File(File { source: cat(), filename: "cat.png".into() });
    let parts = vec![Part::Text("what is this?".into()), image(cat()), known.clone(), file, Part::ToolResult(result)];
    let mut request = request(parts, 1);
    fetch(Some(fetcher), &mut request).await.unwrap();
    let bytes = MediaSource::Data { mime_type: "image/png".into(), data: PNG.into() };
    let parts = &request.messages[0].parts;
    assert_eq!((&parts[1], &parts[2]), (&image(bytes.clone()), &known));
    assert_eq!(parts[3], Part::File(File { source: bytes.clone(), filename: "cat.png".into() }));
    assert!(matches!(&parts[4], Part::ToolResult(result) if result.parts[1] == image(bytes)));
    assert_eq!(server.count("/cat.png"), 3);
}

#[tokio::test]
async fn failures_name_the_field_and_tell_nothing_of_the_network() {
    let (server, _) = pictures().await;
    let mut texts = Vec::new();
    for path in ["/page", "/moved", "/large", "/missing"] {
        let (own, fetcher) = pictures().await;
        let mut request = request(vec![Part::Text("?".into()), image(url(own.https(HOST) + path))], 1);
        let error = fetch(Some(fetcher), &mut request).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::InvalidRequest);
        assert_eq!(error.field.as_deref(), Some("prompt.messages[0].parts[1].image.source.url"));
        assert!(own.count("/cat.png") == 0 && own.count(path) == 1, "{path}");
        texts.push(error.message);
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
    for (fetcher, address, wanted) in [
        (None, server.https(HOST) + "/cat.png", "this gateway does not: send the bytes"),
        (Some(pictures().await.1), "https://other.example/x".into(), "ask the operator to allow the host"),
        (Some(pictures().await.1), "http://169.254.169.254/x".into(), "ask the operator to allow the host"),
    ] {
        let error = fetch(fetcher, &mut request(vec![image(url(address))], 1)).await.unwrap_err();
        assert!(error.message.contains(wanted), "{}", error.message);
    }
    let many = (0..21).map(|n| image(url(format!("{}/{n}", server.https(HOST))))).collect();
    let error = fetch(Some(pictures().await.1), &mut request(many, 1)).await.unwrap_err();
    assert_eq!(error.field.as_deref(), Some("prompt.messages[0].parts[20].image.source.url"));
    assert_eq!(server.seen().len(), 0);
}

#[tokio::test]
async fn requests_without_addresses_pass() {
    let mut request = request(vec![Part::Text("hi".into())], 1);
    assert!(fetch(None, &mut request).await.is_ok());
}

/// A name that is public when it is checked and private when it is used, and one with an address of each kind.
#[tokio::test]
async fn names_that_change_their_mind_gain_nothing() {
    let authority = Authority::new();
    let server = Server::start_with(Some(tls(&authority.sign(HOST), None)), |_| Answer::bytes(PNG)).await;
    let (port, address) = (server.addr.port(), server.https(HOST) + "/cat.png");
    let public: IpAddr = "203.0.114.1".parse().unwrap();
    let local: IpAddr = Ipv4Addr::LOCALHOST.into();
    for answers in [[vec![local], vec![local]], [vec![public, local], vec![local]], [vec![], vec![local]]] {
        let find = move |number: usize| Ok(answers[number.min(1)].clone());
        let fetcher = fetcher(&authority, port, find, is_public);
        assert!(fetcher.fetch(&address, in_time()).await.is_err());
    }
    // The first answer is used and there is no second look-up that could differ.
    let counted = Arc::new(AtomicUsize::new(0));
    let count = counted.clone();
    let find = move |number: usize| {
        count.fetch_add(1, Ordering::Relaxed);
        Ok(vec![if number == 0 { public } else { local }])
    };
    let fetcher = fetcher(&authority, port, find, is_public);
    let soon = tokio::time::Instant::now() + std::time::Duration::from_millis(300);
    assert!(fetcher.fetch(&address, soon).await.is_err());
    assert_eq!(counted.load(Ordering::Relaxed), 1);
    assert_eq!(server.seen().len(), 0, "nothing reached the private address");
}

proptest! {
    /// Every address a connection could go to is public; one that is not takes its name down with it.
    #[test]
    fn names_lead_to_public_addresses_only(v4: Vec<u32>, v6: Vec<u128>, near in 0usize..8) {
        // Near the edges of the table, where mistakes would be.
        let edges = [0x0a00_0000, 0x7f00_0001, 0x6440_0000, 0xa9fe_a9fe, 0xac10_0000, 0xc0a8_0001, 0xe000_0000, 0x0808_0808];
        let edge = Ipv4Addr::from(edges[near]);
        let mut addresses: Vec<IpAddr> = v4.into_iter().take(2).map(|bits| Ipv4Addr::from(bits).into()).collect();
        addresses.extend(v6.into_iter().take(2).map(|bits| IpAddr::from(std::net::Ipv6Addr::from(bits >> 3 | 1 << 125))));
        addresses.push(edge.into());
        let found = addresses.clone();
        let look_up = move |_: String| -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
            Box::pin(std::future::ready(Ok(found.clone())))
        };
        let resolver = PublicOnly { look_up, is_public };
        let resolved = resolver.resolve("pictures.example".parse().unwrap()).now_or_never().unwrap();
        match resolved {
            Ok(connected) => prop_assert!(connected.map(|to| to.ip()).all(is_public)),
            Err(_) => prop_assert!(!addresses.into_iter().all(is_public)),
        }
    }
}
