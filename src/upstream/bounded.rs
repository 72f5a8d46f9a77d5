//! A map that never grows beyond its bound: the entry that was used longest ago makes room.

use std::{collections::HashMap, hash::Hash};

/// Remembers at most `most` values.
#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    most: usize,
    /// Counts uses; the smallest number was used longest ago.
    clock: u64,
    entries: HashMap<K, (u64, V)>,
}

impl<K: Copy + Eq + Hash, V: Clone> Bounded<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Self { most, clock: 0, entries: HashMap::new() }
    }

    pub(super) fn get(&mut self, key: &K) -> Option<V> {
        self.clock += 1;
        let (used, value) = self.entries.get_mut(key)?;
        *used = self.clock;
        Some(value.clone())
    }

    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.entries.len() >= self.most && !self.entries.contains_key(&key) {
            // A walk over all of them, but only once a full map takes something new.
            let oldest = self.entries.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| *key);
            oldest.and_then(|key| self.entries.remove(&key));
        }
        self.clock += 1;
        self.entries.insert(key, (self.clock, value));
    }

    pub(super) fn remove(&mut self, key: &K) {
        self.entries.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entry_used_longest_ago_makes_room() {
        let mut map = Bounded::new(2);
        map.insert("a", 1);
        map.insert("b", 2);
        assert_eq!(map.get(&"a"), Some(1));
        map.insert("c", 3);
        assert_eq!((map.get(&"a"), map.get(&"b"), map.get(&"c")), (Some(1), None, Some(3)));
        map.insert("c", 4);
        assert_eq!((map.entries.len(), map.get(&"a"), map.get(&"c")), (2, Some(1), Some(4)));
        map.remove(&"a");
        assert_eq!((map.entries.len(), map.get(&"a")), (1, None));
    }

    #[test]
    fn it_stays_within_its_bound() {
        let mut map = Bounded::new(100);
        (0..10_000).for_each(|n| map.insert(n, n));
        assert_eq!(map.entries.len(), 100);
        assert_eq!(map.get(&9_999), Some(9_999));
    }
}
