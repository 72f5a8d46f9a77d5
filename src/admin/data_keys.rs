//! The data keys of the database: made once, opened at every start, looked at again when a rotation has added one.

use std::sync::Arc;

use tokio::sync::Mutex;

use crate::{
    domain::data_key::WrappedKey,
    sealing::{MasterError, MasterKey, MasterSource, Ring, RingError, SealError, Sealer},
    storage::{Store, StoreError},
};

/// How often to look again when the keys change while they are read.
const TRIES: usize = 3;

/// Why the data keys are out of reach. Tells the operator what to do.
#[derive(Debug, thiserror::Error)]
pub enum DataKeyError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the master key cannot be read: {0}")]
    Master(#[from] MasterError),
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(
        "the master key is missing: {looked} does not exist, and this database was encrypted with the one with id \
         {wanted}. Put the file back, from a back-up or the machine it was on, or set AIGW_MASTER_KEY or \
         AIGW_MASTER_KEY_FILE. Nothing was changed"
    )]
    Missing { looked: MasterSource, wanted: String },
    #[error(
        "the master key is wrong: {looked} holds the one with id {found}, and this database was encrypted with the one \
         with id {wanted}. Start the gateway with that one; for another database, choose another data directory or \
         DATABASE_URL. Nothing was changed"
    )]
    Wrong { looked: MasterSource, found: String, wanted: String },
    #[error("{0}. Restore the table data_keys from a back-up. Nothing was changed")]
    Damaged(RingError),
    #[error("the data keys change faster than they can be read; try again")]
    Busy,
}

/// Keeps a [`Sealer`] up to date. Holds no master key: it is read again when it is needed.
pub struct DataKeys {
    store: Store,
    source: MasterSource,
    sealer: Arc<Sealer>,
    /// What the table held when it was last looked at.
    seen: Mutex<Vec<WrappedKey>>,
}

impl DataKeys {
    /// Opens the data keys; makes them, and the master key when that is to be generated, in a new database. Changes
    /// nothing when the master key is missing or wrong.
    pub async fn open(store: Store, source: MasterSource, now_ms: i64) -> Result<Self, DataKeyError> {
        if store.data_keys().await?.is_empty() {
            create(&store, &source.current_or_create()?, now_ms).await?;
        }
        let (ring, rows) = read(&store, &source).await?;
        Ok(Self { store, source, sealer: Arc::new(Sealer::new(ring)), seen: Mutex::new(rows) })
    }

    /// Data keys that are stored nowhere.
    #[cfg(test)]
    pub fn detached(store: Store) -> Result<Self, SealError> {
        let source = MasterSource::Value(String::new().into());
        Ok(Self { store, source, sealer: Arc::new(Sealer::generate()?), seen: Mutex::default() })
    }

    pub fn sealer(&self) -> &Arc<Sealer> {
        &self.sealer
    }

    /// Takes over what a rotation has changed; costs one small read when nothing has. Call it after secrets were read
    /// and before they are opened: then every data key they need is at hand. When it fails, it tells the operator once,
    /// and the keys at hand stay in use.
    pub async fn refresh(&self) -> Result<(), StoreError> {
        let mut seen = self.seen.lock().await;
        let rows = self.store.data_keys().await?;
        if rows == *seen {
            return Ok(());
        }
        match read(&self.store, &self.source).await {
            Ok((ring, rows)) => {
                self.sealer.replace(ring);
                *seen = rows;
            }
            Err(DataKeyError::Store(error)) => return Err(error),
            Err(error) => {
                tracing::error!(%error, "the data keys were changed and cannot be read; those known so far stay in use");
                *seen = rows;
            }
        }
        Ok(())
    }
}

/// Stores the first data keys. Of processes that start together, one does.
async fn create(store: &Store, master: &MasterKey, now_ms: i64) -> Result<(), DataKeyError> {
    let ring = Ring::generate(now_ms)?;
    let rows: Vec<WrappedKey> = ring.all().map(|key| master.wrap(key, now_ms)).collect::<Result<_, _>>()?;
    store.swap_data_keys(&[], &rows).await?;
    Ok(())
}

async fn read(store: &Store, source: &MasterSource) -> Result<(Ring, Vec<WrappedKey>), DataKeyError> {
    let mut rows = store.data_keys().await?;
    for _ in 0..TRIES {
        let masters = source.all()?;
        let failed = match Ring::open(&rows, &masters) {
            Ok(ring) => return Ok((ring, rows)),
            Err(error) => explain(error, &rows, &masters, source),
        };
        // A rotation may have ended between the two reads.
        let again = store.data_keys().await?;
        if again == rows {
            return Err(failed);
        }
        rows = again;
    }
    Err(DataKeyError::Busy)
}

/// Says what is wrong in the words of the operator.
pub fn explain(error: RingError, rows: &[WrappedKey], masters: &[MasterKey], source: &MasterSource) -> DataKeyError {
    let RingError::Locked(_) = error else { return DataKeyError::Damaged(error) };
    let looked = source.clone();
    let newest = rows.iter().max_by_key(|row| row.wrapped_ms);
    let wanted = newest.map(|row| row.master_id.clone()).unwrap_or_default();
    match masters.first() {
        Some(found) => DataKeyError::Wrong { looked, found: found.id().to_owned(), wanted },
        None => DataKeyError::Missing { looked, wanted },
    }
}
