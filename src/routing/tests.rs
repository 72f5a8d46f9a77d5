//! Plays whole days of a gateway with its keys in no time: scripted providers, owners who interfere, a database that is
//! late. Each play is a function of its seed; `SIMULATION_SEEDS` says how many are played, `SIMULATION_FROM` with which
//! seed to begin.

mod play;
mod request;
mod storms;
mod threads;
mod world;

use self::play::Play;

/// As many as the design asks for, in the time of a test.
const SEEDS: u64 = 100_000;

fn number(variable: &str, default: u64) -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a test has no settings")]
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

#[test]
fn promises_hold_whatever_happens() {
    let (from, seeds) = (number("SIMULATION_FROM", 0), number("SIMULATION_SEEDS", SEEDS));
    let lanes = 2;
    let totals = std::thread::scope(|scope| {
        let lane = |lane: u64| {
            scope.spawn(move || {
                let mut totals = play::Totals::default();
                for seed in (from..from + seeds).filter(|seed| seed % lanes == lane) {
                    totals.add(Play::new(seed).run());
                }
                totals
            })
        };
        let handles: Vec<_> = (0..lanes).map(lane).collect();
        handles.into_iter().fold(play::Totals::default(), |mut sum, handle| {
            sum.add(handle.join().expect("a play has failed; its seed is told above"));
            sum
        })
    });
    println!("{seeds} plays: {totals:?}");
    // A play in which nothing happens shows nothing.
    let seen = [totals.attempts, totals.probes, totals.moves, totals.waits, totals.exhausted, totals.promised];
    assert!(seeds < 1000 || seen.iter().all(|count| *count > seeds / 100), "{totals:?}");
}
