//! Sources of an answer: annotations of its text, or search results and the `[1]` that refer to them.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    raw::{Raw, count, list, object, text},
    reply::{Annotation, SearchResult},
};
use crate::{
    domain::event::Citation,
    providers::{marks::Mark, room::Room},
};

/// More results than a model can read.
const MAX_RESULTS: usize = 1024;

/// What was found, in the order it came, each result once.
#[derive(Debug, Default)]
pub struct Sources {
    ids: BTreeSet<u64>,
    results: Vec<(Citation, String)>,
    /// Addresses the provider lists apart from results.
    listed: Vec<String>,
}

impl Sources {
    /// Takes a list of results. Several searches of one answer number their results on.
    pub fn take_results(&mut self, results: Raw<'_>) {
        for raw in list(results) {
            let result: SearchResult<'_> = object(Some(raw));
            let url = text(result.url);
            // Without an id the address tells results apart.
            let known = result.id.is_none() && self.results.iter().any(|(source, _)| source.url == url);
            let id = count(result.id).unwrap_or(self.results.len() as u64 + 1);
            if known || self.results.len() == MAX_RESULTS || !self.ids.insert(id) {
                continue;
            }
            let citation = Citation {
                url,
                title: text(result.title),
                snippet: text(result.snippet),
                number: u32::try_from(id).ok(),
                span: None,
            };
            self.results.push((citation, raw.get().to_owned()));
        }
    }

    /// Takes a list of plain addresses.
    pub fn take_addresses(&mut self, citations: Raw<'_>) {
        if self.listed.is_empty() {
            self.listed = list(citations).into_iter().take(MAX_RESULTS).map(|raw| text(Some(raw))).collect();
            self.listed.retain(|address| !address.is_empty());
        }
    }

    /// Matches results with the marks that refer to them: a citation for each mark, or without any mark one for each
    /// source.
    pub fn cite(&self, marks: &[Mark]) -> Vec<Citation> {
        let by_id: BTreeMap<_, _> = self.results.iter().map(|(source, _)| (source.number, source)).collect();
        let cited = |mark: &Mark| {
            let source = *by_id.get(&Some(mark.number))?;
            Some(Citation { span: Some(mark.span), ..source.clone() })
        };
        let mut room = Room::default();
        let mut found: Vec<_> = marks.iter().filter_map(cited).take_while(|citation| room.takes(citation)).collect();
        if found.is_empty() {
            let unmarked = |(source, _): &(Citation, String)| Citation { number: None, ..source.clone() };
            found.extend(self.results.iter().map(unmarked));
        }
        if found.is_empty() {
            found.extend(self.listed.iter().map(|url| Citation { url: url.clone(), ..Citation::default() }));
        }
        found.retain(|citation| !citation.url.is_empty());
        found
    }

    /// Returns the results as they came, as a JSON list; empty when there are none.
    pub fn results_json(&self) -> String {
        if self.results.is_empty() {
            return String::new();
        }
        let results: Vec<_> = self.results.iter().map(|(_, raw)| &**raw).collect();
        format!("[{}]", results.join(","))
    }

    /// Returns the addresses by the numbers of their results, as the provider lists them otherwise.
    pub fn addresses(&self) -> Vec<&str> {
        if !self.listed.is_empty() {
            return self.listed.iter().map(|address| &**address).collect();
        }
        let by_id: BTreeMap<_, _> = self.results.iter().map(|(source, _)| (source.number, &*source.url)).collect();
        by_id.into_values().filter(|url| !url.is_empty()).collect()
    }
}

/// Reads the annotations of a part whose text begins at `base`; what is no address is left out.
pub fn read_annotations(annotations: Raw<'_>, base: u32) -> Vec<Citation> {
    let citation = |raw| {
        let found: Annotation<'_> = object(Some(raw));
        let place = |raw| Some(u32::try_from(count(raw)?).ok()?.saturating_add(base));
        let span = place(found.start_index).zip(place(found.end_index)).filter(|(start, end)| start <= end);
        let url = text(found.url);
        let citation = Citation { title: text(found.title), span, url, ..Citation::default() };
        (text(found.kind) == "url_citation" && !citation.url.is_empty()).then_some(citation)
    };
    list(annotations).into_iter().filter_map(citation).collect()
}
