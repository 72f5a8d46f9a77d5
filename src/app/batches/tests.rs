//! A destination that fails as it is told, in paused time.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::time::Instant;

use super::*;

/// Rows that were written together, and when.
type Batch = (Vec<u32>, Instant);

#[derive(Clone, Default)]
struct Script {
    away: Arc<AtomicBool>,
    corrupt: Arc<AtomicBool>,
    lost: Arc<AtomicU64>,
    written: Arc<Mutex<Vec<Batch>>>,
}

impl Destination for Script {
    type Row = u32;
    const ROWS: &'static str = "numbers";

    async fn write(&self, rows: &[u32]) -> Result<(), StoreError> {
        if self.away.load(Ordering::Relaxed) {
            return Err(StoreError::Unavailable("away".into()));
        }
        if self.corrupt.load(Ordering::Relaxed) {
            return Err(StoreError::Corrupt("no such table".into()));
        }
        self.written.lock().unwrap().push((rows.to_vec(), Instant::now()));
        Ok(())
    }

    fn lost(&self, rows: u64) {
        self.lost.fetch_add(rows, Ordering::Relaxed);
    }
}

impl Script {
    fn rows(&self) -> Vec<u32> {
        self.written.lock().unwrap().iter().flat_map(|(rows, _)| rows.clone()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn rows_are_written_in_order_and_in_bounded_batches() {
    let (to, ending) = (Script::default(), CancellationToken::new());
    let backlog = Backlog::new(1000);
    (0..850).for_each(|n| backlog.add(n));
    let begun = Instant::now();
    let late = async {
        sleep(Duration::from_secs(1)).await;
        backlog.add(850);
        backlog.add(851);
        sleep(PAUSE).await;
        backlog.close();
    };
    tokio::join!(write_batches(to.clone(), backlog.clone(), ending), late);
    assert_eq!(to.rows(), (0..852).collect::<Vec<_>>());
    let batches: Vec<_> =
        to.written.lock().unwrap().iter().map(|(rows, at)| (rows.len(), (*at - begun).as_millis())).collect();
    assert_eq!(batches, [(400, 0), (400, 0), (50, 100), (2, 1000)]);
}

#[tokio::test(start_paused = true)]
async fn rows_wait_for_a_database_that_is_away() {
    let (to, ending) = (Script::default(), CancellationToken::new());
    to.away.store(true, Ordering::Relaxed);
    let backlog = Backlog::new(4);
    let scene = async {
        backlog.add(1);
        sleep(Duration::from_secs(60)).await;
        assert!(to.rows().is_empty());
        (2..9).for_each(|n| backlog.add(n));
        assert_eq!(backlog.len(), 4, "what waits is bounded");
        to.away.store(false, Ordering::Relaxed);
        sleep(Duration::from_secs(2)).await;
        assert_eq!(to.rows(), [1, 5, 6, 7, 8], "the oldest made room");
        to.corrupt.store(true, Ordering::Relaxed);
        backlog.add(9);
        sleep(Duration::from_secs(2)).await;
        to.corrupt.store(false, Ordering::Relaxed);
        backlog.add(10);
        sleep(Duration::from_secs(2)).await;
        assert_eq!(to.rows(), [1, 5, 6, 7, 8, 10], "what can never be written does not stand in the way");
        assert_eq!(to.lost.load(Ordering::Relaxed), 4, "three made room, one could not be written");
        ending.cancel();
    };
    tokio::join!(write_batches(to.clone(), backlog.clone(), ending.clone()), scene);
}

#[tokio::test(start_paused = true)]
async fn the_end_writes_what_waits_and_waits_for_nothing() {
    for away in [false, true] {
        let (to, ending) = (Script::default(), CancellationToken::new());
        to.away.store(away, Ordering::Relaxed);
        let backlog = Backlog::new(1000);
        (0..500).for_each(|n| backlog.add(n));
        ending.cancel();
        let begun = Instant::now();
        write_batches(to.clone(), backlog.clone(), ending).await;
        let (written, lost) = (to.rows().len(), to.lost.load(Ordering::Relaxed));
        assert_eq!((written, lost), if away { (0, 500) } else { (500, 0) });
        assert!(begun.elapsed() < PAUSE, "{:?}", begun.elapsed());
        assert!(backlog.is_closed(), "whoever reports outlives the writer");
    }
}
