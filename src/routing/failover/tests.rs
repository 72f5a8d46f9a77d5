mod bounds;
mod order;
mod probes;
mod rests;

use std::collections::HashMap;

use futures_util::FutureExt as _;

use super::*;
use crate::{
    domain::{
        error::ErrorKind,
        failure::FailureClass::{self, *},
        happening::{Happening, KeyChange},
        health::KeyState,
        model::Target,
    },
    routing::{
        fixtures::{found, key, plan, pool, provider, selected, sent, sources},
        happenings::HappeningQueue,
        key_pool::PoolKey,
        plan::{Asked, KeySources},
    },
};

/// Some day, in Unix milliseconds.
const NOW: i64 = 1_768_478_400_000;

/// Plays one prepared outcome per attempt with a key, the last one for ever, and remembers the keys it was shown.
struct Script {
    outcomes: HashMap<&'static str, Vec<Option<FailureClass>>>,
    deadline: Instant,
    keys: Vec<String>,
}

impl Attempts for Script {
    type Answer = &'static str;

    async fn attempt(&mut self, key: Option<&Arc<ProviderKey>>) -> Result<&'static str, UpstreamFailure> {
        let alias = key.map(|key| key.alias.clone()).unwrap_or_default();
        self.keys.push(alias.clone());
        let Some(outcomes) = self.outcomes.get_mut(alias.as_str()) else {
            tokio::time::sleep_until(self.deadline).await;
            return Err(UpstreamFailure::new(Timeout, "late"));
        };
        let outcome = if outcomes.len() > 1 { outcomes.remove(0) } else { outcomes[0] };
        outcome.map_or(Ok("it works"), |class| Err(UpstreamFailure::new(class, "no")))
    }
}

/// A gateway with these stored keys and a key in the environment.
struct Stage {
    failover: Failover,
    sources: KeySources,
    queue: HappeningQueue,
}

fn stage(keys: Vec<PoolKey>, environment: bool) -> Stage {
    let (pool, queue) = pool(keys);
    let pool = Arc::new(pool);
    let failover = Failover {
        limits: FailoverLimits { max_attempts: 3, first_pause: Duration::from_millis(200) },
        pool: pool.clone(),
        budgets: RetryBudgets::new(["p".to_owned()]),
        standings: Default::default(),
        now_ms: || NOW,
    };
    Stage { failover, sources: sources(&pool, environment), queue }
}

type Outcomes = &'static [(&'static str, &'static [Option<FailureClass>])];
type Ran = (Result<Succeeded<&'static str>, Error>, String);

impl Stage {
    async fn run(&self, header: bool, outcomes: Outcomes) -> Ran {
        let plan = plan(&self.sources, &sent(header));
        let deadline = Instant::now() + Duration::from_secs(10);
        let outcomes = outcomes.iter().map(|(alias, outcomes)| (*alias, outcomes.to_vec())).collect();
        let mut script = Script { outcomes, deadline, keys: Vec::new() };
        let result = self.failover.run(&mut script, &plan, deadline).await;
        (result, script.keys.join(" "))
    }

    fn told(&mut self) -> Vec<Happening> {
        std::iter::from_fn(|| self.queue.happenings.try_recv().ok()).collect()
    }

    fn selected(&self) -> Option<String> {
        let keys = self.failover.pool.keys_of("u");
        keys.into_iter().find(|key| key.selected).map(|key| key.id)
    }

    fn state(&self, id: &str) -> KeyState {
        found(&self.failover.pool, id).1.live.health().state
    }
}

/// A happening in short: `a rests, a to b`; an arrow says that the selection moves.
fn short(happening: &Happening) -> String {
    let change = |change: &KeyChange| match change {
        KeyChange::Rested { key, .. } => format!("{} rests", key.name),
        KeyChange::Recovered { key, .. } => format!("{} recovers", key.name),
        KeyChange::FailedOver { from, to, reselect: true, .. } => format!("{} -> {}", from.name, to.name),
        KeyChange::FailedOver { from, to, reselect: false, .. } => format!("{} to {}", from.name, to.name),
        KeyChange::Exhausted { retry_ms } => format!("exhausted {retry_ms:?}"),
        KeyChange::Failed { key, class, .. } => format!("{} {class:?}", key.name),
    };
    happening.changes.iter().map(change).collect::<Vec<_>>().join(", ")
}

const WORKS: &[Option<FailureClass>] = &[None];
