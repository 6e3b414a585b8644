//! The data folder belongs to one process at a time.

use anyhow::{Context, Result, bail};
use std::{
    fs::{File, OpenOptions, TryLockError},
    path::Path,
};

/// Holds the folder until dropped; the operating system gives it back when the process ends, however it ends.
#[derive(Debug)]
pub struct FolderClaim {
    _lock: File,
}

impl FolderClaim {
    /// Creates `data_dir` as needed and claims it, or says that another process has it.
    pub fn take(data_dir: &Path) -> Result<Self> {
        create(data_dir).with_context(|| format!("cannot create the data folder {}", data_dir.display()))?;
        let path = data_dir.join("lock");
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&path)
            .with_context(|| format!("cannot open {}", path.display()))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { _lock: lock }),
            Err(TryLockError::WouldBlock) => bail!(
                "another process uses the data folder {}: stop it, or choose another folder with --data-dir",
                data_dir.display()
            ),
            Err(TryLockError::Error(error)) => {
                Err(error).with_context(|| format!("cannot lock {}", path.display()))
            }
        }
    }
}

/// Readable by its owner only: it holds password hashes and what customers' machines say.
fn create(data_dir: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(data_dir)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_claim_is_refused_until_the_first_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        let first = FolderClaim::take(&data_dir).unwrap();
        let refused = FolderClaim::take(&data_dir).unwrap_err().to_string();
        assert!(refused.contains("another process"), "{refused}");
        drop(first);
        FolderClaim::take(&data_dir).unwrap();
    }
}
