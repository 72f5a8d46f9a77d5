//! The form of the answer: JSON, pictures or sound.

use super::{
    context::Context,
    family::Output,
    schema::{Schema, schema},
    wire::{GenerationConfig, Part, PrebuiltVoiceConfig, SpeechConfig, VoiceConfig},
};
use crate::{
    domain::chat::{AudioOutput, ChatRequest, Modality, ResponseFormat},
    providers::adapter::EncodeError,
};

const FIELD: &str = "prompt.response_format";

/// Sets the form of a text. Where JSON and functions exclude each other it becomes an instruction in `system`.
pub fn response_format<'a>(
    request: &'a ChatRequest,
    config: &mut GenerationConfig<'a>,
    system: &mut Vec<Part<'a>>,
    cx: &mut Context<'a>,
) -> Result<(), EncodeError> {
    let text = match &request.response_format {
        None | Some(ResponseFormat::Text) => return Ok(()),
        Some(ResponseFormat::JsonObject) => "",
        Some(ResponseFormat::JsonSchema { description, schema, .. }) => {
            if !description.is_empty() {
                let message = "the provider takes no description of the answer";
                cx.warnings.dropped(format!("{FIELD}.json_schema.description"), message);
            }
            schema
        }
    };
    if !cx.family.json_with_tools && !request.tools.is_empty() {
        let message = "sent as an instruction: this model takes no answer format when there are functions";
        cx.warnings.rewritten(FIELD, message);
        system.push(Part::text(match text {
            "" => "Answer with one JSON object only.".to_owned(),
            schema => format!("Answer with JSON only, following this JSON Schema: {schema}"),
        }));
        return Ok(());
    }
    config.response_mime_type = Some("application/json");
    if !text.is_empty() {
        match schema(text, &format!("{FIELD}.json_schema.schema"), true, cx)? {
            Schema::Json(schema) => config.response_json_schema = Some(schema),
            Schema::OpenApi(schema) => config.response_schema = schema,
        }
    }
    Ok(())
}

/// Sets what else than text is wanted. A model that makes sound makes nothing besides.
pub fn modalities<'a>(
    request: &'a ChatRequest,
    config: &mut GenerationConfig<'a>,
    cx: &mut Context<'_>,
) -> Result<(), EncodeError> {
    let output = cx.family.output;
    if request.modalities.iter().any(|wanted| *wanted != Modality::Text) {
        for (index, modality) in request.modalities.iter().enumerate() {
            let word = match (modality, output) {
                (Modality::Text, Output::Speech) => continue,
                (Modality::Text, Output::Text | Output::Images) => "TEXT",
                (Modality::Image, Output::Images) => "IMAGE",
                (Modality::Audio, Output::Speech) => "AUDIO",
                (Modality::Image | Modality::Audio, _) => {
                    let message = "this model does not answer with this kind of output";
                    return Err(EncodeError::new(format!("prompt.modalities[{index}]"), message));
                }
            };
            config.response_modalities.push(word);
        }
    }
    if let Some(AudioOutput { voice, format }) = request.audio.as_ref().filter(|_| output == Output::Speech) {
        if format != "pcm16" {
            cx.warnings.rewritten("prompt.audio.format", "the sound comes as PCM of 16 bits");
        }
        // The contract's own field goes before a provider option of the same meaning.
        config.extra.remove("speechConfig");
        let prebuilt_voice_config = PrebuiltVoiceConfig { voice_name: voice };
        config.speech_config = Some(SpeechConfig { voice_config: VoiceConfig { prebuilt_voice_config } });
    }
    Ok(())
}
