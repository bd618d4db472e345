use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// A user without rights on most systems, and with no files on any.
const NOBODY: u32 = 65_534;

/// A user from whom a process should hide what is in it: the one who runs it.
///
/// Where the test runs as root, whom nothing is hidden from, both the process and who looks at it run as `nobody`.
#[derive(Debug, Clone, Copy)]
pub struct Outsider {
    uid: Option<u32>,
}

impl Outsider {
    /// `nobody` for root, else the user who runs the test.
    pub fn new() -> Self {
        Self { uid: rustix::process::geteuid().is_root().then_some(NOBODY) }
    }

    /// A command that this user runs, with an empty environment but for a mark in it.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.env_clear().env("MARK", "in-the-environment").stdin(Stdio::null());
        if let Some(uid) = self.uid {
            command.uid(uid).gid(uid);
        }
        command
    }

    /// Gives a directory, and what is directly in it, to this user.
    ///
    /// # Panics
    /// When that cannot be done.
    pub fn own(&self, directory: &Path) {
        let entries = std::fs::read_dir(directory).expect("the directory can be listed");
        let entries = entries.map(|entry| entry.expect("the directory can be listed").path());
        for path in entries.chain([directory.to_owned()]) {
            chown(path, self.uid, self.uid).expect("root may give files away, and an owner may keep them");
        }
    }

    /// A copy of a program where this user can run it, because build directories may be in somebody's home.
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn copy(&self, program: &Path, directory: &Path) -> PathBuf {
        let copy = directory.join(program.file_name().expect("a program has a name"));
        std::fs::copy(program, &copy).expect("the program can be copied");
        copy
    }

    /// Demands that this user sees nothing of a process of its own but what the system shows of every process, and that
    /// the process leaves no core file.
    ///
    /// # Panics
    /// When it sees more.
    pub fn assert_guarded(&self, process: u32) {
        let mut open = Self::sleeper(*self);
        let files = ["environ", "maps", "mem", "auxv", "fd", "cwd/", "exe"];
        let mut seen = Vec::new();
        for file in files {
            assert!(self.sees(open.id(), file), "the control: {file} of a process without guards is not seen either");
            if self.sees(process, file) {
                seen.push(file);
            }
        }
        open.kill().expect("the control can be ended");
        open.wait().expect("the control can be ended");
        assert!(seen.is_empty(), "a process of the same user reads {seen:?}");
        let limits = std::fs::read_to_string(format!("/proc/{process}/limits")).expect("limits are shown to everybody");
        let cores = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit of that name");
        assert_eq!(cores.split_whitespace().skip(4).collect::<Vec<_>>(), ["0", "0", "bytes"]);
    }

    fn sleeper(self) -> Child {
        self.command("/bin/sleep").arg("60").spawn().expect("sleep is there")
    }

    fn sees(self, process: u32, file: &str) -> bool {
        let path = format!("/proc/{process}/{file}");
        let mut look = match file {
            // Reading the first page of memory fails for everybody; opening it does not.
            "mem" => self.command("/bin/sh"),
            "exe" => self.command("/bin/readlink"),
            "fd" | "cwd/" => self.command("/bin/ls"),
            _ => self.command("/bin/cat"),
        };
        if file == "mem" {
            look.args(["-c", &format!("exec 3< {path}")]);
        } else {
            look.arg(&path);
        }
        let Output { status, .. } = look.output().expect("the tools of every system are there");
        status.success()
    }
}

impl Default for Outsider {
    fn default() -> Self {
        Self::new()
    }
}
