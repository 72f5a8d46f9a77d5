//! `POST /api/v1/chat/generate-text`: a message, with what was said before it, to an answer.

use axum::response::Response;

use crate::{
    api::generate_text::{GenerateText, GeneratedText, retell},
    error::Failure,
    metadata,
    routes::{
        api::call::{Call, shown},
        call::{Facts, whole},
    },
};

pub async fn generate(call: Call) -> Result<Response, Failure> {
    let mut prompt = call.json::<GenerateText>()?.into_prompt()?;
    let (headers, messages) = (&call.parts.headers, prompt.messages.len());
    prompt.strict = metadata::is_strict(headers)?;
    let asked = whole(&call.edge, headers, prompt, &call.id).await;
    let completion = asked.map_err(|failure| failure.renamed(|param| retell(param, messages)))?;
    let mut response = shown(&GeneratedText::of(&completion));
    Facts::of(&completion).write(response.headers_mut());
    Ok(response)
}
