//! The OpenAPI document, and two pages that show it. Their libraries are part of the binary, see `assets/README.md`.

use std::sync::{Arc, LazyLock};

use axum::{
    body::Body,
    extract::{Request, State},
    response::Response,
};
use http::{HeaderValue, Method, StatusCode, header};

use crate::{
    assets::Asset,
    error::{Failure, Style},
    metadata::RequestId,
    routes::{answer::finish, edge::Edge, name::Name},
};

/// Pages that load what stands beside them.
const PAGES: [&str; 2] = ["docs", "redoc"];

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const TEXT: &str = "text/plain; charset=utf-8";

static SWAGGER: LazyLock<Asset> = LazyLock::new(|| Asset::plain(HTML, include_str!("../../assets/pages/docs.html")));
static REDOC: LazyLock<Asset> = LazyLock::new(|| Asset::plain(HTML, include_str!("../../assets/pages/redoc.html")));

/// What the pages load.
static FILES: LazyLock<[(&str, Asset); 9]> = LazyLock::new(|| {
    [
        ("redoc.js", Asset::plain(SCRIPT, include_str!("../../assets/pages/redoc.js"))),
        ("swagger.js", Asset::plain(SCRIPT, include_str!("../../assets/pages/swagger.js"))),
        (
            "swagger-ui-bundle.js",
            Asset::compressed(SCRIPT, &include_bytes!("../../assets/swagger-ui/swagger-ui-bundle.js.gz")[..]),
        ),
        ("swagger-ui.css", Asset::compressed(STYLE, &include_bytes!("../../assets/swagger-ui/swagger-ui.css.gz")[..])),
        (
            "redoc.standalone.js",
            Asset::compressed(SCRIPT, &include_bytes!("../../assets/redoc/redoc.standalone.js.gz")[..]),
        ),
        // Whoever passes the libraries on passes their licences on.
        ("swagger-ui.NOTICE.txt", Asset::plain(TEXT, include_str!("../../assets/swagger-ui/NOTICE"))),
        ("swagger-ui.LICENSE.txt", Asset::plain(TEXT, include_str!("../../assets/swagger-ui/LICENSE"))),
        (
            "swagger-ui-bundle.js.LICENSE.txt",
            Asset::plain(TEXT, include_str!("../../assets/swagger-ui/swagger-ui-bundle.js.LICENSE.txt")),
        ),
        ("redoc.LICENSE.txt", Asset::plain(TEXT, include_str!("../../assets/redoc/LICENSE"))),
    ]
});

pub async fn document(State(edge): State<Arc<Edge>>, request: Request) -> Response {
    shown(Some(&*edge.document), &request)
}

pub async fn swagger(request: Request) -> Response {
    shown(Some(&*SWAGGER), &request)
}

pub async fn redoc(request: Request) -> Response {
    shown(Some(&*REDOC), &request)
}

pub async fn file(Name(name): Name, request: Request) -> Response {
    shown(FILES.iter().find(|(known, _)| *known == name).map(|(_, asset)| asset), &request)
}

/// Sends a browser from a page's address with slashes at its end to the one without: what a page loads stands beside it,
/// whatever path a proxy puts before ours.
pub fn moved(tidied: &str, request: &Request) -> Option<Response> {
    let page = PAGES.iter().find(|page| tidied.strip_prefix('/') == Some(**page))?;
    let slashes = request.uri().path().bytes().rev().take_while(|byte| *byte == b'/').count();
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    let location = HeaderValue::try_from("../".repeat(slashes) + page).ok()?;
    (is_read && slashes > 0).then(|| {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
        response.headers_mut().insert(header::LOCATION, location);
        finish(Ok(response), Style::OpenAi, &RequestId::of(request.headers()))
    })
}

/// Answers with a file, if it is there.
pub fn shown(asset: Option<&Asset>, request: &Request) -> Response {
    let found = asset.map(|asset| asset.answer(request.headers()));
    let missing = || Failure::new(StatusCode::NOT_FOUND, "There is no such file here.");
    finish(found.ok_or_else(missing), Style::OpenAi, &RequestId::of(request.headers()))
}

#[cfg(test)]
mod tests;
