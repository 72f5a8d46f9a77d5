//! What every request of a route passes, on its way in and on its way out: one future around the handler's own. A layer
//! of the router for each would cost two boxes and a copy of the service every time.

use std::{future::Future, pin::Pin, sync::Arc, time::Instant};

use axum::{extract::Request, handler::Handler, response::Response};

use crate::{
    language::Language,
    routes::{admission::admit, edge::Edge, localize::localize},
};

/// A handler with what is around it.
#[derive(Clone)]
pub struct Passage<H> {
    handler: H,
    /// Of the route.
    path: &'static str,
    is_open: bool,
}

impl<H> Passage<H> {
    /// Who calls is asked where that matters before the handler does.
    pub fn keyed(path: &'static str, handler: H) -> Self {
        Self { handler, path, is_open: false }
    }

    /// For everybody.
    pub fn open(path: &'static str, handler: H) -> Self {
        Self { handler, path, is_open: true }
    }
}

impl<H: Handler<T, Arc<Edge>>, T> Handler<T, Arc<Edge>> for Passage<H> {
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, edge: Arc<Edge>) -> Self::Future {
        let (began, method) = (Instant::now(), request.method().clone());
        let asked = Language::asked(request.headers());
        Box::pin(async move {
            let answer = match self.is_open {
                true => self.handler.call(request, edge.clone()).await,
                false => admit(&edge, request, |request| self.handler.call(request, edge.clone())).await,
            };
            edge.count(self.path, &method, answer.status(), began);
            localize(answer, asked)
        })
    }
}
