//! Counts calls by rpc and by how they ended.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use http::{HeaderMap, HeaderName};
use tonic::Code;

use super::policy::RPCS;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
/// What calls of an rpc that is not there are counted as.
const UNKNOWN: &str = "unknown";
/// Statuses of gRPC, by number.
const CODES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

type Row = [AtomicU64; CODES.len()];

/// How many calls ended, and how.
#[derive(Debug)]
pub struct Tally {
    rpcs: [Row; RPCS.len()],
    unknown: Row,
}

impl Default for Tally {
    fn default() -> Self {
        let row = || std::array::from_fn(|_| AtomicU64::new(0));
        Self { rpcs: std::array::from_fn(|_| row()), unknown: row() }
    }
}

impl Tally {
    /// Begins to watch a call. `rpc` is its place among all of them.
    pub fn watch(self: &Arc<Self>, rpc: Option<usize>) -> Watched {
        Watched { tally: self.clone(), rpc, code: Code::Cancelled }
    }

    /// Returns the rpc, the status and the number of calls, where there were some.
    pub fn counts(&self) -> impl Iterator<Item = (&'static str, &'static str, u64)> {
        let rows = RPCS.iter().zip(&self.rpcs).chain([(&UNKNOWN, &self.unknown)]);
        let counts = rows.flat_map(|(rpc, row)| CODES.iter().zip(row).map(|(code, count)| (*rpc, *code, count)));
        counts.map(|(rpc, code, count)| (rpc, code, count.load(Ordering::Relaxed))).filter(|(.., count)| *count > 0)
    }

    fn count(&self, rpc: Option<usize>, code: Code) {
        let row = rpc.and_then(|rpc| self.rpcs.get(rpc)).unwrap_or(&self.unknown);
        if let Some(count) = usize::try_from(i32::from(code)).ok().and_then(|code| row.get(code)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// A call that is counted when it is dropped. One that told no status until then was given up by its caller.
#[derive(Debug)]
pub struct Watched {
    tally: Arc<Tally>,
    rpc: Option<usize>,
    code: Code,
}

impl Watched {
    /// Takes note of the status, if it is among these headers or trailers.
    pub fn saw(&mut self, headers: &HeaderMap) {
        if let Some(status) = headers.get(&GRPC_STATUS) {
            self.code = Code::from_bytes(status.as_bytes());
        }
    }

    /// Takes note that the time of the call is over.
    pub fn ran_out(&mut self) {
        self.code = Code::DeadlineExceeded;
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.tally.count(self.rpc, self.code);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_each_call_once_by_its_last_status() {
        let tally = Arc::new(Tally::default());
        let status = |code: &'static str| HeaderMap::from_iter([(GRPC_STATUS, http::HeaderValue::from_static(code))]);
        for (rpc, codes) in
            [(Some(0), vec!["0"]), (Some(0), vec!["0"]), (Some(1), vec![]), (None, vec!["7"]), (Some(0), vec!["99"])]
        {
            let mut watched = tally.watch(rpc);
            codes.into_iter().for_each(|code| watched.saw(&status(code)));
            watched.saw(&HeaderMap::new());
        }
        let mut counts: Vec<_> = tally.counts().collect();
        counts.sort_unstable();
        let mut wanted = vec![
            (RPCS[0], "OK", 2),
            (RPCS[0], "UNKNOWN", 1),
            (RPCS[1], "CANCELLED", 1),
            ("unknown", "PERMISSION_DENIED", 1),
        ];
        wanted.sort_unstable();
        assert_eq!(counts, wanted);
        assert_eq!(CODES.len() - 1, i32::from(Code::Unauthenticated) as usize);
    }
}
