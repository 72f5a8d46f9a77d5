//! Statuses that the library makes by itself have no reason: of messages it cannot read, mostly. Here they get one, as
//! every error of this gateway has.

use http::{HeaderMap, HeaderName, HeaderValue, Response};
use tonic::{Code, body::Body};

use super::status::status_of;
use crate::domain::error::{Error, ErrorKind};

const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const DETAILS: HeaderName = HeaderName::from_static("grpc-status-details-bin");

/// What a caller can do about a compression that is not taken.
const ACCEPTED: HeaderName = HeaderName::from_static("grpc-accept-encoding");

/// Returns what to answer in place of a status without details; `None` where all is well.
pub fn explained(headers: &HeaderMap, request_id: &str, max_message_bytes: usize) -> Option<Response<Body>> {
    let code = headers.get(&STATUS).map(HeaderValue::as_bytes).map(Code::from_bytes)?;
    if code == Code::Ok || headers.contains_key(&DETAILS) {
        return None;
    }
    tracing::debug!(request_id, ?code, said = ?headers.get("grpc-message"), "a status of the library");
    let mut answer = status_of(error_of(code, max_message_bytes), request_id).into_http();
    if let Some(accepted) = headers.get(&ACCEPTED) {
        answer.headers_mut().insert(ACCEPTED, accepted.clone());
    }
    Some(answer)
}

fn error_of(code: Code, max_message_bytes: usize) -> Error {
    let error = |kind, message: &str| Error::new(kind, message);
    match code {
        // The second, where it only shows while a message is decompressed.
        Code::OutOfRange | Code::ResourceExhausted => {
            let message = format!("the message is larger than {max_message_bytes} bytes (AIGW_MAX_MESSAGE_BYTES)");
            Error::new(ErrorKind::TooLarge, message).with("limit_bytes", max_message_bytes.to_string())
        }
        Code::Internal | Code::Unknown | Code::InvalidArgument | Code::DataLoss => error(
            ErrorKind::InvalidRequest,
            "the request cannot be read: it is cut, or no message of this rpc; see whether client and gateway have the \
             same version of the contract",
        ),
        Code::Unimplemented => error(
            ErrorKind::NotImplemented,
            "the message is compressed in a way this rpc does not take; send it plain, or with gzip where the rpc takes that",
        ),
        Code::DeadlineExceeded => error(ErrorKind::UpstreamTimeout, "the deadline of the call passed; allow more time"),
        Code::Cancelled => error(ErrorKind::Cancelled, "the call was given up before it was answered"),
        _ => error(ErrorKind::Internal, "the library ended a call in a way nobody foresaw"),
    }
}

#[cfg(test)]
mod tests {
    use tonic::Status;
    use tonic_types::StatusExt as _;

    use super::*;

    fn said(status: &Status) -> HeaderMap {
        let mut headers = HeaderMap::new();
        status.add_header(&mut headers).unwrap();
        headers
    }

    #[test]
    fn every_status_has_a_reason() {
        for (code, wanted, reason) in [
            (Code::OutOfRange, Code::ResourceExhausted, "TOO_LARGE"),
            (Code::ResourceExhausted, Code::ResourceExhausted, "TOO_LARGE"),
            (Code::Internal, Code::InvalidArgument, "INVALID_REQUEST"),
            (Code::Unknown, Code::InvalidArgument, "INVALID_REQUEST"),
            (Code::Unimplemented, Code::Unimplemented, "NOT_IMPLEMENTED"),
            (Code::DeadlineExceeded, Code::DeadlineExceeded, "UPSTREAM_TIMEOUT"),
            (Code::Cancelled, Code::Cancelled, "CANCELLED"),
            (Code::DataLoss, Code::InvalidArgument, "INVALID_REQUEST"),
            (Code::Unavailable, Code::Internal, "INTERNAL"),
        ] {
            let mut headers = said(&Status::new(code, "secret words of a library"));
            headers.insert(ACCEPTED, HeaderValue::from_static("gzip"));
            let answer = explained(&headers, "r", 7).unwrap();
            assert_eq!(answer.headers()[ACCEPTED], "gzip", "{code:?}");
            let told = Status::from_header_map(answer.headers()).unwrap();
            assert_eq!(told.code(), wanted, "{code:?}");
            assert!(!told.message().contains("secret"), "{told}");
            let info = told.get_details_error_info().unwrap();
            assert_eq!((info.reason.as_str(), info.metadata["request_id"].as_str()), (reason, "r"), "{code:?}");
        }
    }

    #[test]
    fn what_is_explained_stays() {
        let own = status_of(Error::new(ErrorKind::NotFound, "there is none"), "r");
        for headers in [HeaderMap::new(), said(&Status::ok("")), said(&own)] {
            assert!(explained(&headers, "r", 7).is_none(), "{headers:?}");
        }
    }
}
