//! Rows of a catalog file, the shipped one or an operator's: JSON in the words of the contract. Every complaint names the
//! row and the field.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::domain::{
    chat::Modality,
    error::{Error, ErrorKind},
    model::{Capability, Deprecation, Model, Price, ProviderInfo},
};

/// What a file tells of one model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Row {
    pub provider: String,
    /// Name as the provider knows it.
    pub name: String,
    /// Whether the catalog shall forget the model instead.
    pub remove: bool,
    model: Model,
}

impl Row {
    /// Returns the model, with the prefix of its provider.
    pub fn into_model(self, prefix: &str) -> Model {
        let Self { provider, name, model, .. } = self;
        let owned_by = if model.owned_by.is_empty() { provider.clone() } else { model.owned_by };
        Model { id: format!("{prefix}/{name}"), owned_by, provider, upstream_name: name, ..model }
    }
}

/// Reads a whole file: an object with `models`, a list of rows, and perhaps `about`.
pub fn read(text: &str) -> Result<Vec<Row>, String> {
    let file: Value = serde_json::from_str(text).map_err(|e| format!("it is no JSON: {e}"))?;
    let Value::Object(file) = file else { return Err("it must be an object with the member models".into()) };
    let mut fields = Fields(file);
    fields.take::<String>("about")?;
    let rows: Vec<Value> = fields.take("models")?.ok_or("it has no member models")?;
    fields.end()?;
    rows.into_iter().enumerate().map(|(at, value)| row(value).map_err(|e| format!("models[{at}]{e}"))).collect()
}

/// Says that a row is for a provider that is not there.
pub fn unknown_provider(row: &Row, providers: &[ProviderInfo]) -> Error {
    let known = providers.iter().map(|p| p.name.as_str()).collect::<Vec<_>>().join(", ");
    let message =
        format!("models ({}/{}): provider: there is none of that name; known are {known}", row.provider, row.name);
    Error::new(ErrorKind::InvalidRequest, message)
}

fn row(value: Value) -> Result<Row, String> {
    let Value::Object(fields) = value else { return Err(": it must be an object".into()) };
    let mut fields = Fields(fields);
    let required = |text: Option<String>, name| text.filter(|t| !t.is_empty()).ok_or(format!(": {name} is missing"));
    let provider = required(fields.take("provider").map_err(|e| format!(": {e}"))?, "provider")?;
    let name = required(fields.take("name").map_err(|e| format!(" ({provider}): {e}"))?, "name")?;
    let rest = |mut fields: Fields| {
        let remove = fields.take("remove")?.unwrap_or_default();
        let model = model(&mut fields)?;
        fields.end()?;
        Ok((remove, model))
    };
    let (remove, model) = rest(fields).map_err(|e: String| format!(" ({provider}/{name}): {e}"))?;
    Ok(Row { provider, name, remove, model })
}

fn model(fields: &mut Fields) -> Result<Model, String> {
    // Nearly every model is one for chats.
    let capabilities = fields.words("capabilities", CAPABILITIES)?;
    let capabilities = capabilities.unwrap_or_else(|| vec![Capability::Chat, Capability::Streaming]);
    let text_out = || if capabilities.contains(&Capability::Chat) { vec![Modality::Text] } else { Vec::new() };
    let output_modalities = fields.words("output_modalities", MODALITIES)?.unwrap_or_else(text_out);
    let input_modalities = fields.words("input_modalities", MODALITIES)?.unwrap_or_default();
    Ok(Model {
        owned_by: fields.take("owned_by")?.unwrap_or_default(),
        context_window_tokens: fields.take("context_window_tokens")?,
        max_output_tokens: fields.take("max_output_tokens")?,
        input_modalities,
        output_modalities,
        capabilities,
        prices: prices(fields)?,
        deprecation: deprecation(fields)?,
        aliases: fields.take("aliases")?.unwrap_or_default(),
        created: fields.take("created")?.unwrap_or_default(),
        ..Model::default()
    })
}

