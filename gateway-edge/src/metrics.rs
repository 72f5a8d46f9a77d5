//! Metrics as Prometheus reads them: what every process tells of itself, what goes on between the edge and its replicas,
//! and the text of all that is registered.

use prometheus::{
    IntCounter, IntGauge, IntGaugeVec, Opts, Registry, Result, TextEncoder,
    core::{Collector, Desc},
    proto::MetricFamily,
};

use crate::transport::Transport;

const REPLICAS: [&str; 2] = ["aigw_edge_replicas", "Addresses that the gateway service has."];
const SERVING: [&str; 2] = ["aigw_edge_replicas_serving", "Those of them that take calls."];
const IN_FLIGHT: [&str; 2] = ["aigw_edge_calls_in_flight", "Calls that replicas are answering."];
const RESENT: [&str; 2] = ["aigw_edge_calls_resent_total", "Calls sent again, to another replica."];

/// The media type of [`text`].
pub const MEDIA_TYPE: &str = prometheus::TEXT_FORMAT;

/// Makes a registry in which the process tells of itself: its version, memory, time on the processor, open files.
pub fn registry() -> Result<Registry> {
    let registry = Registry::new();
    let build = IntGaugeVec::new(Opts::new("aigw_build_info", "1, with the version."), &["version"])?;
    build.with_label_values(&[env!("CARGO_PKG_VERSION")]).set(1);
    registry.register(Box::new(build))?;
    #[cfg(target_os = "linux")]
    registry.register(Box::new(prometheus::process_collector::ProcessCollector::for_self()))?;
    Ok(registry)
}

/// Writes down what all metrics are now.
pub fn text(registry: &Registry) -> Result<String> {
    TextEncoder::new().encode_to_string(&registry.gather())
}

/// The replicas behind an edge of its own.
pub struct ReplicaMetrics {
    transport: Transport,
    known: IntGauge,
    serving: IntGauge,
    in_flight: IntGauge,
}

impl ReplicaMetrics {
    pub fn new(transport: Transport) -> Result<Self> {
        let gauge = |[name, help]: [&str; 2]| IntGauge::new(name, help);
        Ok(Self { transport, known: gauge(REPLICAS)?, serving: gauge(SERVING)?, in_flight: gauge(IN_FLIGHT)? })
    }

    fn families(&self) -> Option<Vec<MetricFamily>> {
        let (replicas, traffic) = (self.transport.replicas()?, self.transport.traffic()?);
        self.known.set(i64::try_from(replicas.known).ok()?);
        self.serving.set(i64::try_from(replicas.healthy).ok()?);
        self.in_flight.set(i64::try_from(traffic.in_flight).ok()?);
        let resent = IntCounter::new(RESENT[0], RESENT[1]).ok()?;
        resent.inc_by(traffic.resent);
        Some([self.known.collect(), self.serving.collect(), self.in_flight.collect(), resent.collect()].concat())
    }
}

impl Collector for ReplicaMetrics {
    fn desc(&self) -> Vec<&Desc> {
        [&self.known, &self.serving, &self.in_flight].into_iter().flat_map(|gauge| gauge.desc()).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.families().unwrap_or_default()
    }
}
