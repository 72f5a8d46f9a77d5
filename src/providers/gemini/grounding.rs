//! From grounding, what an answer was found with, to citations.

use serde::Deserialize;

use super::lenient::or_default;
use crate::{domain::event::Citation, providers::room::Room};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Grounding {
    #[serde(deserialize_with = "or_default")]
    grounding_chunks: Vec<Source>,
    #[serde(deserialize_with = "or_default")]
    grounding_supports: Vec<Support>,
}

/// Where something was found: by Google Search, on a map, or in the caller's own files.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Source {
    web: Option<Page>,
    maps: Option<Page>,
    retrieved_context: Option<Page>,
}

#[derive(Clone, Default, Deserialize)]
#[serde(default)]
struct Page {
    #[serde(deserialize_with = "or_default")]
    uri: String,
    #[serde(deserialize_with = "or_default")]
    title: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Support {
    #[serde(deserialize_with = "or_default")]
    segment: Segment,
    #[serde(deserialize_with = "or_default")]
    grounding_chunk_indices: Vec<usize>,
}

/// A range of the answer in UTF-8 bytes.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Segment {
    #[serde(deserialize_with = "or_default")]
    start_index: usize,
    #[serde(deserialize_with = "or_default")]
    end_index: usize,
    #[serde(deserialize_with = "or_default")]
    text: String,
}

/// Returns the citations of an answer's text. Metadata that cannot be read costs the citations, not the answer.
pub fn citations(metadata: &str, answer: &str) -> Vec<Citation> {
    let grounding: Grounding = serde_json::from_str(metadata).unwrap_or_default();
    let sources = &grounding.grounding_chunks;
    if grounding.grounding_supports.is_empty() {
        return sources.iter().filter_map(|source| citation(source, None)).collect();
    }
    let (mut citations, mut room) = (Vec::new(), Room::default());
    for support in &grounding.grounding_supports {
        let span = span(&support.segment, answer);
        let cited = support.grounding_chunk_indices.iter().filter_map(|index| sources.get(*index));
        let cited = cited.filter_map(|source| citation(source, span));
        citations.extend(cited.take_while(|citation| room.takes(citation)));
    }
    citations
}

fn citation(source: &Source, span: Option<(u32, u32)>) -> Option<Citation> {
    let page = source.web.as_ref().or(source.maps.as_ref()).or(source.retrieved_context.as_ref())?;
    let Page { uri: url, title } = page.clone();
    Some(Citation { url, title, span, ..Citation::default() })
}

/// Returns the segment in code points. Its offsets count within a part, and parts are cut anew by streaming, so they
/// are believed only where the text they name stands.
fn span(segment: &Segment, answer: &str) -> Option<(u32, u32)> {
    let given = answer.get(segment.start_index..segment.end_index);
    let start = match given {
        Some(text) if segment.text.is_empty() || text == segment.text => segment.start_index,
        Some(_) | None if segment.text.is_empty() => return None,
        Some(_) | None => answer.find(&segment.text)?,
    };
    let length = if segment.text.is_empty() { given?.len() } else { segment.text.len() };
    let before = answer.get(..start)?.chars().count();
    let inside = answer.get(start..start + length)?.chars().count();
    Some((u32::try_from(before).ok()?, u32::try_from(before + inside).ok()?))
}
