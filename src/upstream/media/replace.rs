//! Finds the addresses in a request whose bytes the provider needs, and puts the bytes in their place.

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use super::{
    fetch::{MAX_BYTES, MediaFetcher, NotFetched, TIMEOUT},
    sniff::{Kind, sniff},
};
use crate::{
    domain::{
        chat::{Audio, ChatRequest, File, Image, MediaSource, Part},
        error::Error,
    },
    providers::{
        adapter::Adapter,
        place::Place,
        support::{Field, Handling},
    },
};

/// Addresses that are fetched for one request.
const MAX_FILES: usize = 20;
/// Fetched at once for one request.
const AT_ONCE: usize = 4;
/// Bytes that are fetched for one request.
const MAX_TOTAL_BYTES: usize = 64 << 20;

/// Whether anything must be fetched. Allocates nothing.
pub(in crate::upstream) fn is_needed(adapter: &dyn Adapter, model: &str, request: &ChatRequest) -> bool {
    let wanted = |part: &Part| is_wanted(adapter, model, part);
    request.messages.iter().flat_map(|message| &message.parts).any(|part| match part {
        Part::ToolResult(result) => result.parts.iter().any(wanted),
        part => wanted(part),
    })
}

/// Fetches what is needed, or says why not.
pub(in crate::upstream) async fn replace(
    fetcher: Option<&MediaFetcher>,
    adapter: &dyn Adapter,
    model: &str,
    request: &mut ChatRequest,
    deadline: Instant,
) -> Result<(), Error> {
    let wanted = wanted(adapter, model, request);
    let Some(fetcher) = fetcher else {
        return wanted.first().map_or(Ok(()), |first| Err(first.refuse(FETCHING_IS_OFF)));
    };
    if let Some(extra) = wanted.get(MAX_FILES) {
        let message = format!("the gateway fetches {MAX_FILES} addresses for one request at most; send bytes instead");
        return Err(extra.refuse(message));
    }
    let fetches: Vec<_> = wanted.into_iter().map(|wanted| wanted.fetch(fetcher, deadline)).collect();
    let mut fetches = stream::iter(fetches).buffered(AT_ONCE);
    let mut left = MAX_TOTAL_BYTES;
    while let Some((wanted, fetched)) = fetches.next().await {
        let data = fetched.map_err(|why| wanted.not_fetched(why))?;
        let Some(mime_type) = sniff(wanted.kind, &data) else {
            return Err(wanted.not_fetched(NotFetched::Failed));
        };
        left = left.checked_sub(data.len()).ok_or_else(|| {
            let limit = MAX_TOTAL_BYTES >> 20;
            wanted.refuse(format!("the gateway fetches {limit} MB for one request at most; send bytes instead"))
        })?;
        *wanted.source = MediaSource::Data { mime_type: mime_type.to_owned(), data };
    }
    Ok(())
}

const FETCHING_IS_OFF: &str = "the provider cannot fetch addresses and this gateway does not: send the bytes, as a data \
                               URL or inline, or ask the operator to set AIGW_FETCH_REMOTE_MEDIA_HOSTS";

/// A part whose bytes are to be fetched.
struct Wanted<'a> {
    place: Place,
    member: &'static str,
    kind: Kind,
    source: &'a mut MediaSource,
}

impl Wanted<'_> {
    fn url(&self) -> &str {
        match &*self.source {
            MediaSource::Url { url, .. } => url,
            MediaSource::Data { .. } | MediaSource::FileId(_) => "",
        }
    }

    async fn fetch(self, fetcher: &MediaFetcher, deadline: Instant) -> (Self, Result<Bytes, NotFetched>) {
        let fetched = fetcher.fetch(self.url(), deadline).await;
        (self, fetched)
    }

    fn refuse(&self, message: impl Into<String>) -> Error {
        Error::invalid(self.place.field(self.member), message)
    }

    fn not_fetched(&self, why: NotFetched) -> Error {
        let (what, megabytes, seconds) = (self.kind.name(), MAX_BYTES >> 20, TIMEOUT.as_secs());
        self.refuse(match why {
            NotFetched::Forbidden => "the gateway does not fetch from this address: send the bytes as a data URL, or \
                                      ask the operator to allow the host in AIGW_FETCH_REMOTE_MEDIA_HOSTS"
                .to_owned(),
            NotFetched::Failed => format!(
                "the gateway found no {what} here: it takes one of at most {megabytes} MB that a public https \
                 address delivers within {seconds} s, without a redirect; or send the bytes as a data URL"
            ),
        })
    }
}

fn wanted<'a>(adapter: &dyn Adapter, model: &str, request: &'a mut ChatRequest) -> Vec<Wanted<'a>> {
    let mut wanted = Vec::new();
    for (at, message) in request.messages.iter_mut().enumerate() {
        for (number, part) in message.parts.iter_mut().enumerate() {
            let place = Place::message(at).part(number);
            match part {
                Part::ToolResult(result) => {
                    let parts = result.parts.iter_mut().enumerate();
                    let parts = parts.map(|(number, part)| (place.result_part(number), part));
                    wanted.extend(parts.filter_map(|(place, part)| want(adapter, model, place, part)));
                }
                part => wanted.extend(want(adapter, model, place, part)),
            }
        }
    }
    wanted
}

fn want<'a>(adapter: &dyn Adapter, model: &str, place: Place, part: &'a mut Part) -> Option<Wanted<'a>> {
    if !is_wanted(adapter, model, part) {
        return None;
    }
    let (member, kind, source) = match part {
        Part::Image(Image { source, .. }) => ("image.source.url", Kind::Image, source),
        Part::Audio(Audio { source: Some(source), .. }) => ("audio.source.url", Kind::Audio, source),
        Part::File(File { source, .. }) => ("file.source.url", Kind::File, source),
        _ => return None,
    };
    Some(Wanted { place, member, kind, source })
}

/// Whether a part is an address whose bytes the provider needs, and would take.
fn is_wanted(adapter: &dyn Adapter, model: &str, part: &Part) -> bool {
    let (source, field) = match part {
        Part::Image(image) => (Some(&image.source), Field::ImageData),
        Part::Audio(audio) => (audio.source.as_ref(), Field::AudioInput),
        Part::File(file) => (Some(&file.source), Field::FileData),
        _ => (None, Field::FileData),
    };
    let Some(MediaSource::Url { url, .. }) = source else { return false };
    adapter.needs_bytes_of(model, url)
        && matches!(adapter.support(model, field), Handling::Mapped | Handling::Rewritten(_))
}
