//! The files of the gRPC contract, as they were when this was built: one by one and in one archive.

use std::{io, sync::LazyLock};

use axum::{extract::Request, response::Response};
use flate2::{Compression, GzBuilder};

use crate::{
    api::body,
    assets::Asset,
    openapi::system::ProtoIndex,
    routes::{name::Name, pages::shown},
};

/// Path below `proto/`, and text.
const TEXTS: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/protos.rs"));

static FILES: LazyLock<Vec<(&str, Asset)>> = LazyLock::new(|| {
    let file = |(name, text): &(&'static str, &'static str)| (*name, Asset::plain("text/plain; charset=utf-8", *text));
    TEXTS.iter().map(file).collect()
});

static INDEX: LazyLock<Asset> = LazyLock::new(|| {
    let files = TEXTS.iter().map(|(name, _)| format!("/proto/{name}")).collect();
    Asset::plain("application/json", body::write(&ProtoIndex { files, archive: "/proto.tar.gz" }))
});

static ARCHIVE: LazyLock<Asset> = LazyLock::new(|| Asset::plain("application/gzip", archived().unwrap_or_default()));

/// Packs all files, the same bytes every time.
fn archived() -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzBuilder::new().write(Vec::new(), Compression::best()));
    for (name, text) in TEXTS {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, format!("proto/{name}"), text.as_bytes())?;
    }
    archive.into_inner()?.finish()
}

pub async fn index(request: Request) -> Response {
    shown(Some(&*INDEX), &request)
}

pub async fn file(Name(name): Name, request: Request) -> Response {
    shown(FILES.iter().find(|(known, _)| *known == name).map(|(_, asset)| asset), &request)
}

pub async fn archive(request: Request) -> Response {
    shown(Some(&*ARCHIVE), &request)
}
