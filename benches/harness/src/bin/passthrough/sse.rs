//! Cuts a byte stream into server-sent events, as far as a reference needs it: one `data:` line per event.

use anyhow::ensure;
use bytes::{Buf, Bytes, BytesMut};
use memchr::memmem;

const MAX_EVENT_BYTES: usize = 1 << 20;

/// Holds what has arrived and was not yet a whole event.
#[derive(Default)]
pub struct EventSplitter {
    buffer: BytesMut,
}

impl EventSplitter {
    pub fn feed(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// Returns the data of the next whole event, skipping events without data.
    pub fn next_data(&mut self) -> anyhow::Result<Option<Bytes>> {
        while let Some(end) = memmem::find(&self.buffer, b"\n\n") {
            let event = self.buffer.split_to(end).freeze();
            self.buffer.advance(2);
            if let Some(data) = event.strip_prefix(b"data: ") {
                return Ok(Some(event.slice_ref(data)));
            }
        }
        ensure!(self.buffer.len() <= MAX_EVENT_BYTES, "event is too large");
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_found_however_the_bytes_are_cut() {
        let input = b"data: one\n\n: comment\n\ndata: two\n\ndata: thr";
        for size in 1..input.len() {
            let mut splitter = EventSplitter::default();
            let mut found = Vec::new();
            for chunk in input.chunks(size) {
                splitter.feed(chunk);
                while let Some(data) = splitter.next_data().unwrap() {
                    found.push(data);
                }
            }
            assert_eq!(found, ["one", "two"], "chunks of {size}");
        }
    }
}
