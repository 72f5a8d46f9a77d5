//! A destination that fails as it is told, in paused time.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

use tokio::{sync::mpsc::channel, time::Instant};

use super::*;

/// Rows that were written together, and when.
type Batch = (Vec<u32>, Instant);

#[derive(Clone, Default)]
struct Script {
    away: Arc<AtomicBool>,
    corrupt: Arc<AtomicBool>,
    written: Arc<Mutex<Vec<Batch>>>,
    lost: Arc<AtomicU64>,
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

    fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
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
    let (queue, rows) = channel(1000);
    for n in 0..850 {
        queue.try_send(n).unwrap();
    }
    let begun = Instant::now();
    let late = async {
        sleep(Duration::from_secs(1)).await;
        queue.try_send(850).unwrap();
        queue.try_send(851).unwrap();
        drop(queue);
    };
    tokio::join!(write_batches(to.clone(), rows, ending), late);
    assert_eq!(to.rows(), (0..852).collect::<Vec<_>>());
    let batches: Vec<_> =
        to.written.lock().unwrap().iter().map(|(rows, at)| (rows.len(), (*at - begun).as_millis())).collect();
    assert_eq!(batches, [(400, 0), (400, 0), (50, 100), (2, 1000)]);
}

#[tokio::test(start_paused = true)]
async fn rows_wait_for_a_database_that_is_away() {
    let (to, ending) = (Script::default(), CancellationToken::new());
    to.away.store(true, Ordering::Relaxed);
    let (queue, rows) = channel(4);
    let scene = async {
        queue.try_send(1).unwrap();
        sleep(Duration::from_secs(60)).await;
        assert!(to.rows().is_empty());
        let taken = (2..9).filter(|n| queue.try_send(*n).is_ok()).count();
        assert_eq!(taken, 4, "what waits is bounded");
        to.away.store(false, Ordering::Relaxed);
        sleep(Duration::from_secs(2)).await;
        assert_eq!(to.rows(), [1, 2, 3, 4, 5]);
        to.corrupt.store(true, Ordering::Relaxed);
        queue.try_send(6).unwrap();
        sleep(Duration::from_secs(2)).await;
        to.corrupt.store(false, Ordering::Relaxed);
        queue.try_send(7).unwrap();
        sleep(Duration::from_secs(2)).await;
        assert_eq!(to.rows(), [1, 2, 3, 4, 5, 7], "what can never be written does not stand in the way");
        ending.cancel();
    };
    tokio::join!(write_batches(to.clone(), rows, ending.clone()), scene);
}

#[tokio::test(start_paused = true)]
async fn the_end_writes_what_waits_and_waits_for_nothing() {
    for away in [false, true] {
        let (to, ending) = (Script::default(), CancellationToken::new());
        to.away.store(away, Ordering::Relaxed);
        // The sender stays: whoever reports outlives the writer.
        let (queue, rows) = channel(1000);
        (0..500).for_each(|n| queue.try_send(n).unwrap());
        ending.cancel();
        let begun = Instant::now();
        write_batches(to.clone(), rows, ending).await;
        assert_eq!(to.rows().len(), if away { 0 } else { 500 });
        assert!(begun.elapsed() < PAUSE, "{:?}", begun.elapsed());
        assert!(queue.try_send(1).is_err());
    }
}
