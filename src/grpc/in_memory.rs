//! The services as the edge in the same process calls them: no socket, and chats without the detour over the router.

use std::{
    convert::Infallible,
    task::{Context, Poll, ready},
};

use futures_util::{
    TryFutureExt as _,
    future::{Either, MapErr},
};
use http::{Request, Response};
use tonic::{body::Body, server::NamedService, service::Routes};
use tower::{BoxError, Service};

type Answer<S> = MapErr<<S as Service<Request<Body>>>::Future, fn(Infallible) -> BoxError>;

/// The chat service beside the routes that hold all services.
#[derive(Clone)]
pub struct InMemory<C> {
    chat: C,
    /// Path of the chat service's methods, with both slashes.
    chat_path: &'static str,
    routes: Routes,
}

impl<C: NamedService> InMemory<C> {
    pub fn new(chat: C, chat_path: &'static str, routes: Routes) -> Self {
        debug_assert_eq!(chat_path.trim_matches('/'), C::NAME);
        Self { chat, chat_path, routes: routes.prepare() }
    }
}

impl<C> Service<Request<Body>> for InMemory<C>
where
    C: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
{
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Either<Answer<C>, Answer<Routes>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        ready!(self.chat.poll_ready(cx)).map_err(never)?;
        Service::<Request<Body>>::poll_ready(&mut self.routes, cx).map_err(never)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        if request.uri().path().starts_with(self.chat_path) {
            Either::Left(self.chat.call(request).map_err(never))
        } else {
            Either::Right(self.routes.call(request).map_err(never))
        }
    }
}

fn never(error: Infallible) -> BoxError {
    match error {}
}
