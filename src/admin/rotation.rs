//! Changes the master key while gateways serve. Every step can be repeated and leaves all secrets readable, so a run that
//! was killed anywhere is finished by the next one:
//!
//! 1. Every data key is wrapped by the new master key too, and a new data key is made. From now on both master keys open
//!    everything.
//! 2. Every secret is sealed anew, with the new data key.
//! 3. The new master key takes the place of the old one: here when it is a generated one, else by the operator.
//! 4. What the old master key has wrapped is deleted: it opens nothing any more.
//!
//! Old data keys are not deleted. They seal nothing, but a gateway that was late may just have used one.

use std::{path::Path, slice::from_ref};

use super::data_keys::{DataKeyError, explain};
use crate::{
    domain::data_key::WrappedKey,
    sealing::{
        MasterError, MasterKey, MasterSource, Place, Ring, RingError, SealError, Sealer, Staging,
        wrappings::{newer_masters, newest_master, only_master, with_master},
    },
    storage::{ResealedSecret, SealedSecret, Store, StoreError},
};

/// Secrets sealed anew in one transaction. On SQLite other writers wait for it, a few milliseconds.
const BATCH: i64 = 100;

/// Why a rotation stops. Another run goes on where it stopped.
#[derive(Debug, thiserror::Error)]
pub enum RotationError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the master key cannot be used: {0}")]
    Master(#[from] MasterError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    DataKeys(#[from] DataKeyError),
    #[error("this database has no data keys yet, so there is nothing to rotate; start the gateway once")]
    Empty,
    #[error("the new master key (id {0}) is the one in use; make another one, or end a rotation with --finish")]
    SameKey(String),
    #[error(
        "a rotation to another master key (id {0}) was begun and not finished; give that one as the new master key, or, \
         if it is lost and no gateway uses it, --start-over"
    )]
    Begun(String),
    #[error("there is no rotation to finish: one master key (id {0}) opens everything")]
    NothingToFinish(String),
    #[error(
        "the new master key (id {newest}) is not in its place: {looked} holds the old one; put the new one there, \
         restart the gateways, then finish"
    )]
    NotInPlace { newest: String, looked: MasterSource },
    #[error("the data keys were changed by somebody else meanwhile; run this again")]
    Disturbed,
}

/// What a run has done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotated {
    /// Id of the master key that is in use, or about to be.
    pub master_id: String,
    pub resealed: usize,
    /// Ids of provider keys whose secrets nobody can open. They were left as they are.
    pub unreadable: Vec<String>,
}

/// The steps, on one database.
pub struct Rotation {
    store: Store,
    source: MasterSource,
}

impl Rotation {
    pub async fn new(store: Store, source: MasterSource) -> Result<Self, StoreError> {
        // The old master key goes when the database knows the new one: a power cut must not take that back.
        store.write_through().await?;
        Ok(Self { store, source })
    }

    /// Changes a generated master key from the first step to the last, or ends what an earlier run has begun.
    pub async fn run(&self, path: &Path, now_ms: i64) -> Result<Rotated, RotationError> {
        let staging = Staging::begin(path)?;
        let rows = self.rows().await?;
        let current = self.current(&rows)?;
        if staging.staged()?.is_none() && is_last_step(&rows, &current) {
            return self.end(current).await;
        }
        let masters = [current, staging.stage()?];
        self.wrap(&masters, now_ms).await?;
        let rotated = self.reseal(&masters).await?;
        self.settle().await?;
        staging.promote()?;
        self.unwrap_others(&masters[1]).await?;
        Ok(rotated)
    }

    /// Does the first two steps with a master key that the operator gives.
    pub async fn prepare(&self, new: &MasterSource, now_ms: i64) -> Result<Rotated, RotationError> {
        let current = self.current(&self.rows().await?)?;
        let next = new.current()?.ok_or_else(|| MasterError::Malformed(new.to_string()))?;
        if current.id() == next.id() {
            return Err(RotationError::SameKey(next.id().to_owned()));
        }
        let masters = [current, next];
        self.wrap(&masters, now_ms).await?;
        let rotated = self.reseal(&masters).await?;
        self.settle().await?;
        Ok(rotated)
    }

    /// Does the last step, after the operator has put the new master key in its place.
    pub async fn finish(&self) -> Result<Rotated, RotationError> {
        let rows = self.rows().await?;
        let current = self.current(&rows)?;
        if let Some(newest) = newer_masters(&rows, current.id()).last() {
            return Err(RotationError::NotInPlace { newest: (*newest).to_owned(), looked: self.source.clone() });
        }
        if !is_last_step(&rows, &current) {
            return Err(RotationError::NothingToFinish(current.id().to_owned()));
        }
        self.end(current).await
    }

