//! Sources of an answer: annotations where a server gives them, else its list of sources and the `[1]` in the text.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::{
    domain::event::Citation,
    providers::{
        lenient::{Count, List, Object, Text},
        marks::Mark,
    },
};

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Annotation<'a> {
    #[serde(borrow)]
    url_citation: Object<UrlCitation<'a>>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct UrlCitation<'a> {
    start_index: Count,
    end_index: Count,
    #[serde(borrow)]
    url: Text<'a>,
    #[serde(borrow)]
    title: Text<'a>,
    #[serde(borrow)]
    content: Text<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SearchResult<'a> {
    #[serde(borrow)]
    url: Text<'a>,
    #[serde(borrow)]
    title: Text<'a>,
    #[serde(borrow)]
    snippet: Text<'a>,
}

/// Reads `annotations`; what is no URL citation is left out.
pub fn read_annotations(raw: &RawValue) -> Vec<Citation> {
    let annotations: List<Object<Annotation<'_>>> = serde_json::from_str(raw.get()).unwrap_or_default();
    let urls = annotations.0.into_iter().filter_map(|annotation| annotation.0?.url_citation.0);
    urls.filter(|found| !found.url.is_empty())
        .map(|found| Citation {
            url: found.url.0.into_owned(),
            title: found.title.0.into_owned(),
            span: span(found.start_index, found.end_index),
            snippet: found.content.0.into_owned(),
            number: None,
        })
        .collect()
}

fn span(start: Count, end: Count) -> Option<(u32, u32)> {
    let span = (u32::try_from(start.0?).ok()?, u32::try_from(end.0?).ok()?);
    (span.0 <= span.1).then_some(span)
}

/// Reads the sources of an answer: `search_results`, which know more, else `citations`, which are plain addresses.
pub fn read_sources(citations: Option<&str>, search_results: Option<&str>) -> Vec<Citation> {
    let results: List<Object<SearchResult<'_>>> =
        search_results.and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default();
    if !results.0.is_empty() {
        return results.0.into_iter().map(|result| source(result.0.unwrap_or_default())).collect();
    }
    let urls: List<Text<'_>> = citations.and_then(|raw| serde_json::from_str(raw).ok()).unwrap_or_default();
    urls.0.into_iter().map(|url| source(SearchResult { url, ..SearchResult::default() })).collect()
}

fn source(result: SearchResult<'_>) -> Citation {
    Citation {
        url: result.url.0.into_owned(),
        title: result.title.0.into_owned(),
        snippet: result.snippet.0.into_owned(),
        ..Citation::default()
    }
}

/// Matches sources with the marks that refer to them: a citation for each mark, or without any mark one for each source.
pub fn cite<'a>(sources: &'a [Citation], marks: &'a [Mark]) -> impl Iterator<Item = Citation> + 'a {
    let source = |mark: &Mark| sources.get((mark.number as usize).checked_sub(1)?);
    let marked = move |mark: &Mark| {
        let (span, number) = (Some(mark.span), Some(mark.number));
        Some(Citation { span, number, ..source(mark)?.clone() })
    };
    let unmarked = if marks.iter().any(|mark| source(mark).is_some()) { &[] } else { sources };
    let found = marks.iter().filter_map(marked).chain(unmarked.iter().cloned());
    found.filter(|citation| !citation.url.is_empty())
}
