//! The rpc that watches provider keys: what there is, then what is different from what was sent. A reader who is slow
//! misses steps, never the state they led to. The layer ends the stream when the gateway stops.

use std::{
    collections::{BTreeMap, VecDeque},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use futures_util::{Stream, stream::unfold};
use tokio::{sync::watch::Receiver, time::Instant};
use tonic::Status;

use crate::{
    admin::{Administration, provider_keys::ProviderKeys},
    grpc::{call::Call, convert_keys::key_to_pb, now::now_ms},
    pb::{self, ProviderKey, ProviderKeyDeleted, watch_provider_keys_response::Event},
};

const HEARTBEAT: Duration = Duration::from_secs(15);
/// Changes that come faster than this are sent together.
const SHORTEST_PAUSE: Duration = Duration::from_millis(50);

/// The events of a watch.
pub type Watched = Pin<Box<dyn Stream<Item = Result<pb::WatchProviderKeysResponse, Status>> + Send>>;

pub fn watch(admin: &Administration, call: &Call, request: pb::WatchProviderKeysRequest) -> Watched {
    let mut watch = Watch {
        keys: admin.provider_keys.clone(),
        changed: admin.provider_keys.pool.watch(),
        user_id: call.caller.user_id.clone(),
        provider: request.provider,
        sent: BTreeMap::new(),
        waiting: VecDeque::new(),
    };
    watch.compare();
    watch.waiting.push_back(Event::Synced(pb::ProviderKeysSynced {}));
    Box::pin(unfold((watch, 0), |(mut watch, sequence)| async move {
        let event = pb::WatchProviderKeysResponse { sequence, event: Some(watch.next().await) };
        Some((Ok(event), (watch, sequence + 1)))
    }))
}

struct Watch {
    keys: Arc<ProviderKeys>,
    changed: Receiver<u64>,
    user_id: String,
    /// Empty: all.
    provider: String,
    /// What the reader knows, by id.
    sent: BTreeMap<String, ProviderKey>,
    waiting: VecDeque<Event>,
}

impl Watch {
    async fn next(&mut self) -> Event {
        let heartbeat = Instant::now() + HEARTBEAT;
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return event;
            }
            tokio::select! {
                () = self.something_changed() => {
                    tokio::time::sleep(SHORTEST_PAUSE).await;
                    self.compare();
                }
                () = tokio::time::sleep_until(heartbeat) => {
                    return Event::Heartbeat(pb::ProviderKeysHeartbeat {});
                }
            }
        }
    }

    /// Waits for a change in the pool, or for a rest to end, which nobody announces.
    async fn something_changed(&mut self) {
        let now = now_ms();
        let ends = self.sent.values().filter_map(|key| key.state_end_time);
        let next = ends.map(|end| end.seconds * 1000 + i64::from(end.nanos / 1_000_000) - now).min();
        let rest = next.map(|ms| Duration::from_millis(ms.max(0).unsigned_abs()));
        let rest_is_over = async {
            match rest {
                Some(rest) => tokio::time::sleep(rest).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Ok(()) = self.changed.changed() => {}
            () = rest_is_over => {}
        }
    }

    /// Puts what is different from what was sent into the queue.
    fn compare(&mut self) {
        self.changed.mark_unchanged();
        let now = now_ms();
        let keys = self.keys.keys_of(&self.user_id).into_iter();
        let keys = keys.filter(|key| self.provider.is_empty() || self.provider == key.provider);
        let mut gone = std::mem::take(&mut self.sent);
        for key in keys.map(|key| key_to_pb(key, now)) {
            let known = gone.remove(&key.id);
            if known.is_none_or(|known| differs(known, &key)) {
                self.waiting.push_back(Event::ProviderKey(key.clone()));
            }
            self.sent.insert(key.id.clone(), key);
        }
        let deleted = |key: ProviderKey| Event::Deleted(ProviderKeyDeleted { id: key.id, provider: key.provider });
        self.waiting.extend(gone.into_values().map(deleted));
    }
}

/// Being used is no change.
fn differs(known: ProviderKey, key: &ProviderKey) -> bool {
    ProviderKey { last_used_time: key.last_used_time, ..known } != *key
}
