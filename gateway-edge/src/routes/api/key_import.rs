//! `POST /api/v1/provider-keys/import`: a form with a file, or the rows as the body.

use axum::{body::Body, response::Response};
use http::{StatusCode, header};

use crate::{
    api::import::{Import, Imported, OPTIONS},
    error::Failure,
    pb,
    routes::api::{
        call::{Call, shown},
        form::{Form, shortened},
    },
};

pub async fn import(call: Call) -> Result<Response, Failure> {
    let mut import = Import::of(&call.query(&OPTIONS)?)?;
    let kind = call.parts.headers.get(header::CONTENT_TYPE).map_or("", |value| value.to_str().unwrap_or("?"));
    match kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase().as_str() {
        "multipart/form-data" => form(&mut import, &call).await?,
        "application/json" => import.json(call.body.clone())?,
        "text/csv" => import.content(call.body.clone(), pb::ImportFormat::Csv),
        "text/plain" | "" => import.content(call.body.clone(), pb::ImportFormat::Unspecified),
        _ => {
            let message = "Unsupported content type: send a form (multipart/form-data) with a file, or the rows as \
                           text/csv, application/json or text/plain.";
            return Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message));
        }
    }
    let content = import.content_name();
    let retell = |param| if param == "content" { content.to_owned() } else { param };
    let reply = call.keys().import_provider_keys(call.request(import.into_request()?)).await;
    let reply = reply.map_err(|status| Failure::from(status).renamed(retell))?.into_inner();
    Ok(shown(&Imported::of(&reply)))
}

/// Reads a form: `file`, and options beside it.
async fn form(import: &mut Import, call: &Call) -> Result<(), Failure> {
    let mut form = Form::of(&call.edge, &call.parts.headers, Body::from(call.body.clone()))?;
    while let Some(field) = form.next().await? {
        match field.name() {
            Some("file") => import.content(form.bytes(field).await?, pb::ImportFormat::Unspecified),
            name => {
                let name = shortened(name.unwrap_or_default());
                // Before its bytes are looked at: they may be the rows under another name.
                Import::expect(&name)?;
                import.set(&name, form.text(field).await?.trim())?;
            }
        }
    }
    Ok(())
}
