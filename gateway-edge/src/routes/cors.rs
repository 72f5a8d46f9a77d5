//! Which browser origins may read answers.

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
};
use http::{HeaderValue, Method, header};
use tower::ServiceExt as _;
use tower_http::cors::{AllowHeaders, AllowOrigin, Any, CorsLayer};

/// Lets browsers of `origins` in.
pub fn admit(router: Router, origins: &[String]) -> Router {
    let Some(cors) = cors(origins) else { return router };
    let plain = router.clone();
    router.layer(cors).layer(from_fn(move |request: Request, next: Next| {
        // The layer takes every OPTIONS for a browser's question, and answers it for paths that are not there.
        let plain = (request.method() == Method::OPTIONS && !is_preflight(&request)).then(|| plain.clone());
        async move {
            let Some(plain) = plain else { return next.run(request).await };
            match plain.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }
    }))
}

fn is_preflight(request: &Request) -> bool {
    let has = |name| request.headers().contains_key(name);
    has(header::ORIGIN) && has(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn cors(origins: &[String]) -> Option<CorsLayer> {
    if origins.is_empty() {
        return None;
    }
    let origin = if origins.iter().any(|origin| origin == "*") {
        AllowOrigin::any()
    } else {
        AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::try_from(origin).ok()))
    };
    let cors = CorsLayer::new()
        .allow_origin(origin)
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PATCH, Method::DELETE, Method::OPTIONS])
        // SDKs send many headers of their own. Not `*`: the fetch specification leaves `authorization` out of it.
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers(Any)
        .max_age(std::time::Duration::from_secs(3600));
    Some(cors)
}
