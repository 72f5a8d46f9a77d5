//! One play: requests that overlap, an owner who interferes, happenings that are stored late. After each step the
//! promises are looked at.

use std::{cell::OnceCell, collections::HashMap, sync::Arc};

use super::{
    request::{DEADLINE_MS, Request, Step},
    world::{Dice, World},
};
use crate::{
    domain::{
        error::ErrorKind,
        happening::KeyChange,
        health::{Health, KeyState},
    },
    routing::{
        candidate::Candidate,
        chooser::MOST_ATTEMPTS,
        fixtures,
        happenings::HappeningQueue,
        key_pool::{Claim, KeyPool},
        plan::Plan,
    },
};

/// When a play begins: Unix milliseconds of some day.
const BEGIN: i64 = 1_768_478_400_000;
/// How long requests come.
const END: i64 = 900_000;
const REQUESTS: usize = 6;

/// How much was seen in plays.
#[derive(Debug, Default)]
pub struct Totals {
    pub attempts: u64,
    pub probes: u64,
    pub moves: u64,
    pub waits: u64,
    pub exhausted: u64,
    /// Requests that had to succeed, and did.
    pub promised: u64,
}

impl Totals {
    pub fn add(&mut self, other: Self) {
        self.attempts += other.attempts;
        self.probes += other.probes;
        self.moves += other.moves;
        self.waits += other.waits;
        self.exhausted += other.exhausted;
        self.promised += other.promised;
    }
}

pub struct Play {
    seed: u64,
    dice: Dice,
    world: World,
    pool: Arc<KeyPool>,
    queue: HappeningQueue,
    totals: Totals,
    /// The last health that was seen, by key and version of its secret.
    seen: HashMap<(String, i64), Health>,
    /// Cooldowns that ended with a probe's answer, by key, version and begin.
    answered: HashMap<(String, i64), i64>,
    selected: usize,
}

/// A request and what it is promised.
struct Visit<'a> {
    request: Request<'a>,
    arrived: i64,
    promise: Promise,
    hangs_up: Option<i64>,
}

/// Why a request has to succeed.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Promise {
    None,
    /// The stored key of that place is good and can be used, unless its owner or its group interferes.
    Stored(usize),
    /// The key of the header or the environment is good.
    Other,
}

impl Visit<'_> {
    fn next(&self) -> Option<i64> {
        let at = self.request.at;
        (!self.request.is_over()).then(|| self.hangs_up.map_or(at, |end| end.min(at)))
    }
}

impl Play {
    pub fn new(seed: u64) -> Self {
        let mut dice = Dice(seed);
        let mut world = World::new(&mut dice, END);
        for truth in world.truths.iter_mut().chain([&mut world.header, &mut world.environment]) {
            if !truth.is_always_good() {
                (truth.from, truth.to) = (truth.from + BEGIN, truth.to.saturating_add(BEGIN));
            }
        }
        world.outage = (world.outage.0 + BEGIN, world.outage.1 + BEGIN);
        let (pool, queue) = fixtures::pool(world.rows.clone());
        let selected = world.rows.iter().filter(|row| row.stored.selected).count();
        Self {
            seed,
            dice,
            world,
            pool: Arc::new(pool),
            queue,
            totals: Totals::default(),
            seen: HashMap::new(),
            answered: HashMap::new(),
            selected,
        }
    }

