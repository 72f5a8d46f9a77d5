//! Remembers which files a provider has already, so that a conversation does not send its images again and again.

use std::{
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    bounded::Bounded,
    key_hash::{KeyHash, sha256},
};
use crate::providers::adapter::Upload;

/// Files that are remembered for one provider, over all keys.
const MAX_FILES: usize = 4096;
/// After this time a file is sent again: the provider or its owner may have removed it.
const MAX_AGE: Duration = Duration::from_secs(3600);

/// A file of one account: what the owner of one key sent, no other key can see.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct FileKey {
    key: KeyHash,
    content: [u8; 32],
}

impl FileKey {
    pub(super) fn of(key: KeyHash, upload: &Upload) -> Self {
        Self { key, content: sha256(&[upload.mime_type.as_bytes(), b"\0", &upload.data]) }
    }
}

/// Ids of files, by account and content.
#[derive(Debug)]
pub(super) struct UploadCache(Mutex<Bounded<FileKey, (Instant, String)>>);

impl Default for UploadCache {
    fn default() -> Self {
        Self(Mutex::new(Bounded::new(MAX_FILES)))
    }
}

impl UploadCache {
    pub(super) fn get(&self, file: &FileKey) -> Option<String> {
        let (sent, id) = self.files().get(file)?;
        (sent.elapsed() < MAX_AGE).then_some(id)
    }

    pub(super) fn put(&self, file: FileKey, id: String) {
        self.files().insert(file, (Instant::now(), id));
    }

    pub(super) fn forget(&self, file: &FileKey) {
        self.files().remove(file);
    }

    fn files(&self) -> std::sync::MutexGuard<'_, Bounded<FileKey, (Instant, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
