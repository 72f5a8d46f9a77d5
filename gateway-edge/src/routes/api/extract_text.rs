//! `POST /api/v1/vision/extract-text`: a form with a picture, passed on to the service piece by piece.

use axum::{body::Body, response::Response};
use futures_util::{StreamExt as _, future, stream};
use http::Request;
use tokio::sync::mpsc;
use tower::ServiceExt as _;

use crate::{
    api::extract_text::{ExtractedText, Extraction, retell},
    error::Failure,
    metadata,
    pb::{self, UploadAndExtractTextRequest, vision_service_client::VisionServiceClient},
    routes::{
        api::{
            call::{Call, shown},
            form::Form,
            upload::{Complete, Upload, Whole},
        },
        call::Facts,
    },
};

/// Messages on their way to the service.
const WAITING: usize = 2;

pub async fn extract(call: Call, body: Body) -> Result<Response, Failure> {
    call.query(&[])?;
    let mut form = Form::of(&call.edge, &call.parts.headers, body)?;
    let (to, from) = mpsc::channel(WAITING);
    let complete = Complete::default();
    let extraction = Extraction::new(metadata::is_strict(&call.parts.headers)?);
    let mut upload = Upload::new(extraction, to, complete.clone());
    let found = {
        let reading = call.edge.arrival(upload.read(&mut form));
        let asking = ask(&call, from, complete);
        tokio::pin!(reading, asking);
        tokio::select! {
            biased;
            // What the service refuses early needs not be read to its end.
            early = &mut asking => early?,
            read = &mut reading => {
                read?;
                asking.await?
            }
        }
    };
    let mut response = shown(&ExtractedText::of(&upload.extraction, &found));
    Facts { provider: &found.provider, attempts: found.attempts.len(), warnings: found.warnings.len() }
        .write(response.headers_mut());
    Ok(response)
}

/// Asks the service when the first message is there.
async fn ask(
    call: &Call,
    mut from: mpsc::Receiver<UploadAndExtractTextRequest>,
    complete: Complete,
) -> Result<pb::TextExtraction, Failure> {
    let Some(first) = from.recv().await else { return future::pending().await };
    let rest = stream::unfold(from, |mut from| async {
        let message = from.recv().await;
        message.map(|message| (message, from))
    });
    let messages = stream::once(future::ready(first)).chain(rest);
    let transport = call.edge.transport.clone().map_request(move |request: Request<tonic::body::Body>| {
        request.map(|messages| tonic::body::Body::new(Whole { messages, complete: complete.clone() }))
    });
    let mut client =
        VisionServiceClient::new(transport).max_decoding_message_size(call.edge.settings.max_answer_bytes());
    let reply = client.upload_and_extract_text(call.request(messages)).await;
    let reply = reply.map_err(|status| Failure::from(status).renamed(retell))?;
    reply.into_inner().extraction.ok_or_else(Failure::incomplete)
}
