use crate::config::{RuntimeSettings, SidecarConfig};
use bridge_process::Variables;
use bridge_process::config::{ConfigError, Place};
use rustix::process::geteuid;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The directory for what the sidecar makes at each start. It is in memory, so that no token ever is on a disk, and
/// nobody but its owner can put a file into it.
///
/// Memory-backed means tmpfs or ramfs. Does NOT keep a tmpfs from being swapped out: encrypt swap, or have none.
#[derive(Debug, Clone)]
pub(crate) struct RuntimeDirectory(PathBuf);

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
            return make(&directory.value, *on_disk).map(Self).map_err(refused);
        }
        let mut tried = Vec::new();
        for candidate in candidates(config.name.as_str(), variables) {
            match make(&candidate, false) {
                Ok(directory) => return Ok(Self(directory)),
                Err(found) => tried.push(format!("{}: {found}", candidate.display())),
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

    /// A path in it, unless the path is absolute.
    pub(crate) fn join(&self, path: &Path) -> PathBuf {
        self.0.join(path)
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
}

impl Unfit {
    fn complain(&self, place: Place, path: &Path) -> ConfigError {
        let remedy = match self {
            Self::OnDisk => "name a directory on a tmpfs, or, if tokens may be on a disk, add `on_disk = true`",
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
    // Not followed: somebody else's link is as bad as somebody else's directory.
    let data = std::fs::symlink_metadata(path)?;
    let mode = data.mode() & 0o7777;
    if !data.is_dir() {
        return Err(Unfit::NotADirectory);
    }
    if data.uid() != geteuid().as_raw() && data.uid() != 0 {
        return Err(Unfit::Foreign(data.uid()));
    }
    if mode & 0o022 != 0 && mode & 0o1000 == 0 {
        return Err(Unfit::Open(mode));
    }
    Ok(std::path::absolute(path)?)
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
