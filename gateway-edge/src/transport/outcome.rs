//! What became of a call that was sent, and whether the service may have carried it out.

use std::error::Error;

use http::{HeaderMap, Response, StatusCode};
use hyper::body::Incoming;
use tonic::{Code, Status, body::Body};
use tonic_types::StatusExt as _;

use super::{
    answer::Answered,
    frames::{Frames, Until},
    pool::Place,
    rules::{Answer, Rule},
    told::Caller,
};

/// Whole answers above this are passed on as they come.
const KEPT_BYTES: usize = 64 << 20;

/// What became of a call.
pub enum Outcome {
    Answered(Response<Body>),
    /// The service never saw it: it may be sent again whatever it asks for. With what it said instead, if anything.
    Unseen(Option<Response<Body>>),
    /// Nobody knows whether the service carried it out.
    Unknown,
}

/// Says what the failure of a connection means for a call on it.
pub fn of_failure(error: &hyper::Error) -> Outcome {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<h2::Error>());
    let refused = cause.is_some_and(|cause| {
        // GOAWAY reaches only calls above the last one that the service looked at.
        cause.is_remote() && (cause.is_go_away() || cause.reason() == Some(h2::Reason::REFUSED_STREAM))
    });
    if refused { Outcome::Unseen(None) } else { Outcome::Unknown }
}

/// Reads as much of an answer as it takes to know that it is one.
pub async fn of_answer(response: Response<Incoming>, place: Place, rule: Rule, caller: &Caller) -> Outcome {
    let (head, body) = response.into_parts();
    let until = match rule.answer {
        Answer::Whole => Some(Until::End { most: KEPT_BYTES }),
        // What must not be sent again is not worth the wait.
        Answer::Stream if rule.repeatable => Some(Until::FirstData),
        Answer::Stream | Answer::Endless => None,
    };
    let frames = match until {
        Some(until) => match Frames::read(body, until).await {
            Ok(frames) => frames,
            Err(error) => return of_failure(&error),
        },
        None => Frames::none(body),
    };
    let said =
        if frames.has_data() { Said::Answer } else { said(head.status, &head.headers, frames.trailers.as_ref()) };
    let response = Response::from_parts(head, Body::new(Answered::new(frames, place, rule.answer, caller.clone())));
    match said {
        Said::Answer => Outcome::Answered(response),
        Said::ShuttingDown => Outcome::Unseen(Some(response)),
        Said::NothingByTheService => Outcome::Unknown,
    }
}

enum Said {
    Answer,
    /// The service itself says that it has not begun.
    ShuttingDown,
    /// Something on the way speaks for a service that it cannot reach, or no longer.
    NothingByTheService,
}

/// What the service refuses for reasons of its own is an answer: it has tried again already, where that helps.
fn said(status: StatusCode, headers: &HeaderMap, trailers: Option<&HeaderMap>) -> Said {
    let Some(grpc) = [Some(headers), trailers].into_iter().flatten().find_map(Status::from_header_map) else {
        return match status {
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                Said::NothingByTheService
            }
            _ => Said::Answer,
        };
    };
    if grpc.code() != Code::Unavailable {
        return Said::Answer;
    }
    match grpc.get_details_error_info() {
        Some(info) if info.reason == "SHUTTING_DOWN" => Said::ShuttingDown,
        Some(_) => Said::Answer,
        None => Said::NothingByTheService,
    }
}
