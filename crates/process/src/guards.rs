//! Guards that a process sets for itself before it holds a secret.

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, setrlimit};

/// Keeps this process from being read by others of its user, and from leaving its memory in a core file.
///
/// - No core file: the limit is zero, hard and soft, so that nothing that this process starts can raise it.
/// - Not dumpable (Linux, `prctl(2)` `PR_SET_DUMPABLE` 0): the kernel writes no core, also not to a crash handler behind a
///   pipe, which does not heed a limit of zero; and `/proc/PID/` with `environ`, `mem`, `maps` and `fd`, as well as
///   `ptrace`, belong to root.
///
/// Call it first in `main`, before a key is read: it does not undo what was read before. Does NOT stop root, or whoever
/// has `CAP_SYS_PTRACE`; does NOT keep memory out of swap; `execve` undoes the second guard, and Bridge never calls it.
///
/// # Errors
/// [`Unguarded`]: a guard could not be set. Do not go on then.
pub fn harden() -> Result<(), Unguarded> {
    setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })
        .map_err(|source| Unguarded { guard: "core files cannot be turned off", source })?;
    hide()
}

#[cfg(target_os = "linux")]
fn hide() -> Result<(), Unguarded> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
        .map_err(|source| Unguarded { guard: "the process cannot be made undumpable", source })
}

/// Other systems have no such switch.
#[cfg(not(target_os = "linux"))]
fn hide() -> Result<(), Unguarded> {
    Ok(())
}

/// A guard that could not be set.
#[derive(Debug, thiserror::Error)]
#[error("{guard}: {source}")]
pub struct Unguarded {
    guard: &'static str,
    source: Errno,
}
