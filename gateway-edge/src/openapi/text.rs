//! The operations that generate text and read pictures.

use schemars::{Schema, SchemaGenerator, json_schema};

use crate::api::{
    extract_text::ExtractedText,
    generate_text::{GenerateText, GeneratedText},
};

use super::{
    errors::{BODY, PROVIDER, SERVICE},
    examples,
    operation::{Answer, Operation},
};

const TAG: &str = "Chat and vision";

fn operation(id: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, TAG, summary).fails(SERVICE).fails(BODY).fails(PROVIDER).parameter(super::openai::strict())
}

pub fn generate() -> Operation {
    operation("generateText", "Answer a message")
        .about("Without `model` the gateway's default answers. `content` of a turn may be written `parts` or `text`.")
        .takes::<GenerateText>(examples::messages())
        .answer(
            Answer::json::<GeneratedText<'static>>(200, "The answer.", examples::generated()).headers(examples::MADE),
        )
}

pub fn extract() -> Operation {
    operation("extractText", "Read the text of a picture")
        .about(
            "Pictures are JPEG, PNG, WebP, GIF and HEIC, and PDF where the provider takes it; what the bytes are counts, not \
             what is said of them. The fields may stand before the file or after it.",
        )
        .takes_as("multipart/form-data", form, vec![])
        .answer(
            Answer::json::<ExtractedText<'static>>(200, "The text.", examples::extracted()).headers(examples::MADE),
        )
}

fn form(_: &mut SchemaGenerator) -> Schema {
    json_schema!({
        "type": "object",
        "required": ["file"],
        "properties": {
            "model": {"type": "string", "description": "Who reads; the gateway's default when absent.", "examples": ["sandbox/vision"]},
            "prompt": {"type": "string", "description": "What to do; to read all text when absent."},
            "file": {"contentMediaType": "application/octet-stream", "description": "The picture, or a PDF."},
        },
        "additionalProperties": false,
    })
}
