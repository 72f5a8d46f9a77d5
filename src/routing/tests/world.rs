//! What the gateway cannot see: which keys are good, when the provider fails, and what the database holds.

use std::time::Duration;

use crate::{
    domain::{
        failure::{FailureClass, UpstreamFailure},
        happening::{Happening, KeyChange, KeyRef},
        health::Health,
    },
    routing::{
        candidate::Candidate,
        fixtures::key,
        key_pool::{KeyPool, PoolKey},
    },
};

/// Numbers that look random and are the same each time (splitmix64).
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }

    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn between(&mut self, from: i64, to: i64) -> i64 {
        from + self.below((to - from) as u64) as i64
    }
}

/// What a key is really like: it fails in this way from one time to another.
#[derive(Clone, Debug)]
pub struct Truth {
    pub class: FailureClass,
    pub wait: Option<Duration>,
    pub from: i64,
    pub to: i64,
}

impl Truth {
    const GOOD: Self = Self { class: FailureClass::Quota, wait: None, from: 0, to: 0 };

    fn any(dice: &mut Dice, end: i64) -> Self {
        if dice.percent(45) {
            return Self::GOOD;
        }
        let class = [FailureClass::Credential, FailureClass::RateLimit, FailureClass::Quota][dice.below(3) as usize];
        let from = if dice.percent(50) { 0 } else { dice.between(0, end) };
        let to = if dice.percent(50) { i64::MAX } else { from + dice.between(1, 600_000) };
        let wait = dice.percent(50).then(|| Duration::from_millis(dice.below(400_000)));
        Self { class, wait, from, to }
    }

    pub fn is_always_good(&self) -> bool {
        self.from == self.to
    }

    pub fn at(&self, now: i64) -> Result<(), UpstreamFailure> {
        if (self.from..self.to).contains(&now) {
            return Err(UpstreamFailure { retry_after: self.wait, ..UpstreamFailure::new(self.class, "no") });
        }
        Ok(())
    }
}

/// The world of one play.
pub struct World {
    /// Of the stored keys, in creation order.
    pub truths: Vec<Truth>,
    pub header: Truth,
    pub environment: Truth,
    /// When the provider fails for everybody.
    pub outage: (i64, i64),
    /// The database: its rows and their revision.
    pub rows: Vec<PoolKey>,
    pub revision: i64,
    /// A snapshot that somebody read some time ago.
    pub old: (i64, Vec<PoolKey>),
}

const NAMES: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];

impl World {
    pub fn new(dice: &mut Dice, end: i64) -> Self {
        let count = if dice.percent(3) { 12 } else { 1 + dice.below(4) as usize };
        let mut rows: Vec<_> = NAMES[..count].iter().map(|name| key(name)).collect();
        for row in &mut rows {
            row.stored.active = dice.percent(90);
            if dice.percent(25) {
                row.stored.quota_owner = "team".to_owned();
            }
        }
        if dice.percent(80) {
            rows[dice.below(count as u64) as usize].stored.selected = true;
        }
        let begins = dice.between(0, end);
        Self {
            truths: (0..count).map(|_| Truth::any(dice, end)).collect(),
            header: Truth::any(dice, end),
            environment: Truth::any(dice, end),
            outage: if dice.percent(20) { (begins, begins + dice.between(1, 20_000)) } else { (0, 0) },
            old: (1, rows.clone()),
            rows,
            revision: 1,
        }
    }

    pub fn truth(&self, candidate: &Candidate) -> &Truth {
        match candidate {
            Candidate::Header(_) => &self.header,
            Candidate::Fallback(..) => &self.environment,
            Candidate::Stored(key) => &self.truths[self.place(&key.pool_key.stored.id)],
        }
    }

    pub fn answer(&self, candidate: &Candidate, now: i64) -> Result<(), UpstreamFailure> {
        if (self.outage.0..self.outage.1).contains(&now) {
            return Err(UpstreamFailure::new(FailureClass::ServerError, "oops"));
        }
        self.truth(candidate).at(now)
    }

    pub fn place(&self, id: &str) -> usize {
        self.rows.iter().position(|row| row.stored.id == id).expect("a key that is stored")
    }

    /// Writes what a request found out, as the keeper of happenings does.
    pub fn store(&mut self, pool: &KeyPool, happening: &Happening) {
        for change in &happening.changes {
            match change {
                KeyChange::Rested { key, health } | KeyChange::Recovered { key, health } => {
                    self.store_health(key, health);
                }
                KeyChange::FailedOver { from, to, reselect: true, .. } if pool.awaits_storing(happening, from, to) => {
                    let (from, to) = (self.place(&from.id), self.place(&to.id));
                    if self.rows[from].stored.selected {
                        self.select(to);
                    }
                }
                KeyChange::FailedOver { .. } | KeyChange::Exhausted { .. } | KeyChange::Failed { .. } => {}
            }
        }
        self.revision += 1;
        pool.stored(happening, Some(self.revision));
        self.publish(pool);
    }

    fn store_health(&mut self, key: &KeyRef, health: &Health) {
        let place = self.place(&key.id);
        let stored = &mut self.rows[place].stored;
        if stored.secret_version == key.secret_version {
            stored.health = stored.health.merge(health);
        }
    }

    pub fn select(&mut self, place: usize) {
        for (at, row) in self.rows.iter_mut().enumerate() {
            row.stored.selected = at == place;
        }
    }

    /// The owner does something.
    pub fn interfere(&mut self, dice: &mut Dice, pool: &KeyPool, now: i64) {
        let place = dice.below(self.rows.len() as u64) as usize;
        self.rows[place].stored.updated_ms = now;
        match dice.below(6) {
            0 => self.rows[place].stored.active = false,
            1 => self.rows[place].stored.active = true,
            2 => {
                pool.owner_selects("u", "p");
                self.select(place);
            }
            3 => {
                self.truths[place] = Truth::GOOD;
                let stored = &mut self.rows[place].stored;
                stored.secret_version += 1;
                stored.health = Health::active(now.max(stored.health.since_ms + 1));
            }
            4 => {
                let stored = &self.rows[place].stored;
                let outcome = self.truths[place].at(now);
                pool.tested(&stored.id, stored.secret_version, outcome.as_ref().copied(), now);
                return;
            }
            _ => {
                // Somebody read the database and was held up: the snapshot comes too late.
                pool.replace(self.old.0, self.old.1.clone());
                self.old = (self.revision, self.rows.clone());
                return;
            }
        }
        self.revision += 1;
        self.publish(pool);
    }

    pub fn publish(&self, pool: &KeyPool) {
        pool.replace(self.revision, self.rows.clone());
    }
}