    pub fn run(mut self) -> Totals {
        let pool = self.pool.clone();
        let sources = fixtures::sources(&pool, self.dice.percent(30));
        let plans: Vec<OnceCell<Plan>> = (0..REQUESTS).map(|_| OnceCell::new()).collect();
        let mut visits: Vec<Visit<'_>> = Vec::new();
        // Some plays are a bunch of requests, some take their time.
        let spread = if self.dice.percent(40) { 3000 } else { END };
        let first = BEGIN + self.dice.between(0, END);
        let mut arrivals: Vec<i64> = (0..REQUESTS).map(|_| first + self.dice.between(0, spread)).collect();
        arrivals.sort_unstable();
        let mut arrivals = arrivals.into_iter().peekable();
        let (mut interference, mut storing) = (first + self.dice.between(0, spread), first);
        while let Some(now) = visits.iter().filter_map(Visit::next).chain(arrivals.peek().copied()).min() {
            if storing <= now {
                storing = now + self.dice.between(1, 1500);
                self.store(1);
            } else if interference <= now {
                interference = now + self.dice.between(1, 20_000);
                self.world.interfere(&mut self.dice, &pool, now);
                self.selected = self.world.rows.iter().filter(|row| row.stored.selected).count();
            } else if arrivals.next_if_eq(&now).is_some() {
                let sent = fixtures::sent(self.dice.percent(15));
                if let Ok(plan) = fixtures::try_plan(&sources, &sent) {
                    let plan = plans[visits.len()].get_or_init(|| plan);
                    let request = Request::new(&pool, plan, None, now);
                    let hangs_up = self.dice.percent(10).then(|| now + self.dice.between(1, 5000));
                    visits.push(Visit { request, arrived: now, promise: self.promise(plan, now), hangs_up });
                }
            } else if let Some(at) = visits.iter().position(|visit| visit.next() == Some(now)) {
                self.advance(&mut visits, at, now);
            }
            self.look();
        }
        drop(visits);
        self.end(&pool);
        self.totals
    }

    fn promise(&self, plan: &Plan, now: i64) -> Promise {
        if (self.world.outage.0..self.world.outage.1 + DEADLINE_MS).contains(&(now + DEADLINE_MS)) {
            return Promise::None;
        }
        let good = plan.keys.iter().filter(|candidate| self.world.truth(candidate).is_always_good());
        let promises = good.map(|candidate| match candidate {
            Candidate::Header(_) | Candidate::Fallback(..) => Promise::Other,
            Candidate::Stored(key) if key.live.health().state == KeyState::Active => {
                Promise::Stored(self.world.place(&key.pool_key.stored.id))
            }
            Candidate::Stored(_) => Promise::None,
        });
        promises
            .reduce(|one, other| if one == Promise::Other || other == Promise::None { one } else { other })
            .unwrap_or(Promise::None)
    }

