//! The contract's embeddings to the domain's and back. What a caller can get wrong is refused here, by field path.

use super::{
    convert_request::check_json_object,
    convert_usage::{attempt_to_pb, cost_to_pb, usage_to_pb, warning_to_pb},
};
use crate::{
    domain::{
        embedding::{EmbeddingInput, EmbeddingRequest, Embeddings},
        error::{Error, Result},
    },
    pb,
};

/// Most inputs of one request.
const MAX_INPUTS: usize = 2048;
/// Longest name of an end user, in characters.
const MAX_END_USER_ID: usize = 256;

/// Converts and validates a request.
pub fn request_of(request: pb::CreateEmbeddingsRequest) -> Result<EmbeddingRequest> {
    if request.model.is_empty() {
        return Err(missing("model"));
    }
    if request.inputs.is_empty() {
        return Err(missing("inputs"));
    }
    if request.inputs.len() > MAX_INPUTS {
        let message = format!("inputs has {} entries; the most is {MAX_INPUTS}", request.inputs.len());
        return Err(Error::invalid("inputs", message).with("code", "invalid_value"));
    }
    if request.dimensions == Some(0) {
        return Err(Error::invalid("dimensions", "dimensions must be 1 or more, not 0").with("code", "invalid_value"));
    }
    if request.end_user_id.as_ref().is_some_and(|id| id.chars().count() > MAX_END_USER_ID) {
        let message = format!("end_user_id has more than {MAX_END_USER_ID} characters");
        return Err(Error::invalid("end_user_id", message).with("code", "invalid_value"));
    }
    check_json_object("provider_options", &request.provider_options)?;
    let inputs = request.inputs.into_iter().enumerate();
    Ok(EmbeddingRequest {
        inputs: inputs.map(|(at, one)| input(one, at)).collect::<Result<_>>()?,
        model: request.model,
        dimensions: request.dimensions,
        end_user_id: request.end_user_id,
        provider_options: request.provider_options,
        strict: request.strict,
    })
}

fn input(input: pb::EmbeddingInput, at: usize) -> Result<EmbeddingInput> {
    use pb::embedding_input::Input;
    match input.input {
        Some(Input::Text(text)) if !text.is_empty() => Ok(EmbeddingInput::Text(text)),
        Some(Input::Tokens(sequence)) if !sequence.tokens.is_empty() => Ok(EmbeddingInput::Tokens(sequence.tokens)),
        Some(Input::Text(_) | Input::Tokens(_)) | None => {
            let field = format!("inputs[{at}]");
            Err(Error::invalid(&field, format!("{field} is empty")).with("code", "invalid_value"))
        }
    }
}

fn missing(field: &'static str) -> Error {
    Error::invalid(field, format!("{field} is required")).with("code", "missing_required_parameter")
}

/// Converts an answer. Nothing here can fail.
pub fn embeddings_to_pb(embeddings: Embeddings) -> pb::CreateEmbeddingsResponse {
    pb::CreateEmbeddingsResponse {
        model: embeddings.model,
        provider: embeddings.provider,
        embeddings: embeddings.vectors.into_iter().map(|values| pb::Embedding { values }).collect(),
        usage: embeddings.usage.map(usage_to_pb),
        cost: embeddings.cost.map(cost_to_pb),
        attempts: embeddings.attempts.into_iter().map(attempt_to_pb).collect(),
        warnings: embeddings.warnings.into_iter().map(warning_to_pb).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> pb::CreateEmbeddingsRequest {
        let input = pb::EmbeddingInput { input: Some(pb::embedding_input::Input::Text("hi".into())) };
        pb::CreateEmbeddingsRequest { model: "m".into(), inputs: vec![input], ..Default::default() }
    }

    #[test]
    fn refuses_by_field() {
        use pb::embedding_input::Input;
        let empty = |input| pb::EmbeddingInput { input };
        type Change = Box<dyn FnOnce(&mut pb::CreateEmbeddingsRequest)>;
        let cases: Vec<(&str, Change)> = vec![
            ("model", Box::new(|r| r.model.clear())),
            ("inputs", Box::new(|r| r.inputs.clear())),
            ("inputs", Box::new(|r| r.inputs = vec![r.inputs[0].clone(); 2049])),
            ("inputs[1]", Box::new(move |r| r.inputs.push(empty(None)))),
            ("inputs[1]", Box::new(move |r| r.inputs.push(empty(Some(Input::Text(String::new())))))),
            ("inputs[1]", Box::new(move |r| r.inputs.push(empty(Some(Input::Tokens(Default::default())))))),
            ("dimensions", Box::new(|r| r.dimensions = Some(0))),
            ("end_user_id", Box::new(|r| r.end_user_id = Some("x".repeat(257)))),
            ("provider_options", Box::new(|r| r.provider_options = "[]".into())),
        ];
        for (field, change) in cases {
            let mut request = request();
            change(&mut request);
            let error = request_of(request).expect_err(field);
            assert_eq!(error.field.as_deref(), Some(field));
            assert!(error.message.contains(field), "{error}");
        }
        let most = pb::CreateEmbeddingsRequest { inputs: vec![request().inputs[0].clone(); 2048], ..request() };
        assert_eq!(request_of(most).unwrap().inputs.len(), 2048);
        let given = request_of(request()).unwrap();
        assert_eq!((given.dimensions, given.end_user_id), (None, None));
    }
}
