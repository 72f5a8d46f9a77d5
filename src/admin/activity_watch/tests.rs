//! Watching in paused time, on SQLite.

use super::*;
use crate::{activity::entry, admin::activity::Activity, domain::activity::Action, storage::DatabaseUrl};

const NOW: i64 = 1_795_000_000_000;

async fn activity(dir: &tempfile::TempDir) -> Activity {
    let url = DatabaseUrl::parse(&format!("sqlite://{}/gateway.db", dir.path().display())).unwrap();
    Activity::new(Store::open(&url, 1).await.unwrap())
}

fn wanted() -> WatchActivity {
    WatchActivity { user_id: "me".into(), filter: ActivityFilter::default(), after_id: String::new() }
}

#[tokio::test]
async fn silence_is_told_whatever_others_do() {
    let dir = tempfile::tempdir().unwrap();
    let activity = activity(&dir).await;
    let mut watch = activity.watch(wanted()).await.unwrap();
    tokio::time::pause();
    let begun = Instant::now();
    let others = async {
        for _ in 0..20 {
            tokio::time::sleep(Duration::from_secs(4)).await;
            activity.keep(&[entry(Action::Add, "another", "p", NOW)]).await.unwrap();
        }
    };
    let mine = async {
        for beat in 1..=3 {
            assert_eq!(watch.next().await.unwrap(), Watched::Silence);
            assert_eq!(begun.elapsed().as_secs(), 15 * beat);
        }
        activity.keep(&[entry(Action::Add, "me", "p", NOW)]).await.unwrap();
        assert!(matches!(watch.next().await.unwrap(), Watched::Entry(entry) if entry.user_id == "me"));
        assert_eq!(watch.next().await.unwrap(), Watched::Silence);
        assert_eq!(begun.elapsed().as_secs(), 60);
    };
    tokio::join!(others, mine);
}

#[tokio::test]
async fn who_reads_too_slowly_gets_a_gap() {
    let dir = tempfile::tempdir().unwrap();
    let activity = activity(&dir).await;
    let mut watch = activity.watch(wanted()).await.unwrap();
    let entries: Vec<_> = (0..1500).map(|n| entry(Action::Add, "me", "p", NOW + n)).collect();
    for batch in entries.chunks(200) {
        activity.keep(batch).await.unwrap();
    }
    for want in &entries[..1000] {
        assert_eq!(watch.next().await.unwrap(), Watched::Entry(Box::new(want.clone())));
    }
    assert_eq!(watch.next().await.unwrap(), Watched::Gap);
    let last = entry(Action::Add, "me", "p", NOW + 2000);
    activity.keep(std::slice::from_ref(&last)).await.unwrap();
    assert_eq!(watch.next().await.unwrap(), Watched::Entry(Box::new(last)));
}
