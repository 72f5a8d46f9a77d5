//! What every request of a route passes, on its way in and on its way out: one future around the handler's own. A layer
//! of the router for each would cost two boxes and a copy of the service every time.

use std::{future::Future, pin::Pin, sync::Arc};

use axum::{extract::Request, handler::Handler, response::Response};

use crate::{
    language::Language,
    routes::{admission::admit, edge::Edge, localize::localize},
};

/// A handler with what is around it.
#[derive(Clone)]
pub struct Passage<H> {
    handler: H,
    is_open: bool,
}

impl<H> Passage<H> {
    /// Who calls is asked where that matters before the handler does.
    pub fn keyed(handler: H) -> Self {
        Self { handler, is_open: false }
    }

    /// For everybody.
    pub fn open(handler: H) -> Self {
        Self { handler, is_open: true }
    }
}

impl<H: Handler<T, Arc<Edge>>, T> Handler<T, Arc<Edge>> for Passage<H> {
    type Future = Pin<Box<dyn Future<Output = Response> + Send>>;

    fn call(self, request: Request, edge: Arc<Edge>) -> Self::Future {
        let asked = Language::asked(request.headers());
        Box::pin(async move {
            let answer = match self.is_open {
                true => self.handler.call(request, edge).await,
                false => admit(&edge, request, |request| self.handler.call(request, edge.clone())).await,
            };
            localize(answer, asked)
        })
    }
}