fn deprecation(fields: &mut Fields) -> Result<Option<Deprecation>, String> {
    let deprecated = fields.take("deprecated")?.unwrap_or_default();
    let retired = fields.take("retired")?.unwrap_or_default();
    let date: String = fields.take("shutdown")?.unwrap_or_default();
    let replacement: String = fields.take("replacement")?.unwrap_or_default();
    if !date.is_empty() && !is_date(&date) {
        return Err(format!("shutdown: `{date}` is no date; write 2026-12-31, or less when less is known"));
    }
    let any = deprecated || retired || !date.is_empty() || !replacement.is_empty();
    Ok(any.then_some(Deprecation { retired, date, replacement }))
}

/// Whether a text is `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
fn is_date(text: &str) -> bool {
    let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    let mut parts = text.split('-');
    parts.next().is_some_and(|year| digits(year, 4)) && parts.clone().count() <= 2 && parts.all(|part| digits(part, 2))
}

/// Reads prices, in the file US dollars per million tokens.
fn prices(fields: &mut Fields) -> Result<Vec<Price>, String> {
    let values: Vec<Map<String, Value>> = fields.take("prices")?.unwrap_or_default();
    let mut prices: Vec<Price> = Vec::with_capacity(values.len());
    for (at, value) in values.into_iter().enumerate() {
        let price = price(Fields(value)).map_err(|e| format!("prices[{at}].{e}"))?;
        let in_order = match prices.last() {
            None => price.min_input_tokens == 0,
            Some(before) => price.min_input_tokens > before.min_input_tokens,
        };
        if !in_order {
            return Err(format!("prices[{at}].min_input_tokens: the first is 0, each later one is larger"));
        }
        prices.push(price);
    }
    Ok(prices)
}

fn price(mut fields: Fields) -> Result<Price, String> {
    let price = Price {
        min_input_tokens: fields.take("min_input_tokens")?.unwrap_or_default(),
        input: fields.dollars("input")?,
        output: fields.dollars("output")?,
        cached_input: fields.dollars("cached_input")?,
        cache_write_input: fields.dollars("cache_write_input")?,
        audio_input: fields.dollars("audio_input")?,
        audio_output: fields.dollars("audio_output")?,
        image_input: fields.dollars("image_input")?,
    };
    fields.end().map(|()| price)
}

const CAPABILITIES: &[(&str, Capability)] = &[
    ("chat", Capability::Chat),
    ("streaming", Capability::Streaming),
    ("tools", Capability::Tools),
    ("parallel_tools", Capability::ParallelTools),
    ("vision", Capability::Vision),
    ("reasoning", Capability::Reasoning),
    ("structured_output", Capability::StructuredOutput),
    ("web_search", Capability::WebSearch),
    ("embeddings", Capability::Embeddings),
    ("documents", Capability::Documents),
];

const MODALITIES: &[(&str, Modality)] =
    &[("text", Modality::Text), ("audio", Modality::Audio), ("image", Modality::Image)];

/// Dollars above which a price is a typing error.
const MAX_DOLLARS: f64 = 1e6;

/// The members of an object that were not read yet.
struct Fields(Map<String, Value>);

impl Fields {
    fn take<T: DeserializeOwned>(&mut self, name: &str) -> Result<Option<T>, String> {
        match self.0.remove(name) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => serde_json::from_value(value).map(Some).map_err(|e| format!("{name}: {e}")),
        }
    }

    fn words<T: Copy>(&mut self, name: &str, known: &[(&str, T)]) -> Result<Option<Vec<T>>, String> {
        let Some(words) = self.take::<Vec<String>>(name)? else { return Ok(None) };
        let word = |word: &String| {
            let found = known.iter().find(|(known, _)| known == word).map(|(_, value)| *value);
            let all = || known.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", ");
            found.ok_or_else(|| format!("{name}: `{word}` is none of {}", all()))
        };
        words.iter().map(word).collect::<Result<_, _>>().map(Some)
    }

    fn dollars(&mut self, name: &str) -> Result<Option<i64>, String> {
        match self.take::<f64>(name)? {
            Some(usd) if !(0.0..=MAX_DOLLARS).contains(&usd) => {
                Err(format!("{name}: write US dollars per million tokens, 0 or more, not {usd}"))
            }
            usd => Ok(usd.map(|usd| (usd * 1e9).round() as i64)),
        }
    }

    fn end(self) -> Result<(), String> {
        match self.0.keys().next() {
            Some(name) => Err(format!("{name}: there is no such field")),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
