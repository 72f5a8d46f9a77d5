//! `POST /api/v1/provider-keys/import`: a form with a file, or the rows as the body.

use std::convert::Infallible;

use axum::{body::Bytes, response::Response};
use futures_util::stream;
use http::{StatusCode, header};
use multer::Multipart;

use crate::{
    api::import::{Import, Imported, OPTIONS},
    error::Failure,
    pb,
    routes::api::call::{Call, shown},
};

pub async fn import(call: Call) -> Result<Response, Failure> {
    let mut import = Import::of(&call.query(&OPTIONS)?)?;
    let kind = call.parts.headers.get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or("?"));
    match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "multipart/form-data" => form(&mut import, kind, call.body.clone()).await?,
        "application/json" => import.json(call.body.clone())?,
        "text/csv" => import.content(call.body.clone(), pb::ImportFormat::Csv),
        "text/plain" | "" => import.content(call.body.clone(), pb::ImportFormat::Unspecified),
        _ => {
            let message = "Unsupported content type: send a form (multipart/form-data) with a file, or the rows as \
                           text/csv, application/json or text/plain.";
            return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
    }
    let reply = call.keys().import_provider_keys(call.request(import.into_request()?)).await?.into_inner();
    Ok(shown(&Imported::of(&reply)))
}

/// Reads a form: `file`, and options beside it.
async fn form(import: &mut Import, content_type: &str, body: Bytes) -> Result<(), Failure> {
    let unreadable = |_| Failure::new(StatusCode::BAD_REQUEST, "The form (multipart/form-data) could not be read.");
    let boundary = multer::parse_boundary(content_type).map_err(unreadable)?;
    let mut form = Multipart::new(stream::iter([Ok::<_, Infallible>(body)]), boundary);
    while let Some(field) = form.next_field().await.map_err(unreadable)? {
        let name = field.name().unwrap_or_default().to_owned();
        let value = field.bytes().await.map_err(unreadable)?;
        match name.as_str() {
            "file" => import.content(value, pb::ImportFormat::Unspecified),
            name => import.set(name, String::from_utf8_lossy(&value).trim())?,
        }
    }
    Ok(())
}
