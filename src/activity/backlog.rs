//! What waits to be written. It is bounded and nobody waits to add to it: when it is full, the oldest makes room for what
//! is news.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::Notify;

/// Rows in the order in which they came. Cloning shares them.
#[derive(Debug)]
pub struct Backlog<T>(Arc<Shared<T>>);

#[derive(Debug)]
struct Shared<T> {
    capacity: usize,
    waiting: Mutex<Waiting<T>>,
    /// Wakes whoever takes them.
    more: Notify,
    lost: AtomicU64,
}

#[derive(Debug)]
struct Waiting<T> {
    rows: VecDeque<T>,
    closed: bool,
}

impl<T> Clone for Backlog<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> Backlog<T> {
    /// At most `capacity` rows wait.
    pub fn new(capacity: usize) -> Self {
        let waiting = Mutex::new(Waiting { rows: VecDeque::new(), closed: false });
        Self(Arc::new(Shared { capacity, waiting, more: Notify::new(), lost: AtomicU64::new(0) }))
    }

    /// Adds a row, or loses it when nobody takes rows any more.
    pub fn add(&self, row: T) {
        let mut waiting = self.waiting();
        let is_full = waiting.rows.len() >= self.0.capacity;
        if waiting.closed || (is_full && waiting.rows.pop_front().is_some()) {
            self.0.lost.fetch_add(1, Ordering::Relaxed);
        }
        if !waiting.closed {
            waiting.rows.push_back(row);
            self.0.more.notify_one();
        }
    }

    /// Takes what is there, at most so many rows; waits when nothing is. Returns how many there were: none only when it
    /// is closed. One at a time may wait.
    pub async fn take(&self, rows: &mut Vec<T>, most: usize) -> usize {
        loop {
            let count = self.try_take(rows, most);
            if count > 0 || self.is_closed() {
                return count;
            }
            self.0.more.notified().await;
        }
    }

    /// Takes what is there, at most so many rows, and returns how many.
    pub fn try_take(&self, rows: &mut Vec<T>, most: usize) -> usize {
        let mut waiting = self.waiting();
        let count = waiting.rows.len().min(most);
        rows.extend(waiting.rows.drain(..count));
        count
    }

    pub fn len(&self) -> usize {
        self.waiting().rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// From now on no row is added.
    pub fn close(&self) {
        self.waiting().closed = true;
        self.0.more.notify_one();
    }

    pub fn is_closed(&self) -> bool {
        self.waiting().closed
    }

    /// Returns how many rows were lost since the last time.
    pub fn take_lost(&self) -> u64 {
        self.0.lost.swap(0, Ordering::Relaxed)
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting<T>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_oldest_makes_room() {
        let backlog = Backlog::new(3);
        (0..5).for_each(|n| backlog.add(n));
        let mut rows = Vec::new();
        assert_eq!((backlog.take(&mut rows, 2).await, backlog.take_lost()), (2, 2));
        backlog.close();
        backlog.add(5);
        assert_eq!((backlog.take(&mut rows, 2).await, backlog.take(&mut rows, 2).await), (1, 0));
        assert_eq!((rows, backlog.take_lost()), (vec![2, 3, 4], 1));
    }

    #[tokio::test]
    async fn who_waits_is_woken() {
        let (backlog, mut rows) = (Backlog::new(3), Vec::new());
        let add = async {
            tokio::task::yield_now().await;
            backlog.add(1);
            tokio::task::yield_now().await;
            backlog.close();
        };
        let take = async { (backlog.take(&mut rows, 9).await, backlog.take(&mut rows, 9).await) };
        assert_eq!(tokio::join!(take, add).0, (1, 0));
    }
}
