//! All data keys of a database, readable.

use std::collections::BTreeMap;

use super::{
    data_key::{DataKey, DataKeyId},
    error::{RingError, SealError},
    master_key::MasterKey,
};
use crate::domain::data_key::{Purpose, WrappedKey};

/// The keys that seal, and the one that makes fingerprints.
#[derive(Debug)]
pub struct Ring {
    newest: DataKey,
    /// They still open what they have sealed.
    older: Vec<DataKey>,
    fingerprint: DataKey,
}

impl Ring {
    /// Makes the keys of a new database.
    pub fn generate(now_ms: i64) -> Result<Self, SealError> {
        Ok(Self {
            newest: DataKey::generate(Purpose::Seal, now_ms)?,
            older: Vec::new(),
            fingerprint: DataKey::generate(Purpose::Fingerprint, now_ms)?,
        })
    }

    /// Opens the keys of a database. Each must be wrapped by one of these master keys.
    pub fn open(rows: &[WrappedKey], masters: &[MasterKey]) -> Result<Self, RingError> {
        let mut keys = BTreeMap::new();
        for row in rows {
            let Some(master) = masters.iter().find(|master| master.id() == row.master_id) else { continue };
            let key = master.unwrap(row).map_err(|_| RingError::Damaged(row.id.clone()))?;
            keys.insert(&row.id, key);
        }
        match rows.iter().find(|row| !keys.contains_key(&row.id)) {
            Some(row) => Err(RingError::Locked(row.id.clone())),
            None => Self::new(keys.into_values().collect()).ok_or(RingError::Incomplete),
        }
    }

    /// Puts keys together. `None` when one of the two purposes has no key.
    pub fn new(keys: Vec<DataKey>) -> Option<Self> {
        let (mut older, fingerprints): (Vec<_>, Vec<_>) =
            keys.into_iter().partition(|key| key.purpose == Purpose::Seal);
        older.sort_by_key(|key| (key.created_ms, key.id));
        let fingerprint = fingerprints.into_iter().min_by_key(|key| (key.created_ms, key.id))?;
        Some(Self { newest: older.pop()?, older, fingerprint })
    }

    /// The key to seal with.
    pub fn newest(&self) -> &DataKey {
        &self.newest
    }

    pub fn find(&self, id: DataKeyId) -> Option<&DataKey> {
        self.sealing().find(|key| key.id == id)
    }

    pub fn fingerprint(&self) -> &DataKey {
        &self.fingerprint
    }

    pub fn all(&self) -> impl Iterator<Item = &DataKey> {
        self.sealing().chain([&self.fingerprint])
    }

    fn sealing(&self) -> impl Iterator<Item = &DataKey> {
        self.older.iter().chain([&self.newest])
    }
}
