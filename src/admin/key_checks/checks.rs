//! Tests that owners ask for: one key, or all of them, some at a time.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream};
use tokio::time::Instant;

use super::{
    clock::Clock,
    tested::{Tested, Verdict},
    words,
};
use crate::{
    admin::{actor::Actor, provider_keys::ProviderKeys},
    domain::{
        error::Result,
        failure::{FailureClass, UpstreamFailure},
        key::{Caller, StoredKey},
    },
    routing::{
        key_pool::{KeyTest, PoolKey},
        transport::KeyCheck,
    },
};

/// Longest test of one key.
pub const TEST_TIMEOUT: Duration = Duration::from_secs(10);
/// How many keys of one call are tested at once.
pub const AT_ONCE: usize = 4;
/// How long before the caller's deadline the last test ends, so that the answer still arrives.
const MARGIN: Duration = Duration::from_millis(200);
/// With less time than this, no further test begins.
const SHORTEST: Duration = Duration::from_millis(500);
/// Most names of models that are told.
const MAX_MODELS: usize = 100;

/// The use case with everything it needs.
pub struct KeyChecks {
    pub keys: Arc<ProviderKeys>,
    pub provider: Arc<dyn KeyCheck>,
}

impl KeyChecks {
    /// Tests one key, also one that is switched off.
    pub async fn test(&self, actor: &Actor, id: &str, deadline: Instant) -> Result<Tested> {
        let key = self.keys.get(actor.user_id(), id, "id")?;
        Ok(self.tested(actor, key, Clock::from(actor.now_ms), deadline - MARGIN).await)
    }

    /// Tests all keys of a user, or those for one provider, with one result for each in creation order.
    pub async fn test_all(&self, actor: &Actor, provider: &str, deadline: Instant) -> Result<Vec<Tested>> {
        let mut keys = self.keys.keys_of(actor.user_id());
        keys.retain(|key| provider.is_empty() || key.provider == provider);
        if keys.is_empty() && !provider.is_empty() {
            self.keys.kinds.get(provider, "provider")?;
        }
        let (clock, until) = (Clock::from(actor.now_ms), deadline - MARGIN);
        let tests = keys.into_iter().enumerate().map(async |(place, key)| {
            if !key.active {
                return (place, Tested::not(key, words::SWITCHED_OFF));
            }
            if Instant::now() + SHORTEST > until {
                return (place, Tested::not(key, words::TOO_LATE));
            }
            (place, self.tested(actor, key, clock, until).await)
        });
        let mut results: Vec<_> = stream::iter(tests).buffer_unordered(AT_ONCE).collect().await;
        results.sort_unstable_by_key(|(place, _)| *place);
        Ok(results.into_iter().map(|(_, tested)| tested).collect())
    }

    async fn tested(&self, actor: &Actor, key: StoredKey, clock: Clock, until: Instant) -> Tested {
        let Some(kind) = self.keys.kinds.0.get(&key.provider) else { return Tested::not(key, words::NO_PROVIDER) };
        let Some(pool_key) = self.keys.pool.key(&key.user_id, &key.id) else { return Tested::not(key, words::CLOSED) };
        let (started, outcome) = (Instant::now(), self.ask(&pool_key, clock.now_ms(), until).await);
        let duration = started.elapsed();
        let now_ms = clock.now_ms();
        let asked = Some((&actor.caller, actor.request_id.as_str()));
        self.tell(&pool_key, outcome.as_ref().map(|_| ()), asked, now_ms);
        let key = self.keys.get(&key.user_id, &key.id, "id").unwrap_or(key);
        match outcome {
            Ok(models) => {
                let (verdict, message) = (Verdict::Passed, words::passed(&key));
                Tested { verdict, duration, models, ..Tested::not(key, message) }
            }
            Err(failure) => {
                let message = words::failed(&failure, kind.console, &key, now_ms);
                let (verdict, class) = (Verdict::of(&failure), Some(failure.class));
                let http_status = failure.http_status;
                Tested { verdict, class, http_status, duration, ..Tested::not(key, message) }
            }
        }
    }

    /// Asks the provider. Ends in time.
    pub(super) async fn ask(
        &self,
        key: &PoolKey,
        now_ms: i64,
        until: Instant,
    ) -> std::result::Result<Vec<String>, UpstreamFailure> {
        self.keys.pool.used(&key.stored.id, now_ms);
        let until = until.min(Instant::now() + TEST_TIMEOUT);
        let mut models = self.provider.check(&key.stored.provider, &key.key, until).await?;
        models.truncate(MAX_MODELS);
        Ok(models)
    }

    /// Tells the pool what came out, unless it is only that the gateway itself has too many calls with the key under
    /// way. `asked` is who wanted the test; nobody when the gateway probes.
    pub(super) fn tell(
        &self,
        key: &PoolKey,
        outcome: std::result::Result<(), &UpstreamFailure>,
        asked: Option<(&Arc<Caller>, &str)>,
        now_ms: i64,
    ) {
        let ours =
            |failure: &UpstreamFailure| failure.class == FailureClass::RateLimit && failure.http_status.is_none();
        if outcome.is_err_and(ours) {
            return;
        }
        let (id, secret_version) = (key.stored.id.as_str(), key.stored.secret_version);
        self.keys.pool.tested_by(KeyTest { id, secret_version, outcome, asked }, now_ms);
    }
}
