//! Remembers the states of tool calls for clients that drop members they do not know, as many OpenAI clients do.
//!
//! Each replica has a memory of its own. A caller whose next turn reaches another replica, or comes too late, is served
//! as if the state had never been there: providers then think anew, and the adapters send what each accepts instead.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher as _, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use crate::domain::{chat::ProviderState, model::Target};

/// Tool calls come back within minutes; agents that wait for people take longer.
const AGE: Duration = Duration::from_secs(3600);
/// Locks are held for a look-up in one of these parts.
const SHARDS: usize = 16;
const MAX_CALLS: usize = 16_384;
const MAX_BYTES: usize = 64 << 20;
/// What an entry costs beside its texts.
const ENTRY_BYTES: usize = 256;

/// A bounded memory of states by caller and tool call. The oldest go first.
#[derive(Debug)]
pub struct StateMemory {
    shards: [Mutex<Shard>; SHARDS],
    hasher: RandomState,
}

#[derive(Debug, Default)]
struct Shard {
    calls: HashMap<Key, Entry>,
    /// Oldest first. An entry that was replaced stands here twice; the older place means nothing.
    order: VecDeque<(Instant, u64, Key)>,
    bytes: usize,
    next: u64,
}

/// The caller's key, the tool call.
type Key = (String, String);

#[derive(Debug)]
struct Entry {
    number: u64,
    bytes: usize,
    /// Who made the call. States mean nothing to another model, even of the same provider.
    target: Target,
    states: Vec<ProviderState>,
}

impl Default for StateMemory {
    fn default() -> Self {
        Self { shards: Default::default(), hasher: RandomState::new() }
    }
}

impl StateMemory {
    /// Remembers the states of one tool call in place of earlier ones.
    pub fn remember(
        &self,
        caller: &str,
        tool_call_id: &str,
        target: &Target,
        states: Vec<ProviderState>,
        now: Instant,
    ) {
        let key = (caller.to_owned(), tool_call_id.to_owned());
        self.shard(&key).put(key, target, states, now);
    }

    /// Returns the states of one tool call of this target, as far as they are remembered.
    pub fn recall(&self, caller: &str, tool_call_id: &str, target: &Target, now: Instant) -> Vec<ProviderState> {
        let key = (caller.to_owned(), tool_call_id.to_owned());
        let mut shard = self.shard(&key);
        shard.forget_until(now);
        let entry = shard.calls.get(&key).filter(|entry| entry.target == *target);
        entry.map(|entry| entry.states.clone()).unwrap_or_default()
    }

    fn shard(&self, key: &Key) -> MutexGuard<'_, Shard> {
        let at = self.hasher.hash_one(key) as usize % SHARDS;
        // A panic in there can at worst have lost an entry.
        self.shards[at].lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Shard {
    fn put(&mut self, key: Key, target: &Target, states: Vec<ProviderState>, now: Instant) {
        self.forget_until(now);
        let names = key.0.len() + key.1.len() + target.provider.len() + target.model.len();
        let bytes = ENTRY_BYTES + names + states.iter().map(size).sum::<usize>();
        if bytes > MAX_BYTES / SHARDS {
            return;
        }
        let number = self.next;
        self.next += 1;
        self.order.push_back((now, number, key.clone()));
        self.bytes += bytes;
        if let Some(replaced) = self.calls.insert(key, Entry { number, bytes, target: target.clone(), states }) {
            self.bytes -= replaced.bytes;
        }
        while self.bytes > MAX_BYTES / SHARDS || self.order.len() > MAX_CALLS / SHARDS {
            self.forget_oldest();
        }
    }

    fn forget_until(&mut self, now: Instant) {
        while self.order.front().is_some_and(|(since, ..)| *since + AGE <= now) {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        let Some((_, number, key)) = self.order.pop_front() else { return };
        if self.calls.get(&key).is_some_and(|entry| entry.number == number)
            && let Some(entry) = self.calls.remove(&key)
        {
            self.bytes -= entry.bytes;
        }
    }
}

fn size(state: &ProviderState) -> usize {
    let ProviderState { provider, key_scope, kind, data, tool_call_id } = state;
    provider.len() + key_scope.len() + kind.len() + data.len() + tool_call_id.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(data: &str) -> ProviderState {
        ProviderState { data: data.to_owned().into(), ..ProviderState::default() }
    }

    fn gemini() -> Target {
        Target { provider: "google".into(), model: "gemini".into() }
    }

    #[test]
    fn remembers_by_caller_and_call() {
        let (memory, now) = (StateMemory::default(), Instant::now());
        memory.remember("alice", "call_1", &gemini(), vec![state("a")], now);
        memory.remember("bob", "call_1", &gemini(), vec![state("b")], now);
        assert_eq!(memory.recall("alice", "call_1", &gemini(), now), [state("a")]);
        assert_eq!(memory.recall("bob", "call_1", &gemini(), now), [state("b")]);
        assert_eq!(memory.recall("alice", "call_2", &gemini(), now), []);
        memory.remember("alice", "call_1", &gemini(), vec![state("again")], now);
        assert_eq!(memory.recall("alice", "call_1", &gemini(), now), [state("again")], "the newer answer counts");
        let other = Target { model: "another".into(), ..gemini() };
        assert_eq!(memory.recall("alice", "call_1", &other, now), [], "another model");
    }

    #[test]
    fn forgets_after_an_hour() {
        let (memory, start) = (StateMemory::default(), Instant::now());
        memory.remember("a", "old", &gemini(), vec![state("x")], start);
        let later = start + AGE - Duration::from_secs(1);
        memory.remember("a", "new", &gemini(), vec![state("y")], later);
        assert_eq!(memory.recall("a", "old", &gemini(), later), [state("x")]);
        assert_eq!(memory.recall("a", "old", &gemini(), start + AGE), []);
        assert_eq!(memory.recall("a", "new", &gemini(), start + AGE), [state("y")]);
    }

    #[test]
    fn is_bounded_in_calls_and_bytes() {
        let now = Instant::now();
        let count = |memory: &StateMemory| -> (usize, usize, usize) {
            let shards = memory.shards.iter().map(|shard| shard.lock().unwrap());
            shards.fold((0, 0, 0), |(calls, places, bytes), shard| {
                (calls + shard.calls.len(), places + shard.order.len(), bytes + shard.bytes)
            })
        };
        let memory = StateMemory::default();
        for call in 0..2 * MAX_CALLS {
            memory.remember("a", &format!("call_{call}"), &gemini(), vec![state("x")], now);
        }
        assert!((MAX_CALLS / 2..=MAX_CALLS).contains(&count(&memory).0), "{:?}", count(&memory));

        let memory = StateMemory::default();
        for _ in 0..2 * MAX_CALLS {
            memory.remember("a", "always the same", &gemini(), vec![state("x")], now);
        }
        assert_eq!(count(&memory).0, 1);
        assert!(count(&memory).1 <= MAX_CALLS / SHARDS, "{:?}", count(&memory));

        let (memory, large) = (StateMemory::default(), "x".repeat(1 << 20));
        for call in 0..200 {
            memory.remember("a", &format!("call_{call}"), &gemini(), vec![state(&large)], now);
        }
        let (calls, _, bytes) = count(&memory);
        assert!(calls > 16 && bytes <= MAX_BYTES, "{calls} calls, {bytes} bytes");
        memory.remember("a", "too large", &gemini(), vec![state(&"x".repeat(MAX_BYTES / SHARDS))], now);
        assert_eq!(memory.recall("a", "too large", &gemini(), now), []);
    }
}
