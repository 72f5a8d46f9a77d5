//! Counts answers by route, method and status. No request waits for another: what was counted once is found without a lock.

use std::{collections::HashMap, time::Duration};

use arc_swap::ArcSwap;
use http::{Method, StatusCode};
use prometheus::{Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, Opts, Registry, Result};

const REQUESTS: [&str; 2] = ["aigw_http_requests_total", "Requests of the REST face, by route and status."];
const SECONDS: [&str; 2] =
    ["aigw_http_request_duration_seconds", "Time until the head of an answer; streams go on after it."];
const BUCKETS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];
/// What calls of gRPC-Web are counted as. The service tells of each rpc.
pub const GRPC_WEB: &str = "grpc-web";
/// What requests are counted as that no route takes.
pub const NONE: &str = "none";

/// How often each route answered, and how.
pub struct Answers {
    routes: HashMap<&'static str, Seen>,
    none: Seen,
    requests: IntCounterVec,
    seconds: HistogramVec,
}

/// The series of one route that there are so far: a few.
type Seen = ArcSwap<Vec<Series>>;

#[derive(Clone)]
struct Series {
    method: &'static str,
    status: StatusCode,
    requests: IntCounter,
    seconds: Histogram,
}

impl Answers {
    /// Counts for these routes. A registry takes one such set of counters only.
    pub fn new(routes: impl IntoIterator<Item = &'static str>, registry: &Registry) -> Result<Self> {
        let requests = IntCounterVec::new(Opts::new(REQUESTS[0], REQUESTS[1]), &["method", "code", "route"])?;
        let seconds = HistogramOpts::new(SECONDS[0], SECONDS[1]).buckets(BUCKETS.to_vec());
        let seconds = HistogramVec::new(seconds, &["method", "route"])?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        let routes = routes.into_iter().chain([GRPC_WEB]).map(|route| (route, Seen::default())).collect();
        Ok(Self { routes, none: Seen::default(), requests, seconds })
    }

    /// Counts an answer whose head took so long. `route` is the path as it is registered.
    pub fn count(&self, route: &str, method: &Method, status: StatusCode, took: Duration) {
        let (route, seen) = self.routes.get_key_value(route).map_or((NONE, &self.none), |(route, seen)| (*route, seen));
        let method = word(method);
        let same = |series: &&Series| series.method == method && series.status == status;
        if let Some(series) = seen.load().iter().find(same) {
            return series.add(took);
        }
        let series = Series {
            method,
            status,
            requests: self.requests.with_label_values(&[method, status.as_str(), route]),
            seconds: self.seconds.with_label_values(&[method, route]),
        };
        series.add(took);
        seen.rcu(|all| all.iter().chain([&series]).cloned().collect::<Vec<_>>());
    }
}

impl Series {
    fn add(&self, took: Duration) {
        self.requests.inc();
        self.seconds.observe(took.as_secs_f64());
    }
}

/// Anybody can make up methods.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_what_was_answered() {
        let registry = Registry::new();
        let answers = Answers::new(["/v1/models", "/livez"], &registry).unwrap();
        let brew = Method::from_bytes(b"BREW").unwrap();
        for (route, method, status) in [
            ("/v1/models", &Method::GET, StatusCode::OK),
            ("/v1/models", &Method::GET, StatusCode::OK),
            ("/v1/models", &Method::GET, StatusCode::UNAUTHORIZED),
            ("/v1/models", &brew, StatusCode::METHOD_NOT_ALLOWED),
            ("/made/up", &Method::GET, StatusCode::NOT_FOUND),
            (NONE, &Method::POST, StatusCode::NOT_FOUND),
        ] {
            answers.count(route, method, status, Duration::from_millis(20));
        }
        let text = crate::metrics::text(&registry).unwrap();
        let counted: Vec<_> = text.lines().filter(|line| line.starts_with("aigw_http_requests_total{")).collect();
        assert_eq!(
            counted,
            [
                r#"aigw_http_requests_total{code="200",method="GET",route="/v1/models"} 2"#,
                r#"aigw_http_requests_total{code="401",method="GET",route="/v1/models"} 1"#,
                r#"aigw_http_requests_total{code="404",method="GET",route="none"} 1"#,
                r#"aigw_http_requests_total{code="404",method="POST",route="none"} 1"#,
                r#"aigw_http_requests_total{code="405",method="other",route="/v1/models"} 1"#,
            ],
        );
        assert!(
            text.contains(r#"aigw_http_request_duration_seconds_bucket{method="GET",route="/v1/models",le="0.025"} 3"#)
        );
    }
}
