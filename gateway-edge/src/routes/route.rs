//! One route: a method, a path, who answers, and what is said of it. Neither can be there without the other.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    handler::Handler,
    middleware::from_fn_with_state,
    response::IntoResponse as _,
    routing::{MethodFilter, MethodRouter, on},
};
use http::{Method, StatusCode, header};

use crate::{
    openapi::{Described, Operation},
    routes::{admission::admit, edge::Edge},
};

/// Makes what is said of a route: it is needed by those who ask for the document, and that may be nobody.
type Said = fn() -> Operation;

pub struct Route {
    method: Method,
    path: &'static str,
    handler: MethodRouter<Arc<Edge>>,
    operation: Said,
    /// Whether anybody may use it, without a key.
    is_open: bool,
}

impl Route {
    /// A route for GET, and for HEAD with it.
    pub fn get<H: Handler<T, Arc<Edge>>, T: 'static>(path: &'static str, handler: H, operation: Said) -> Self {
        Self::new(Method::GET, path, on(MethodFilter::GET, handler), operation)
    }

    pub fn post<H: Handler<T, Arc<Edge>>, T: 'static>(path: &'static str, handler: H, operation: Said) -> Self {
        Self::new(Method::POST, path, on(MethodFilter::POST, handler), operation)
    }

    pub fn patch<H: Handler<T, Arc<Edge>>, T: 'static>(path: &'static str, handler: H, operation: Said) -> Self {
        Self::new(Method::PATCH, path, on(MethodFilter::PATCH, handler), operation)
    }

    pub fn delete<H: Handler<T, Arc<Edge>>, T: 'static>(path: &'static str, handler: H, operation: Said) -> Self {
        Self::new(Method::DELETE, path, on(MethodFilter::DELETE, handler), operation)
    }

    fn new(method: Method, path: &'static str, handler: MethodRouter<Arc<Edge>>, operation: Said) -> Self {
        Self { method, path, handler, operation, is_open: false }
    }

    /// The same for everybody: who calls is not asked, and the document says so.
    pub fn open(self) -> Self {
        Self { is_open: true, ..self }
    }

    pub fn described(&self) -> Described<'_> {
        let Self { method, path, is_open, .. } = self;
        Described { method, path, is_open: *is_open, operation: (self.operation)() }
    }

    /// Returns the handler, behind the question who calls unless anybody may.
    fn guarded(&self, edge: &Arc<Edge>) -> MethodRouter<Arc<Edge>> {
        let handler = self.handler.clone();
        if self.is_open { handler } else { handler.layer(from_fn_with_state(edge.clone(), admit)) }
    }

    /// OpenAI's routes are there without `/v1`, too.
    fn paths(&self) -> impl Iterator<Item = &'static str> {
        let short = self.path.strip_prefix("/v1/").and_then(|_| self.path.get("/v1".len()..));
        [Some(self.path), short].into_iter().flatten()
    }
}

/// Everything at one path, and the methods that OPTIONS names.
#[derive(Default)]
struct Place {
    handlers: MethodRouter<Arc<Edge>>,
    allowed: Vec<&'static str>,
}

/// Puts routes together by path, and adds OPTIONS to each.
pub fn assemble(routes: Vec<Route>, edge: &Arc<Edge>) -> Router<Arc<Edge>> {
    let mut places = BTreeMap::<&str, Place>::new();
    for route in routes {
        for path in route.paths() {
            let place = places.entry(path).or_default();
            place.handlers = std::mem::take(&mut place.handlers).merge(route.guarded(edge));
            place.allowed.extend(names(&route.method));
        }
    }
    places.into_iter().fold(Router::new(), |router, (path, Place { handlers, mut allowed })| {
        allowed.push("OPTIONS");
        let allowed = allowed.join(",");
        router.route(
            path,
            handlers.options(|| async move { (StatusCode::NO_CONTENT, [(header::ALLOW, allowed)]).into_response() }),
        )
    })
}

fn names(method: &Method) -> &'static [&'static str] {
    match *method {
        Method::GET => &["GET", "HEAD"],
        Method::POST => &["POST"],
        Method::PATCH => &["PATCH"],
        Method::DELETE => &["DELETE"],
        _ => &[],
    }
}
