use crate::config::{RuntimeSettings, SidecarConfig};
use bridge_process::Variables;
use bridge_process::config::{ConfigError, Place};
use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use rustix::process::geteuid;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The directory for what the sidecar makes at each start. It is in memory, so that no token ever is on a disk,
/// nobody but its owner can put a file into it, and no other sidecar uses it as long as this value lives.
///
/// Memory-backed means tmpfs or ramfs. Does NOT keep a tmpfs from being swapped out: encrypt swap, or have none.
#[derive(Debug)]
pub(crate) struct RuntimeDirectory {
    path: PathBuf,
    on_disk: bool,
    /// Two sidecars would replace, and at their end remove, each other's files. The system unlocks what a killed one held.
    _locked: File,
}

impl RuntimeDirectory {
    /// The directory of the configuration, or else the first of these that is in memory: `$RUNTIME_DIRECTORY` (systemd),
    /// `$XDG_RUNTIME_DIR/bridge-sidecar-NAME`, `/run/bridge-sidecar-NAME`, `/dev/shm/bridge-sidecar-NAME-UID`.
    ///
    /// # Errors
    /// When it is on a disk and that was not asked for, belongs to somebody else, or cannot be made.
    pub(crate) fn prepare(config: &SidecarConfig, variables: &Variables) -> Result<Self, ConfigError> {
        let RuntimeSettings { directory, on_disk } = &config.runtime;
        if let Some(directory) = directory {
            let refused = |found: Unfit| found.complain(directory.place.clone(), &directory.value);
            return Self::make(&directory.value, *on_disk).map_err(refused);
        }
        let mut tried = Vec::new();
        for candidate in candidates(config.name.as_str(), variables) {
            match Self::make(&candidate, false) {
                Err(Unfit::Used) => return Err(Unfit::Used.complain(config.listen.place.clone(), &candidate)),
                Err(found) => tried.push(format!("{}: {found}", candidate.display())),
                made => return made.map_err(|found| found.complain(config.listen.place.clone(), &candidate)),
            }
        }
        Err(ConfigError::new(
            config.listen.place.clone(),
            "no directory in memory for what the sidecar makes at its start",
        )
        .expected("one of $RUNTIME_DIRECTORY, $XDG_RUNTIME_DIR, /run or /dev/shm on tmpfs, and a place for us in it")
        .found(tried.join("; "))
        .remedy("mount a tmpfs and name a directory on it as `directory` in [runtime]"))
    }

    fn make(path: &Path, on_disk: bool) -> Result<Self, Unfit> {
        let path = make(path, on_disk)?;
        let locked = File::open(&path)?;
        match flock(&locked, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Self { path, on_disk, _locked: locked }),
            Err(Errno::WOULDBLOCK) => Err(Unfit::Used),
            Err(error) => Err(Unfit::System(error.into())),
        }
    }

    /// The path of a file with a secret: in this directory, unless it is absolute.
    ///
    /// # Errors
    /// When it is in another directory that is less fit than this one must be.
    pub(crate) fn secret(&self, path: &Path) -> io::Result<PathBuf> {
        self.locate(path, self.on_disk)
    }

    /// The path of a socket, which may be on a disk because nothing is ever written there.
    ///
    /// # Errors
    /// Those of [`Self::secret`].
    pub(crate) fn socket(&self, path: &Path) -> io::Result<PathBuf> {
        self.locate(path, true)
    }

    fn locate(&self, path: &Path, on_disk: bool) -> io::Result<PathBuf> {
        let path = self.path.join(path);
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            return Err(io::Error::other("a path without a file name"));
        };
        if parent == self.path {
            return Ok(path);
        }
        // What is judged is what is used: links on the way are gone from the path afterwards.
        let parent = parent.canonicalize()?;
        judge(&parent, on_disk).map_err(io::Error::other)?;
        Ok(parent.join(name))
    }
}

fn candidates(name: &str, variables: &Variables) -> Vec<PathBuf> {
    let own = format!("bridge-sidecar-{name}");
    // systemd gives a list when a unit has several.
    let systemd = variables.get("RUNTIME_DIRECTORY").and_then(|list| list.split(':').next()).map(PathBuf::from);
    let session = variables.get("XDG_RUNTIME_DIR").map(|directory| Path::new(directory).join(&own));
    let shared = [Path::new("/run").join(&own), Path::new("/dev/shm").join(format!("{own}-{}", geteuid().as_raw()))];
    systemd.into_iter().chain(session).chain(shared).filter(|path| path.is_absolute()).collect()
}

