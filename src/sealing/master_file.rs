//! A file that holds a master key. It is written whole or not at all: to a file beside it first, then renamed, both on
//! the disk before anything goes on.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io::{self, Read as _, Write as _},
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use zeroize::Zeroizing;

use super::{error::MasterError, master_key::MasterKey};

/// How long to wait before a locked file is tried again.
const LOCK_PAUSE: Duration = Duration::from_millis(20);
/// No master key is longer; this bounds what a wrong path can make us read.
const MAX_BYTES: u64 = 4096;

/// Reads the key. `None` when there is no such file.
pub fn read(path: &Path) -> Result<Option<MasterKey>, MasterError> {
    let mut text = Zeroizing::new(String::new());
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        opened => opened.map_err(|error| MasterError::Io(path.to_owned(), error))?,
    };
    file.take(MAX_BYTES).read_to_string(&mut text).map_err(|error| MasterError::Io(path.to_owned(), error))?;
    let malformed = || MasterError::Malformed(path.display().to_string());
    MasterKey::parse(&text).map(Some).ok_or_else(malformed)
}

/// Writes the key where only this user can read it. The caller holds the lock.
pub fn write(path: &Path, key: &MasterKey) -> Result<(), MasterError> {
    let beside = with_suffix(path, ".new");
    let written = open_private(&beside, true).and_then(|mut file| {
        file.write_all(key.text().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()
    });
    written.map_err(|error| MasterError::Io(beside.clone(), error))?;
    rename(&beside, path)
}

/// Puts one file in the place of another, for good.
pub fn rename(from: &Path, to: &Path) -> Result<(), MasterError> {
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::rename(from, to)
        .and_then(|()| File::open(folder)?.sync_all())
        .map_err(|error| MasterError::Io(to.to_owned(), error))
}

/// Keeps other processes from changing the file. It ends with the value, or with the process.
pub struct Lock(#[expect(dead_code, reason = "held, not read")] File);

/// Locks the file, which need not exist yet; waits for another process no longer than `wait`.
pub fn lock(path: &Path, wait: Duration) -> Result<Lock, MasterError> {
    let at = with_suffix(path, ".lock");
    let failed = |error| MasterError::Io(at.clone(), error);
    if let Some(folder) = path.parent() {
        private_folder().create(folder).map_err(failed)?;
    }
    let file = open_private(&at, false).map_err(failed)?;
    let deadline = Instant::now() + wait;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Lock(file)),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::WouldBlock) => return Err(MasterError::Locked(path.to_owned())),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
}

/// Adds to the name of a file.
pub fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn open_private(path: &Path, empty: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.write(true).create(true).truncate(empty).open(path)
}

fn private_folder() -> DirBuilder {
    let mut folder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o700);
    folder.recursive(true);
    folder
}