    /// Forgets every master key that is newer than the one in use.
    pub async fn start_over(&self) -> Result<(), RotationError> {
        let rows = self.rows().await?;
        let current = self.current(&rows)?;
        self.open(&rows, from_ref(&current))?;
        let newer = newer_masters(&rows, current.id());
        let kept: Vec<_> = rows.iter().filter(|row| !newer.contains(row.master_id.as_str())).cloned().collect();
        self.swap(&rows, &kept).await
    }

    async fn end(&self, current: MasterKey) -> Result<Rotated, RotationError> {
        let rotated = self.reseal(from_ref(&current)).await?;
        self.unwrap_others(&current).await?;
        Ok(rotated)
    }

    /// Step 1, in one transaction: the next master key opens everything, or is unknown.
    async fn wrap(&self, masters: &[MasterKey; 2], now_ms: i64) -> Result<(), RotationError> {
        let [current, next] = masters;
        let rows = self.rows().await?;
        if let Some(other) = newer_masters(&rows, current.id()).into_iter().find(|id| *id != next.id()) {
            return Err(RotationError::Begun(other.to_owned()));
        }
        if rows.iter().any(|row| row.master_id == next.id()) {
            return Ok(());
        }
        let ring = self.open(&rows, from_ref(current))?;
        self.swap(&rows, &with_master(&rows, &ring, masters, now_ms)?).await
    }

    /// Step 2. Ends when a pass over all secrets finds none to seal anew.
    async fn reseal(&self, masters: &[MasterKey]) -> Result<Rotated, RotationError> {
        let sealer = Sealer::new(self.open(&self.rows().await?, masters)?);
        let master_id = masters.last().map(|master| master.id().to_owned()).unwrap_or_default();
        let mut done = Rotated { master_id, resealed: 0, unreadable: Vec::new() };
        loop {
            let before = done.resealed;
            done.unreadable.clear();
            self.reseal_pass(&sealer, &mut done).await?;
            if done.resealed == before {
                return Ok(done);
            }
        }
    }

    async fn reseal_pass(&self, sealer: &Sealer, done: &mut Rotated) -> Result<(), RotationError> {
        let mut last = String::new();
        loop {
            let secrets = self.store.sealed_secrets(&last, BATCH).await?;
            let Some(end) = secrets.last() else { return Ok(()) };
            last.clone_from(&end.id);
            let mut batch = Vec::new();
            for old in secrets.into_iter().filter(|secret| !sealer.is_newest(&secret.sealed)) {
                match seal_anew(sealer, &old) {
                    Ok(sealed) => batch.push(ResealedSecret { old, sealed }),
                    Err(SealError::NoRandom) => return Err(SealError::NoRandom.into()),
                    Err(_) => done.unreadable.push(old.id),
                }
            }
            if !batch.is_empty() {
                done.resealed += self.store.reseal(&batch).await?;
            }
        }
    }

    /// Has everything up to here on the disk: one more write takes all earlier ones with it.
    async fn settle(&self) -> Result<(), RotationError> {
        let rows = self.rows().await?;
        self.swap(&rows, &rows).await
    }

    /// Step 4.
    async fn unwrap_others(&self, master: &MasterKey) -> Result<(), RotationError> {
        let rows = self.rows().await?;
        let kept = only_master(&rows, master.id()).ok_or(RotationError::Disturbed)?;
        self.open(&kept, from_ref(master))?;
        self.swap(&rows, &kept).await
    }

    async fn swap(&self, old: &[WrappedKey], new: &[WrappedKey]) -> Result<(), RotationError> {
        let swapped = self.store.swap_data_keys(old, new).await?;
        swapped.then_some(()).ok_or(RotationError::Disturbed)
    }

    async fn rows(&self) -> Result<Vec<WrappedKey>, RotationError> {
        let rows = self.store.data_keys().await?;
        if rows.is_empty() { Err(RotationError::Empty) } else { Ok(rows) }
    }

    /// Returns the master key in use, which must be one of this database.
    fn current(&self, rows: &[WrappedKey]) -> Result<MasterKey, RotationError> {
        let current = self.source.current()?;
        let wrong = RingError::Locked(String::new());
        match current {
            Some(key) if rows.iter().any(|row| row.master_id == key.id()) => Ok(key),
            other => Err(explain(wrong, rows, other.as_slice(), &self.source).into()),
        }
    }

    fn open(&self, rows: &[WrappedKey], masters: &[MasterKey]) -> Result<Ring, RotationError> {
        Ring::open(rows, masters).map_err(|error| explain(error, rows, masters, &self.source).into())
    }
}

/// Whether everything is done but to forget the master keys before this one.
fn is_last_step(rows: &[WrappedKey], current: &MasterKey) -> bool {
    newest_master(rows) == Some(current.id()) && rows.iter().any(|row| row.master_id != current.id())
}

fn seal_anew(sealer: &Sealer, secret: &SealedSecret) -> Result<Vec<u8>, SealError> {
    let place = Place::of_provider_key(&secret.id, &secret.user_id);
    sealer.seal(place, &sealer.open(place, &secret.sealed)?)
}

#[cfg(test)]
mod tests;
