//! What a message says of a parameter, where a server says it in no other place.

/// How the name of the parameter is found.
enum Param {
    /// It is always this one.
    Named(&'static str),
    /// It follows the phrase.
    Follows,
}

/// Phrases, with the code OpenAI would give; none where it would give none.
const HINTS: &[(&str, &str, Param)] = &[
    ("not supported on this model: ", "unsupported_parameter", Param::Follows),
    ("unknown field \"", "unsupported_parameter", Param::Follows),
    ("live search is deprecated", "unsupported_parameter", Param::Named("search_parameters")),
    ("messages must alternate", "", Param::Named("messages")),
];

/// Longer than the name of any parameter.
const MAX_NAME: usize = 64;

/// Returns the code and the parameter a message points to.
pub fn read(message: &str) -> Option<(&'static str, String)> {
    let lower = message.to_ascii_lowercase();
    HINTS.iter().find_map(|(phrase, code, param)| {
        let at = lower.find(phrase)?;
        let name = match param {
            Param::Named(name) => (*name).to_owned(),
            Param::Follows => snake_case(message.get(at + phrase.len()..)?),
        };
        Some((*code, name))
    })
}

/// Returns the name at the start of a text as requests spell it: `presence_penalty` of `presencePenalty.`.
fn snake_case(text: &str) -> String {
    let mut name = String::new();
    for letter in text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').take(MAX_NAME) {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
