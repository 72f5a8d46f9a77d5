//! A call that may have to be sent more than once.

use http::{HeaderValue, Request, header, request};
use tokio::time::Instant;
use tonic::{Status, body::Body};

use super::{
    deadline,
    frames::{Frames, Until},
    kept::Kept,
    outcome::{self, Outcome},
    pool::Seat,
    rules::Rule,
    told::Caller,
};

/// Requests above this are sent once, as they come. The service takes none as large by default.
const KEPT_BYTES: usize = 64 << 20;

const USER_AGENT: HeaderValue = HeaderValue::from_static(concat!("gateway-edge/", env!("CARGO_PKG_VERSION")));

pub struct Letter {
    head: request::Parts,
    body: Kept<Frames<Body>>,
    pub rule: Rule,
    caller: Caller,
    deadline: Option<Instant>,
    sent_before: bool,
}

impl Letter {
    /// Reads the request, unless it is a stream that may take its time.
    pub async fn read(request: Request<Body>, caller: Caller, deadline: Option<Instant>) -> Result<Self, Status> {
        let (mut head, body) = request.into_parts();
        head.headers.entry(header::USER_AGENT).or_insert(USER_AGENT);
        let rule = Rule::of(head.uri.path());
        let body =
            if rule.upload { Frames::none(body) } else { Frames::read(body, Until::End { most: KEPT_BYTES }).await? };
        Ok(Self { head, body: Kept::new(body, KEPT_BYTES), rule, caller, deadline, sent_before: false })
    }

    pub fn path(&self) -> &str {
        self.head.uri.path()
    }

    /// Whether there is still something to send.
    pub fn is_here(&self) -> bool {
        self.body.is_here()
    }

    /// Sends it from this seat and waits for an answer.
    pub async fn send(&mut self, seat: Seat) -> Outcome {
        let Some(body) = self.body.again() else { return Outcome::Unknown };
        let request = self.request(Body::new(body), &seat);
        let Seat { place, mut sender } = seat;
        let sending = sender.try_send_request(request);
        // A connection that ends just now may overlook a call that comes at the same moment. It falls to the last sender
        // to tell that it is gone: whoever waits for an answer must not hold it.
        drop(sender);
        match sending.await {
            Ok(response) => outcome::of_answer(response, place, self.rule, &self.caller).await,
            Err(mut failure) => match failure.take_message() {
                Some(_never_left) => Outcome::Unseen(None),
                None => outcome::of_failure(failure.error()),
            },
        }
    }

    fn request(&mut self, body: Body, seat: &Seat) -> Request<Body> {
        let mut request = Request::new(body);
        *request.method_mut() = self.head.method.clone();
        *request.version_mut() = http::Version::HTTP_2;
        *request.uri_mut() = seat.endpoint().connector.target.uri(&self.head.uri);
        *request.headers_mut() = self.head.headers.clone();
        if let Some(deadline) = self.deadline.filter(|_| self.sent_before) {
            deadline::shorten(request.headers_mut(), deadline);
        }
        self.sent_before = true;
        request
    }
}
