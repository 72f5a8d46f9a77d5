//! Reads a streamed answer only as far as to know that it is whole: how much text came, and how it ended.

use bench_harness::TOKEN_LEN;
use memchr::{memchr, memmem};

const MAX_LINE_BYTES: usize = 64 * 1024;

/// What is known of one streamed answer.
#[derive(Default)]
pub struct StreamScan {
    /// The line that has begun and not yet ended.
    partial: Vec<u8>,
    /// `data:` lines seen, `[DONE]` included.
    pub data_lines: u64,
    text_bytes: usize,
    done: bool,
    problem: Option<String>,
}

impl StreamScan {
    pub fn feed(&mut self, mut chunk: &[u8]) {
        while let Some(end) = memchr(b'\n', chunk) {
            if self.partial.is_empty() {
                self.line(&chunk[..end]);
            } else {
                self.partial.extend_from_slice(&chunk[..end]);
                let line = std::mem::take(&mut self.partial);
                self.line(&line);
            }
            chunk = &chunk[end + 1..];
        }
        self.partial.extend_from_slice(chunk);
        if self.partial.len() > MAX_LINE_BYTES {
            self.problem = Some("a line is too long".into());
            self.partial.clear();
        }
    }

    fn line(&mut self, line: &[u8]) {
        let Some(data) = line.strip_prefix(b"data:") else {
            return;
        };
        self.data_lines += 1;
        if data.trim_ascii() == b"[DONE]" {
            self.done = true;
        } else if memmem::find(data, b"\"error\":{").is_some() {
            self.problem = Some(String::from_utf8_lossy(data).chars().take(300).collect());
        } else if let Some(at) = memmem::find(data, b"\"content\":\"") {
            let text = &data[at + b"\"content\":\"".len()..];
            self.text_bytes += memchr(b'"', text).unwrap_or(0);
        }
    }

    /// Says whether the answer is whole: all the text of `events` events, then `[DONE]`.
    pub fn finish(self, events: u32) -> Result<(), String> {
        let expected = events as usize * TOKEN_LEN;
        match self.problem {
            Some(problem) => Err(problem),
            None if !self.done => Err("stream ended without [DONE]".into()),
            None if self.text_bytes != expected => {
                Err(format!("stream carried {} bytes of text, not {expected}", self.text_bytes))
            }
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "data: {\"delta\":{\"content\":\" tok-000\"}}\n\n: ping\n\ndata: {\"delta\":{\"content\":\" tok-001\"}}\n\ndata: [DONE]\n\n";

    fn scan(input: &str, chunk: usize, events: u32) -> Result<(), String> {
        let mut scan = StreamScan::default();
        input.as_bytes().chunks(chunk).for_each(|bytes| scan.feed(bytes));
        scan.finish(events)
    }

    #[test]
    fn a_whole_stream_is_known_however_it_is_cut() {
        for chunk in 1..WHOLE.len() {
            assert_eq!(scan(WHOLE, chunk, 2), Ok(()), "chunks of {chunk}");
        }
    }

    #[test]
    fn a_torn_stream_is_an_error() {
        assert!(scan(WHOLE, 7, 3).is_err(), "text is missing");
        assert!(scan(WHOLE.trim_end_matches("data: [DONE]\n\n"), 7, 2).is_err(), "no [DONE]");
        assert!(scan("data: {\"error\":{\"message\":\"x\"}}\n\ndata: [DONE]\n\n", 7, 0).is_err(), "error frame");
    }
}
