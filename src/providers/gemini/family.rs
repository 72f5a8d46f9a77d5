//! What each family of Gemini models takes and refuses, as data. A field that a family does not take is a 400 there, so
//! the encoder asks here before it writes one.

use super::wire::Level;

/// The switches of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    pub thinking: ThinkingControl,
    /// Whether calls carry ids and thought signatures, which have to come back.
    pub call_ids: bool,
    /// Whether temperature, top-p and top-k are taken; newer models ignore them.
    pub sampling: bool,
    pub penalties: bool,
    /// Whether one unary request gives several candidates. No model streams several.
    pub several_candidates: bool,
    /// No model of this service gives log probabilities; an operator may know one that does.
    pub logprobs: bool,
    /// Whether schemas go as JSON Schema, else as the older subset of OpenAPI.
    pub json_schema: bool,
    /// Whether JSON output and functions work together.
    pub json_with_tools: bool,
    /// Whether the service's own tools and functions work together.
    pub search_with_tools: bool,
    pub search: bool,
    /// Whether a request may end with a turn of the model.
    pub prefill: bool,
    pub system_instruction: bool,
    /// Whether the service fetches media from any HTTPS address.
    pub fetches_urls: bool,
    pub output: Output,
}

/// What a model can answer with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    Text,
    /// Text and pictures.
    Images,
    /// Sound only.
    Speech,
}

/// How the amount of thinking is set. Sending the wrong kind is a 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThinkingControl {
    None,
    Budget { min: u32, max: u32, can_switch_off: bool },
    Levels(&'static [Level]),
}

const ALL_LEVELS: &[Level] = &[Level::Minimal, Level::Low, Level::Medium, Level::High];

/// The rules of the newest models, and so of every name that is not known.
const NEWEST: Family = Family {
    thinking: ThinkingControl::Levels(&[Level::Low, Level::Medium, Level::High]),
    call_ids: true,
    sampling: false,
    penalties: false,
    several_candidates: false,
    logprobs: false,
    json_schema: true,
    json_with_tools: true,
    search_with_tools: true,
    search: true,
    prefill: false,
    system_instruction: true,
    fetches_urls: true,
    output: Output::Text,
};

/// Gemini 3 to 3.6.
const V3: Family = Family { thinking: ThinkingControl::Levels(ALL_LEVELS), sampling: true, prefill: true, ..NEWEST };

const V2_5: Family = Family {
    thinking: ThinkingControl::Budget { min: 0, max: 24_576, can_switch_off: true },
    call_ids: false,
    json_with_tools: false,
    search_with_tools: false,
    ..V3
};

const V2: Family =
    Family { thinking: ThinkingControl::None, penalties: true, several_candidates: true, fetches_urls: false, ..V2_5 };

/// By beginning of the name; the first match wins.
const FAMILIES: &[(&str, Family)] = &[
    ("gemini-1.", Family { search: false, json_schema: false, ..V2 }),
    ("gemini-2.0", V2),
    (
        "gemini-2.5-pro",
        Family { thinking: ThinkingControl::Budget { min: 128, max: 32_768, can_switch_off: false }, ..V2_5 },
    ),
    (
        "gemini-2.5-flash-lite",
        Family { thinking: ThinkingControl::Budget { min: 512, max: 24_576, can_switch_off: true }, ..V2_5 },
    ),
    ("gemini-2.5", V2_5),
    ("gemini-3-pro", Family { thinking: ThinkingControl::Levels(&[Level::Low, Level::High]), ..V3 }),
    ("gemini-3.1-pro", Family { thinking: ThinkingControl::Levels(&[Level::Low, Level::Medium, Level::High]), ..V3 }),
    ("gemini-3-", V3),
    ("gemini-3.1-", V3),
    ("gemini-3.5-", V3),
    ("gemini-3.6-", V3),
    ("gemma-", Family { system_instruction: false, search: false, ..V2 }),
];

/// Models that answer with more than text, by a part of the name.
const OUTPUTS: &[(&str, Output)] = &[("-image", Output::Images), ("-tts", Output::Speech)];

/// Returns the family of a model by its bare name.
pub fn family(model: &str) -> Family {
    let family = FAMILIES.iter().find(|(prefix, _)| model.starts_with(prefix)).map_or(NEWEST, |(_, family)| *family);
    match OUTPUTS.iter().find(|(part, _)| model.contains(part)) {
        Some((_, output)) => Family { output: *output, thinking: ThinkingControl::None, ..family },
        None => family,
    }
}
