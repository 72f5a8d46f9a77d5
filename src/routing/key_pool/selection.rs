//! Which key of a user and provider is selected. Requests move the selection at once; it is stored a moment later, and
//! until then a snapshot of the database must not undo the move.

use std::sync::{
    Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

/// The number of no key.
const NONE: u64 = 0;

/// The selection. Keys are named by numbers of this process, so that one atomic holds it and it is never half moved.
#[derive(Debug, Default)]
pub struct Selection {
    selected: AtomicU64,
    /// Counts the owner's choices, so that a request from before one cannot undo it.
    choice: AtomicU64,
    moves: Mutex<Vec<Move>>,
}

/// A move that the database may not have yet.
#[derive(Debug)]
struct Move {
    from: u64,
    to: u64,
    /// The revision that has it; `None` while nobody has stored it.
    stored_in: Option<i64>,
}

impl Selection {
    pub fn get(&self) -> Option<u64> {
        Some(self.selected.load(Ordering::Acquire)).filter(|number| *number != NONE)
    }

    /// Returns which of the owner's choices holds.
    pub fn choice(&self) -> u64 {
        self.choice.load(Ordering::Acquire)
    }

    /// Moves it, if `from` is still selected and that choice of the owner still holds. It counts as not stored until told
    /// otherwise.
    pub fn advance(&self, from: u64, to: u64, choice: u64) -> bool {
        let mut moves = self.moves();
        if self.get() != Some(from) || from == to || self.choice() != choice {
            return false;
        }
        self.selected.store(to, Ordering::Release);
        moves.retain(|m| (m.from, m.to) != (from, to));
        moves.push(Move { from, to, stored_in: None });
        true
    }

    /// Whether a move has yet to be stored and nothing has overruled it.
    pub fn awaits(&self, from: u64, to: u64) -> bool {
        self.moves().iter().any(|m| (m.from, m.to, m.stored_in) == (from, to, None))
    }

    /// A move was stored, or will never be.
    pub fn stored(&self, from: u64, to: u64, revision: Option<i64>) {
        let mut moves = self.moves();
        match revision {
            Some(_) => {
                for m in moves.iter_mut().filter(|m| (m.from, m.to) == (from, to)) {
                    m.stored_in = revision;
                }
            }
            None => moves.retain(|m| (m.from, m.to) != (from, to)),
        }
    }

    /// The owner decides: what is to be stored no longer counts.
    pub fn overrule(&self) {
        let mut moves = self.moves();
        moves.clear();
        self.choice.fetch_add(1, Ordering::AcqRel);
    }

    /// Takes over the selection of the database. It stands unless it is one that a move not yet stored has left.
    pub fn settle(&self, stored: Option<u64>, revision: i64, exists: impl Fn(u64) -> bool) {
        let mut moves = self.moves();
        moves.retain(|m| m.stored_in.is_none_or(|at| revision < at));
        let left = stored.is_some_and(|stored| moves.iter().any(|m| m.from == stored));
        if !left || !self.get().is_some_and(exists) {
            moves.clear();
            if self.get() != stored {
                // Another process has it so.
                self.choice.fetch_add(1, Ordering::AcqRel);
            }
            self.selected.store(stored.unwrap_or(NONE), Ordering::Release);
        }
    }

    fn moves(&self) -> MutexGuard<'_, Vec<Move>> {
        self.moves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(stored: u64) -> Selection {
        let selection = Selection::default();
        selection.settle(Some(stored), 1, |_| true);
        selection
    }

    #[test]
    fn a_move_stands_until_it_is_stored() {
        let selection = of(1);
        assert!(selection.advance(1, 2, selection.choice()));
        assert!(!selection.advance(1, 3, selection.choice()), "only from the one that is selected");
        selection.settle(Some(1), 2, |_| true);
        assert_eq!(selection.get(), Some(2), "the database is late");
        assert!(selection.advance(2, 3, selection.choice()));
        selection.stored(1, 2, Some(3));
        selection.settle(Some(1), 2, |_| true);
        assert_eq!(selection.get(), Some(3), "a snapshot from before");
        selection.settle(Some(2), 3, |_| true);
        assert_eq!(selection.get(), Some(3), "the second move is not stored yet");
        selection.stored(2, 3, Some(4));
        selection.settle(Some(3), 4, |_| true);
        assert_eq!((selection.get(), selection.awaits(2, 3)), (Some(3), false));
    }

    #[test]
    fn the_owner_overrules_a_move() {
        for (name, stored) in [("another key", Some(9)), ("none", None)] {
            let selection = of(1);
            assert!(selection.advance(1, 2, selection.choice()));
            selection.settle(stored, 2, |_| true);
            assert_eq!((selection.get(), selection.awaits(1, 2)), (stored, false), "{name}");
        }
        let selection = of(1);
        let before = selection.choice();
        assert!(selection.advance(1, 2, before));
        selection.overrule();
        selection.settle(Some(1), 2, |_| true);
        assert_eq!(selection.get(), Some(1), "the same key again");
        assert!(!selection.advance(1, 2, before), "a request from before the choice");
        assert!(selection.advance(1, 2, selection.choice()));
    }

    #[test]
    fn a_move_that_cannot_be_stored_is_undone() {
        let lost = of(1);
        assert!(lost.advance(1, 2, lost.choice()));
        lost.stored(1, 2, None);
        lost.settle(Some(1), 2, |_| true);
        assert_eq!(lost.get(), Some(1));
        let deleted = of(1);
        assert!(deleted.advance(1, 2, deleted.choice()));
        deleted.settle(Some(1), 2, |number| number != 2);
        assert_eq!(deleted.get(), Some(1), "the key that was moved to is gone");
    }
}