/// Why a directory cannot be used.
#[derive(Debug, thiserror::Error)]
enum Unfit {
    #[error("{0}")]
    System(#[from] io::Error),
    #[error("a directory on a disk")]
    OnDisk,
    #[error("something that is not a directory")]
    NotADirectory,
    #[error("a directory of user {0}")]
    Foreign(u32),
    #[error("a directory of mode {0:04o}, in which others can put files")]
    Open(u32),
    #[error("a directory that another sidecar uses")]
    Used,
}

impl Unfit {
    fn complain(&self, place: Place, path: &Path) -> ConfigError {
        let remedy = match self {
            Self::OnDisk => "name a directory on a tmpfs, or, if tokens may be on a disk, add `on_disk = true`",
            Self::Open(_) => "name a directory below it, which the sidecar then makes",
            Self::Used => "give each sidecar a directory of its own (is this one running already?)",
            _ => "correct the path, or its owner and mode",
        };
        ConfigError::new(place, format!("the directory {} cannot be used", path.display()))
            .expected(format!("a directory in memory (tmpfs), of user {}, with mode 0700 or 0711", geteuid().as_raw()))
            .found(self.to_string())
            .remedy(remedy)
    }
}

fn make(path: &Path, on_disk: bool) -> Result<PathBuf, Unfit> {
    // Looked at before anything is made, so that nothing is left behind on a disk. The parent is enough: mounts are not made.
    let standing = if path.exists() { path } else { path.parent().unwrap_or(path) };
    if !on_disk && !in_memory(standing)? {
        return Err(Unfit::OnDisk);
    }
    match DirBuilder::new().mode(0o711).create(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error.into()),
        _ => {}
    }
    judge(path, on_disk)?;
    Ok(std::path::absolute(path)?)
}

/// Refuses a directory on a disk, unless that is allowed, and one that is not ours alone to put files into.
fn judge(path: &Path, on_disk: bool) -> Result<(), Unfit> {
    if !on_disk && !in_memory(path)? {
        return Err(Unfit::OnDisk);
    }
    // Not followed: somebody else's link is as bad as somebody else's directory.
    let data = std::fs::symlink_metadata(path)?;
    let mode = data.mode() & 0o7777;
    if !data.is_dir() {
        return Err(Unfit::NotADirectory);
    }
    if data.uid() != geteuid().as_raw() && data.uid() != 0 {
        return Err(Unfit::Foreign(data.uid()));
    }
    // A sticky directory, such as /tmp, is no exception: a file that is not there at the moment is anybody's to make.
    if mode & 0o022 != 0 {
        return Err(Unfit::Open(mode));
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn in_memory(path: &Path) -> io::Result<bool> {
    /// `TMPFS_MAGIC` and `RAMFS_MAGIC` of `statfs(2)`.
    const IN_MEMORY: [rustix::fs::FsWord; 2] = [0x0102_1994, 0x8584_58f6];
    Ok(IN_MEMORY.contains(&rustix::fs::statfs(path)?.f_type))
}

/// Other systems have no file system in memory that could be told by its type.
#[cfg(not(target_os = "linux"))]
fn in_memory(_: &Path) -> io::Result<bool> {
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::{RuntimeDirectory, Unfit};
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::Path;

    fn runtime(directory: &Path) -> RuntimeDirectory {
        RuntimeDirectory::make(&directory.join("run"), true).unwrap()
    }

    #[test]
    fn a_secret_elsewhere_is_where_the_directory_itself_could_be() {
        let around = tempfile::tempdir().unwrap();
        let (runtime, fit, open) = (runtime(around.path()), around.path().join("fit"), around.path().join("open"));
        std::fs::create_dir(&fit).unwrap();
        std::fs::create_dir(&open).unwrap();
        assert_eq!(runtime.secret(Path::new("token")).unwrap(), around.path().join("run/token"));
        assert_eq!(runtime.secret(&fit.join("token")).unwrap(), fit.canonicalize().unwrap().join("token"));
        for mode in [0o777, 0o1777, 0o770, 0o2775] {
            std::fs::set_permissions(&open, PermissionsExt::from_mode(mode)).unwrap();
            symlink(&open, around.path().join("link")).unwrap();
            for path in ["open/token", "link/token", "run/../open/token"] {
                let refused = runtime.secret(&around.path().join(path)).unwrap_err();
                assert!(refused.to_string().contains(&format!("mode {mode:04o}")), "{path}: {refused}");
                assert!(runtime.socket(&around.path().join(path)).is_err(), "{path}");
            }
            std::fs::remove_file(around.path().join("link")).unwrap();
        }
        for path in ["..", "/", "missing/token"] {
            assert!(runtime.secret(Path::new(path)).is_err(), "accepted {path}");
        }
    }

    #[test]
    fn a_secret_elsewhere_is_in_memory_too_unless_a_disk_is_allowed() {
        let memory = tempfile::tempdir_in("/dev/shm").unwrap();
        let mut runtime = runtime(memory.path());
        runtime.on_disk = false;
        assert!(runtime.secret(&memory.path().join("token")).is_ok());
        // The kernel's own file systems are neither tmpfs nor ramfs, everywhere.
        let refused = runtime.secret(Path::new("/proc/self/token")).unwrap_err();
        assert_eq!(refused.to_string(), "a directory on a disk");
    }

    #[test]
    fn a_directory_is_one_sidecars_until_that_ends() {
        let around = tempfile::tempdir().unwrap();
        let first = runtime(around.path());
        assert!(matches!(RuntimeDirectory::make(&around.path().join("run"), true), Err(Unfit::Used)));
        drop(first);
        runtime(around.path());
    }
}
