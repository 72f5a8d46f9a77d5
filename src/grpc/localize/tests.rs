use std::convert::Infallible;

use http_body_util::{BodyExt as _, StreamBody};
use prost::Message as _;
use tonic_types::{StatusExt as _, pb::Status as RpcStatus};
use tower::service_fn;

use super::*;
use crate::{
    domain::error::{Error, ErrorKind},
    grpc::status::status_of,
};

/// How a status travels.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Way {
    Head,
    Trailers,
}

/// Sends a status through the layer and reads what comes out, as a client would.
async fn received(status: Status, way: Way, language: Option<&'static str>) -> Status {
    let answer = move |_| {
        let status = status.clone();
        let response = match way {
            Way::Head => status.into_http(),
            Way::Trailers => {
                let mut trailers = HeaderMap::new();
                status.add_header(&mut trailers).unwrap();
                let data = Frame::data(Bytes::from_static(b"data"));
                let frames = futures_util::stream::iter([Ok::<_, Status>(data), Ok(Frame::trailers(trailers))]);
                Response::new(Body::new(StreamBody::new(frames)))
            }
        };
        std::future::ready(Ok::<_, Infallible>(response))
    };
    let mut request = Request::new(Body::empty());
    if let Some(language) = language {
        request.headers_mut().insert("accept-language", language.parse().unwrap());
    }
    let (head, body) = Localized(service_fn(answer)).call(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap();
    let headers = body.trailers().cloned().unwrap_or(head.headers);
    assert_eq!(body.to_bytes().is_empty(), way == Way::Head);
    Status::from_header_map(&headers).unwrap()
}

fn text(status: &Status) -> Option<(String, String)> {
    status.get_details_localized_message().map(|text| (text.locale, text.message))
}

#[tokio::test]
async fn the_text_is_added_to_what_a_status_says() {
    let error = Error::invalid("prompt.top_p", "prompt.top_p must be from 0 to 1").with("provider", "xai");
    let plain = status_of(error, "req_1");
    for way in [Way::Head, Way::Trailers] {
        for (asked, locale, start) in [
            (
                "vi-VN,vi;q=0.9,en;q=0.5",
                "vi",
                "Yêu cầu không hợp lệ: trường `prompt.top_p` bị thiếu hoặc có giá trị sai.",
            ),
            ("en-GB, vi;q=0.1", "en", "The request is not valid: the field `prompt.top_p` is missing or wrong."),
        ] {
            let status = received(plain.clone(), way, Some(asked)).await;
            let (told, message) = text(&status).unwrap();
            assert!(told == locale && message.starts_with(start), "{way:?} {message}");
            // The rest stays as it was, also the exact text that developers read.
            assert_eq!((status.code(), status.message()), (plain.code(), plain.message()));
            let details = status.get_error_details();
            assert_eq!(details.error_info().unwrap().metadata["provider"], "xai");
            assert_eq!(details.bad_request().unwrap().field_violations[0].field, "prompt.top_p");
        }
        for asked in [None, Some("fr"), Some("*")] {
            assert_eq!(received(plain.clone(), way, asked).await.details(), plain.details(), "{asked:?}");
        }
    }
}

#[tokio::test]
async fn what_a_library_says_gets_a_text_by_its_code() {
    let status = received(Status::internal("failed to decode Protobuf message"), Way::Head, Some("vi")).await;
    assert_eq!(text(&status).unwrap().1, "Gateway gặp lỗi nội bộ. Vui lòng báo lỗi kèm mã yêu cầu.");
    let rich = RpcStatus::decode(status.details()).unwrap();
    assert_eq!((rich.code, rich.message.as_str()), (13, "failed to decode Protobuf message"));
}

#[tokio::test]
async fn a_good_end_stays_as_it_is() {
    let status = received(Status::ok(""), Way::Trailers, Some("vi")).await;
    assert_eq!((status.code(), status.details()), (Code::Ok, &[][..]));
}

#[tokio::test]
async fn every_kind_of_error_has_a_text_of_its_own() {
    use ErrorKind as K;
    for kind in [K::GatewayKeyInvalid, K::RateLimited, K::StreamInterrupted, K::ShuttingDown, K::NotImplemented] {
        let status = received(status_of(Error::new(kind, "x"), "req_1"), Way::Trailers, Some("vi")).await;
        let wanted = messages::Message::find(&kind.name().to_ascii_uppercase()).unwrap();
        assert_eq!(text(&status).unwrap().1, wanted.text(Language::Vi, &messages::Facts::default()));
    }
}
