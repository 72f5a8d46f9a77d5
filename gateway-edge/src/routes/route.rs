//! One route: a method, a path, who answers, and what is said of it. Neither can be there without the other.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    handler::Handler,
    response::IntoResponse as _,
    routing::{MethodFilter, MethodRouter, on},
};
use http::{Method, StatusCode, header};

use crate::{
    openapi::{Described, Operation},
    routes::{edge::Edge, passage::Passage},
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
        Self::new(Method::GET, path, on(MethodFilter::GET, Passage::keyed(path, handler)), operation)
    }

    /// The same for everybody: who calls is not asked, and the document says so.
    pub fn open<H: Handler<T, Arc<Edge>>, T: 'static>(path: &'static str, handler: H, operation: Said) -> Self {
        let route = Self::new(Method::GET, path, on(MethodFilter::GET, Passage::open(path, handler)), operation);
        Self { is_open: true, ..route }
    }

    pub fn post<H: Handler<T, Arc<Edge>>, T: 'static>(path: &'static str, handler: H, operation: Said) -> Self {
        Self::new(Method::POST, path, on(MethodFilter::POST, Passage::keyed(path, handler)), operation)
    }

    pub fn patch<H: Handler<T, Arc<Edge>>, T: 'static>(path: &'static str, handler: H, operation: Said) -> Self {
        Self::new(Method::PATCH, path, on(MethodFilter::PATCH, Passage::keyed(path, handler)), operation)
    }

    pub fn delete<H: Handler<T, Arc<Edge>>, T: 'static>(path: &'static str, handler: H, operation: Said) -> Self {
        Self::new(Method::DELETE, path, on(MethodFilter::DELETE, Passage::keyed(path, handler)), operation)
    }

    fn new(method: Method, path: &'static str, handler: MethodRouter<Arc<Edge>>, operation: Said) -> Self {
        Self { method, path, handler, operation, is_open: false }
    }

    pub fn path(&self) -> &'static str {
        self.path
    }

    pub fn described(&self) -> Described<'_> {
        let Self { method, path, is_open, .. } = self;
        Described { method, path, is_open: *is_open, operation: (self.operation)() }
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
pub fn assemble(routes: Vec<Route>) -> Router<Arc<Edge>> {
    let mut places = BTreeMap::<&str, Place>::new();
    for route in routes {
        for path in route.paths() {
            let place = places.entry(path).or_default();
            place.handlers = std::mem::take(&mut place.handlers).merge(route.handler.clone());
            place.allowed.extend(names(&route.method));
        }
    }
    places.into_iter().fold(Router::new(), |router, (path, Place { handlers, mut allowed })| {
        allowed.push("OPTIONS");
        let allowed = allowed.join(",");
        let options = || async move { (StatusCode::NO_CONTENT, [(header::ALLOW, allowed)]).into_response() };
        router.route(path, handlers.options(Passage::open(path, options)))
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
