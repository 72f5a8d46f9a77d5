//! How long batches of records and of activity take: a measurement, not a test.

use std::time::Instant;

use ai_model_gateway::{
    activity::entry,
    domain::{activity::Action, consumption::DAY_MS, time_id::id_at},
    storage::{DatabaseUrl, Store},
};

use super::{DAY, OWNER, record};

/// Run with `--ignored --nocapture`. SQLite is called on the thread that asks: this is how long others wait for it.
#[tokio::test]
#[ignore = "prints how long batches take"]
async fn how_long_a_batch_takes() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/gateway.db", dir.path().display());
    let store = Store::open(&DatabaseUrl::parse(&url).unwrap(), 4).await.unwrap();
    let mut times = Vec::new();
    for _ in 0..100 {
        let records: Vec<_> = (0..200).map(|n| record(0, "k", "p", &format!("p/{}", n % 20))).collect();
        let begun = Instant::now();
        store.add_usage(&records).await.unwrap();
        times.push(begun.elapsed());
    }
    times.sort();
    println!("200 records: {:?} as a rule, {:?} at most", times[50], times[99]);
    let mut times = Vec::new();
    for n in 0..100 {
        let entries: Vec<_> = (0..200).map(|_| entry(Action::Error, OWNER, "google", DAY + n)).collect();
        let begun = Instant::now();
        store.add_activity(&entries).await.unwrap();
        times.push(begun.elapsed());
    }
    times.sort();
    println!("200 entries: {:?} as a rule, {:?} at most", times[50], times[99]);
    let begun = Instant::now();
    let gone = store.delete_usage_records(&id_at(DAY + DAY_MS), 500).await.unwrap();
    println!("{gone} records deleted in {:?}", begun.elapsed());
}
