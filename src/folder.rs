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
        keep_to_owner(data_dir);
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

/// Files made from now on are their owner's alone, whatever the folder they are made in allows.
pub fn make_files_private() {
    #[cfg(unix)]
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
}

/// How this machine is called.
pub fn machine() -> String {
    #[cfg(unix)]
    return rustix::system::uname().nodename().to_string_lossy().into_owned();
    #[cfg(not(unix))]
    return String::new();
}

/// A folder that was made beforehand, and what an earlier release left in it, may be open to others.
fn keep_to_owner(data_dir: &Path) {
    #[cfg(unix)]
    {
        let files =
            std::fs::read_dir(data_dir).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
        for path in files.chain([data_dir.to_path_buf()]) {
            if let Err(error) = close_to_others(&path) {
                tracing::warn!(path = %path.display(), %error, "others can read this, and it cannot be changed");
            }
        }
    }
}

#[cfg(unix)]
fn close_to_others(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::symlink_metadata(path)?.permissions().mode();
    if mode & 0o077 == 0 || std::fs::symlink_metadata(path)?.is_symlink() {
        return Ok(());
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode & 0o7700))?;
    tracing::warn!(path = %path.display(), before = format_args!("{:o}", mode & 0o777), "closed to others");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_folder_that_others_could_read_is_closed_to_them_with_its_files() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        std::fs::create_dir(&data_dir).unwrap();
        std::fs::set_permissions(&data_dir, std::fs::Permissions::from_mode(0o755)).unwrap();
        let database = data_dir.join("records.db-wal");
        std::fs::write(&database, "secret").unwrap();
        std::fs::set_permissions(&database, std::fs::Permissions::from_mode(0o644)).unwrap();
        let claim = FolderClaim::take(&data_dir).unwrap();
        assert_eq!((mode(&data_dir), mode(&database)), (0o700, 0o600));
        drop(claim);
    }

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