    fn advance(&mut self, visits: &mut [Visit<'_>], at: usize, now: i64) {
        let visit = &mut visits[at];
        let probed = visit.request.probes();
        if visit.hangs_up == Some(now) {
            visit.request.abandon();
        } else {
            let latency = self.dice.between(1, 3000);
            let step = visit.request.step(&self.world, now, latency);
            self.check(&visits[at], step, now);
        }
        if let Some(candidate) = probed {
            // Whoever waits for the probe is woken.
            visits.iter_mut().filter(|visit| visit.request.waits_for_probe).for_each(|visit| visit.request.at = now);
            assert!(
                visits.iter().all(|visit| visit.request.probes().is_none_or(|other| other.name() != candidate.name()))
            );
        }
    }

    fn check(&mut self, visit: &Visit<'_>, step: Step<'_>, now: i64) {
        match step {
            Step::Began(candidate, probe) => self.began(candidate, probe),
            Step::Ended { candidate, probe: true, says_something: true }
            | Step::Succeeded { candidate, probe: true } => {
                self.answered(candidate);
            }
            Step::Waits => self.totals.waits += 1,
            Step::GaveUp(error) => {
                self.totals.exhausted += u64::from(error.kind == ErrorKind::ProviderKeysExhausted);
                assert!(
                    self.is_excused(visit),
                    "seed {}: at {now} {:?} got {error}: {:?}",
                    self.seed,
                    visit.promise,
                    error.attempts
                );
            }
            Step::Ended { .. } | Step::Succeeded { .. } => {}
        }
        if visit.request.is_over() {
            self.totals.promised += u64::from(visit.promise != Promise::None);
        }
        assert!(visit.request.attempts <= MOST_ATTEMPTS, "seed {}", self.seed);
    }

    /// The owner's word is the last one, and a cooldown is probed once.
    fn began(&mut self, candidate: &Candidate, probe: bool) {
        self.totals.attempts += 1;
        let Candidate::Stored(key) = candidate else { return };
        let stored = &self.world.rows[self.world.place(&key.pool_key.stored.id)].stored;
        assert!(stored.active, "seed {}: {} is switched off", self.seed, stored.id);
        assert_eq!(stored.secret_version, key.pool_key.stored.secret_version, "seed {}: an old secret", self.seed);
        let health = key.live.health();
        assert_ne!(health.state, KeyState::Invalid, "seed {}", self.seed);
        if probe {
            self.totals.probes += 1;
            let name = candidate.name();
            let last = self.answered.get(&(name.id, name.secret_version));
            assert!(last.is_none_or(|since| *since < health.since_ms), "seed {}: probed twice", self.seed);
        }
    }

    /// A probe has been answered: the cooldown it belonged to is over.
    fn answered(&mut self, candidate: &Candidate) {
        let Candidate::Stored(key) = candidate else { return };
        let name = candidate.name();
        self.answered.insert((name.id, name.secret_version), key.live.health().since_ms - 1);
    }

    fn is_excused(&self, visit: &Visit<'_>) -> bool {
        let Promise::Stored(place) = visit.promise else { return visit.promise == Promise::None };
        let stored = &self.world.rows[place].stored;
        let Some(now) = self.pool.key("u", &stored.id) else { return true };
        let health = now.stored.health;
        let touched = health.state != KeyState::Active || health.since_ms >= visit.arrived;
        touched || stored.updated_ms >= visit.arrived || visit.request.attempts == MOST_ATTEMPTS
    }

    /// What holds at every moment: as many keys are selected as the owner said, and no deadline moves earlier.
    fn look(&mut self) {
        let keys = self.pool.keys_of("u");
        let selected = keys.iter().filter(|key| key.selected).count();
        assert_eq!(selected, self.selected, "seed {}", self.seed);
        for key in keys {
            let health = key.health;
            let before = self.seen.insert((key.id, key.secret_version), health.clone());
            let Some(before) = before else { continue };
            assert!(health.since_ms >= before.since_ms, "seed {}: {before:?} {health:?}", self.seed);
            if before.state != KeyState::Active && health.state != KeyState::Active {
                let later = health.until_ms.is_none_or(|until| Some(until) >= before.until_ms);
                assert!(later, "seed {}: {before:?} {health:?}", self.seed);
            }
        }
    }

    fn store(&mut self, most: usize) {
        for _ in 0..most {
            let Ok(happening) = self.queue.happenings.try_recv() else { break };
            let moves = |change: &&KeyChange| matches!(change, KeyChange::FailedOver { reselect: true, .. });
            self.totals.moves += happening.changes.iter().filter(moves).count() as u64;
            self.world.store(&self.pool, &happening);
        }
    }

    /// In the end the database holds what the pool knows, and every key that can come back does.
    fn end(&mut self, pool: &KeyPool) {
        self.store(usize::MAX);
        self.look();
        let (known, rows) = (pool.keys_of("u"), &self.world.rows);
        for (key, row) in known.iter().zip(rows) {
            assert_eq!((key.selected, &key.health), (row.stored.selected, &row.stored.health), "seed {}", self.seed);
            let (_, found) = fixtures::found(pool, &key.id);
            let later = found.live.claim(BEGIN + 100 * 24 * 3_600_000);
            let want = match (key.active, key.health.state) {
                (false, _) => Claim::Withdrawn,
                (true, KeyState::Active) => Claim::Ready,
                (true, KeyState::Cooling | KeyState::QuotaExhausted) => Claim::Probe,
                (true, KeyState::Invalid) => Claim::Invalid,
            };
            assert_eq!(later, want, "seed {}: {key:?}", self.seed);
        }
    }
}
