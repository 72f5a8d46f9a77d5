//! What has a state is asked for it when somebody looks: calls, keys, providers, the database.

use std::sync::Arc;

use prometheus::{
    GaugeVec, IntCounter, IntCounterVec, IntGauge, Opts, Result,
    core::{Collector, Desc},
    proto::MetricFamily,
};

use super::names::{
    CALLS, CALLS_IN_FLIGHT, CALLS_SHED, DATABASE_UP, MAX_CALLS_IN_FLIGHT, PROVIDER_KEYS, PROVIDER_STATE, RETRY_BUDGET,
};
use crate::{
    admin::gateway_status::{ReplicaStatus, StatusReport},
    domain::provider_health::Availability,
    grpc::CallLayer,
};

/// Answers Prometheus from memory.
pub struct GatewayState {
    status: Arc<StatusReport>,
    calls: CallLayer,
    in_flight: IntGauge,
    limit: IntGauge,
    database: IntGauge,
}

impl GatewayState {
    pub fn new(status: Arc<StatusReport>, calls: CallLayer) -> Result<Self> {
        let gauge = |named| IntGauge::with_opts(opts(named));
        let (in_flight, limit) = (gauge(CALLS_IN_FLIGHT)?, gauge(MAX_CALLS_IN_FLIGHT)?);
        Ok(Self { status, calls, in_flight, limit, database: gauge(DATABASE_UP)? })
    }

    fn families(&self) -> Result<Vec<MetricFamily>> {
        let now_ms = (self.status.failover.now_ms)();
        let status = self.status.now(now_ms);
        self.database.set(status.database_is_available.into());
        let (keys, providers) = (self.keys(now_ms)?, self.providers(&status, now_ms)?);
        Ok([self.calls()?, self.database.collect(), keys, providers].concat())
    }

    fn calls(&self) -> Result<Vec<MetricFamily>> {
        let (in_flight, most) = self.calls.load();
        self.in_flight.set(in_flight.try_into().unwrap_or(i64::MAX));
        self.limit.set(most.try_into().unwrap_or(i64::MAX));
        let shed = IntCounter::with_opts(opts(CALLS_SHED))?;
        shed.inc_by(self.calls.shed());
        let ended = IntCounterVec::new(opts(CALLS), &["code", "rpc"])?;
        for (rpc, code, count) in self.calls.ended() {
            ended.with_label_values(&[code, rpc]).inc_by(count);
        }
        Ok([self.in_flight.collect(), self.limit.collect(), shed.collect(), ended.collect()].concat())
    }

    fn keys(&self, now_ms: i64) -> Result<Vec<MetricFamily>> {
        let keys = GaugeVec::new(opts(PROVIDER_KEYS), &["state", "provider"])?;
        for ((provider, status), count) in self.status.key_counts(now_ms) {
            keys.with_label_values(&[status.name(), &provider]).set(count.into());
        }
        Ok(keys.collect())
    }

    fn providers(&self, status: &ReplicaStatus, now_ms: i64) -> Result<Vec<MetricFamily>> {
        let states = GaugeVec::new(opts(PROVIDER_STATE), &["state", "provider"])?;
        let budgets = GaugeVec::new(opts(RETRY_BUDGET), &["provider"])?;
        for (provider, availability) in &status.providers {
            for (state, name) in AVAILABILITIES {
                states.with_label_values(&[name, provider]).set(f64::from(u8::from(state == *availability)));
            }
            if let Some(budget) = self.status.failover.budgets.of(provider) {
                budgets.with_label_values(&[provider]).set(budget.left(now_ms));
            }
        }
        Ok([states.collect(), budgets.collect()].concat())
    }
}

const AVAILABILITIES: [(Availability, &str); 3] =
    [(Availability::Available, "available"), (Availability::Degraded, "degraded"), (Availability::Unknown, "unknown")];

impl Collector for GatewayState {
    fn desc(&self) -> Vec<&Desc> {
        [&self.in_flight, &self.limit, &self.database].into_iter().flat_map(|gauge| gauge.desc()).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        // Names and labels are fixed, so a test that collects once has seen every error there can be.
        self.families().unwrap_or_default()
    }
}

fn opts([name, help]: [&str; 2]) -> Opts {
    Opts::new(name, help)
}
