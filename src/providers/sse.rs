//! An incremental parser of server-sent events (WHATWG HTML 9.2.6) over byte chunks, bounded in memory.
//!
//! Payloads stay bytes: whoever parses the JSON checks the UTF-8. Lines that are no event-stream fields, such as a JSON
//! error sent without `data:`, are kept as stray bytes for the decoder's end.

use bytes::{Bytes, BytesMut};
use memchr::{memchr, memchr2};

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SseEvent {
    /// Empty means `message`.
    pub name: Bytes,
    pub data: Bytes,
}

/// A line or an event is longer than allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a server-sent event is longer than {0} bytes")]
pub struct TooLong(pub usize);

/// Most stray bytes that are kept; an error body is smaller.
const MAX_STRAY: usize = 16 * 1024;

#[derive(Debug)]
pub struct SseParser {
    chunk: Bytes,
    partial: BytesMut,
    name: Bytes,
    data: Option<Bytes>,
    more_data: BytesMut,
    stray: Vec<u8>,
    at_start: bool,
    after_cr: bool,
    limit: usize,
}

impl SseParser {
    /// Bounds every line and every event's data to `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self {
            chunk: Bytes::new(),
            partial: BytesMut::new(),
            name: Bytes::new(),
            data: None,
            more_data: BytesMut::new(),
            stray: Vec::new(),
            at_start: true,
            after_cr: false,
            limit,
        }
    }

    /// Takes the next chunk. Call [`next_event`](Self::next_event) until it answers `None` before the next one.
    pub fn feed(&mut self, chunk: Bytes) {
        debug_assert!(self.chunk.is_empty(), "events of the last chunk are still unread");
        self.chunk = chunk;
    }

    /// Returns the next complete event of what was fed.
    pub fn next_event(&mut self) -> Result<Option<SseEvent>, TooLong> {
        while let Some(line) = self.next_line()? {
            if let Some(event) = self.take_line(line)? {
                return Ok(Some(event));
            }
        }
        Ok(None)
    }

    /// Takes the end of the body: an event that lacks only its blank line still counts.
    pub fn finish(&mut self) -> Result<Option<SseEvent>, TooLong> {
        let last = self.partial.split().freeze();
        if !last.is_empty() {
            let last = self.without_bom(last);
            if let Some(event) = self.take_line(last)? {
                return Ok(Some(event));
            }
        }
        Ok(self.take_event())
    }

    /// Returns the lines that belonged to no event.
    pub fn stray(&self) -> &[u8] {
        &self.stray
    }

    fn take_line(&mut self, line: Bytes) -> Result<Option<SseEvent>, TooLong> {
        if line.is_empty() {
            return Ok(self.take_event());
        }
        let (name, value) = match memchr(b':', &line) {
            Some(0) => return Ok(None),
            Some(at) => {
                let from = at + 1 + usize::from(line.get(at + 1) == Some(&b' '));
                (&line[..at], line.slice(from..))
            }
            None => (&line[..], Bytes::new()),
        };
        match name {
            b"data" => self.push_data(value)?,
            b"event" => self.name = value,
            b"id" | b"retry" => {}
            _ => self.push_stray(&line),
        }
        Ok(None)
    }

    fn take_event(&mut self) -> Option<SseEvent> {
        let name = std::mem::take(&mut self.name);
        let first = self.data.take()?;
        let data = if self.more_data.is_empty() { first } else { self.more_data.split().freeze() };
        Some(SseEvent { name, data })
    }

    fn push_data(&mut self, value: Bytes) -> Result<(), TooLong> {
        let Some(first) = &self.data else {
            self.data = Some(value);
            return Ok(());
        };
        if self.more_data.is_empty() {
            self.more_data.extend_from_slice(first);
        }
        if self.more_data.len() + value.len() + 1 > self.limit {
            return Err(TooLong(self.limit));
        }
        self.more_data.extend_from_slice(b"\n");
        self.more_data.extend_from_slice(&value);
        Ok(())
    }

    fn push_stray(&mut self, line: &[u8]) {
        let room = MAX_STRAY.saturating_sub(self.stray.len());
        self.stray.extend_from_slice(&line[..line.len().min(room)]);
        if room > line.len() {
            self.stray.push(b'\n');
        }
    }

    fn next_line(&mut self) -> Result<Option<Bytes>, TooLong> {
        if self.after_cr && !self.chunk.is_empty() {
            self.after_cr = false;
            if self.chunk[0] == b'\n' {
                self.chunk = self.chunk.slice(1..);
            }
        }
        let Some(end) = memchr2(b'\n', b'\r', &self.chunk) else {
            if self.partial.len() + self.chunk.len() > self.limit {
                return Err(TooLong(self.limit));
            }
            self.partial.extend_from_slice(&self.chunk);
            self.chunk = Bytes::new();
            return Ok(None);
        };
        if self.partial.len() + end > self.limit {
            return Err(TooLong(self.limit));
        }
        let line = if self.partial.is_empty() {
            self.chunk.slice(..end)
        } else {
            self.partial.extend_from_slice(&self.chunk[..end]);
            self.partial.split().freeze()
        };
        let mut next = end + 1;
        if self.chunk[end] == b'\r' {
            if self.chunk.get(next) == Some(&b'\n') {
                next += 1;
            } else {
                self.after_cr = next == self.chunk.len();
            }
        }
        self.chunk = self.chunk.slice(next..);
        Ok(Some(self.without_bom(line)))
    }

    /// Removes the byte order mark a stream may begin with.
    fn without_bom(&mut self, line: Bytes) -> Bytes {
        if std::mem::take(&mut self.at_start) && line.starts_with(b"\xef\xbb\xbf") { line.slice(3..) } else { line }
    }
}

#[cfg(test)]
mod tests;
