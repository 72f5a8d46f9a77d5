//! Where the master key comes from: a setting, a file of the operator's, or a file the gateway made itself. During a
//! rotation of the last kind, the new key stands beside the old one until every data key is wrapped by it.

use std::{
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use secrecy::{ExposeSecret as _, SecretString};

use super::{
    error::MasterError,
    master_file::{self, Lock, with_suffix},
    master_key::MasterKey,
};

/// How long a start may wait for another one that makes the first master key.
const CREATE_WAIT: Duration = Duration::from_secs(10);

/// Where the master key is. `Debug` and `Display` tell nothing of it.
#[derive(Clone, Debug)]
pub enum MasterSource {
    Value(SecretString),
    File(PathBuf),
    /// Made here when a new database needs it.
    Generated(PathBuf),
}

impl MasterSource {
    /// Returns the key. `None` when it is to be generated and is not there.
    pub fn current(&self) -> Result<Option<MasterKey>, MasterError> {
        match self {
            Self::Value(text) => match MasterKey::parse(text.expose_secret()) {
                Some(key) => Ok(Some(key)),
                None => Err(MasterError::Malformed(self.to_string())),
            },
            Self::File(path) => match master_file::read(path)? {
                Some(key) => Ok(Some(key)),
                None => Err(MasterError::Missing(path.clone())),
            },
            Self::Generated(path) => master_file::read(path),
        }
    }

    /// Returns every key there is. The staged one is read first: when it takes its place in between, it is seen twice
    /// and not never.
    pub fn all(&self) -> Result<Vec<MasterKey>, MasterError> {
        let staged = match self {
            Self::Generated(path) => master_file::read(&staged(path))?,
            Self::Value(_) | Self::File(_) => None,
        };
        Ok(self.current()?.into_iter().chain(staged).collect())
    }

    /// Returns the key; generates it when it is not there. Of processes that start together, one generates it.
    pub fn current_or_create(&self) -> Result<MasterKey, MasterError> {
        if let Some(key) = self.current()? {
            return Ok(key);
        }
        let Self::Generated(path) = self else { return Err(MasterError::Malformed(self.to_string())) };
        let _lock = master_file::lock(path, CREATE_WAIT)?;
        read_or_create(path)
    }
}

impl fmt::Display for MasterSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(_) => f.write_str("the setting AIGW_MASTER_KEY (or APP_ENCRYPTION_KEY)"),
            Self::File(path) | Self::Generated(path) => write!(f, "the file {}", path.display()),
        }
    }
}

/// The new key that a rotation stages beside a generated one. No other rotation of that file runs meanwhile.
pub struct Staging<'a> {
    path: &'a Path,
    _lock: Lock,
}

impl<'a> Staging<'a> {
    pub fn begin(path: &'a Path) -> Result<Self, MasterError> {
        Ok(Self { path, _lock: master_file::lock(path, Duration::ZERO)? })
    }

    /// Returns the key that an earlier run has staged.
    pub fn staged(&self) -> Result<Option<MasterKey>, MasterError> {
        master_file::read(&staged(self.path))
    }

    /// Returns the staged key; makes one when there is none.
    pub fn stage(&self) -> Result<MasterKey, MasterError> {
        read_or_create(&staged(self.path))
    }

    /// Puts the staged key in the place of the current one, which is gone then.
    pub fn promote(&self) -> Result<(), MasterError> {
        master_file::rename(&staged(self.path), self.path)
    }
}

fn staged(path: &Path) -> PathBuf {
    with_suffix(path, ".next")
}

fn read_or_create(path: &Path) -> Result<MasterKey, MasterError> {
    if let Some(key) = master_file::read(path)? {
        return Ok(key);
    }
    let key = MasterKey::generate().map_err(|_| MasterError::NoRandom)?;
    master_file::write(path, &key)?;
    Ok(key)
}
