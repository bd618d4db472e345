use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// When a file ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kept {
    /// With this value: also when a panic unwinds past it.
    UntilExit,
    /// Not at all.
    AfterExit,
}

/// A file that its owner alone can read, written in one step: whoever opens it finds the old content or the new, whole.
#[derive(Debug)]
pub(crate) struct SecretFile {
    path: PathBuf,
    kept: Kept,
}

impl SecretFile {
    /// Nothing is written yet.
    pub(crate) fn new(path: PathBuf, kept: Kept) -> Self {
        Self { path, kept }
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Puts content in the place of what is there, if anything is.
    pub(crate) fn replace(&self, content: &[u8]) -> io::Result<()> {
        let draft = self.draft(content)?;
        std::fs::rename(&draft, &self.path).inspect_err(|_| drop(std::fs::remove_file(&draft)))
    }

    /// Writes it, but never over a file that is there.
    pub(crate) fn create(&self, content: &[u8]) -> io::Result<()> {
        let draft = self.draft(content)?;
        // A link fails when the name is taken; a rename would not.
        let linked = std::fs::hard_link(&draft, &self.path);
        std::fs::remove_file(&draft)?;
        linked
    }

    /// Removes it. One that is not there is removed already.
    pub(crate) fn remove(&self) -> io::Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// The content in a file beside it, which nobody else could have put there.
    fn draft(&self, content: &[u8]) -> io::Result<PathBuf> {
        let name = self.path.file_name().ok_or_else(|| io::Error::other("a path without a file name"))?;
        // The name that a killed process used is used again, so that no token of its is left behind. Keys are made by
        // commands, of which two may run at a time.
        let mark = match self.kept {
            Kept::UntilExit => "new".to_owned(),
            Kept::AfterExit => std::process::id().to_string(),
        };
        let draft = self.path.with_file_name(format!(".{}.{mark}", name.to_string_lossy()));
        drop(std::fs::remove_file(&draft));
        let mut file: File = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        let written = file.write_all(content).and_then(|()| match self.kept {
            Kept::UntilExit => Ok(()),
            Kept::AfterExit => file.sync_all(),
        });
        written.inspect_err(|_| drop(std::fs::remove_file(&draft)))?;
        Ok(draft)
    }
}

impl Drop for SecretFile {
    fn drop(&mut self) {
        if self.kept == Kept::UntilExit
            && let Err(error) = self.remove()
        {
            tracing::error!(target: "bridge", event = "secret_file", outcome = "error", file = %self.path.display(),
                detail = %error, "a file could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Kept, SecretFile};
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn only_its_owner_can_read_it_and_nothing_stays_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let file = SecretFile::new(directory.path().join("token"), Kept::UntilExit);
        for content in ["one", "the other"] {
            file.replace(content.as_bytes()).unwrap();
            assert_eq!(std::fs::read_to_string(file.path()).unwrap(), content);
            assert_eq!(std::fs::metadata(file.path()).unwrap().permissions().mode() & 0o7777, 0o600);
        }
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
        drop(file);
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_panic_removes_it() {
        let directory = tempfile::tempdir().unwrap();
        let file = SecretFile::new(directory.path().join("token"), Kept::UntilExit);
        file.replace(b"token").unwrap();
        let path = file.path().to_owned();
        let panicked = std::thread::spawn(move || {
            let _kept = file;
            panic!("the panic of a test");
        });
        assert!(panicked.join().is_err());
        assert!(!path.exists());
    }

    #[test]
    fn a_link_in_its_place_is_replaced_and_not_followed() {
        let directory = tempfile::tempdir().unwrap();
        let victim = directory.path().join("victim");
        std::fs::write(&victim, "untouched").unwrap();
        for name in ["token", ".token.new"] {
            symlink(&victim, directory.path().join(name)).unwrap();
        }
        let file = SecretFile::new(directory.path().join("token"), Kept::UntilExit);
        file.replace(b"token").unwrap();
        assert_eq!(std::fs::read_to_string(&victim).unwrap(), "untouched");
        assert!(std::fs::symlink_metadata(file.path()).unwrap().is_file());
    }

    #[test]
    fn what_a_killed_process_had_half_written_is_gone_with_the_next_token() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join(".token.new"), "half a tok").unwrap();
        let file = SecretFile::new(directory.path().join("token"), Kept::UntilExit);
        file.replace(b"token").unwrap();
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_key_is_never_written_over() {
        let directory = tempfile::tempdir().unwrap();
        let file = SecretFile::new(directory.path().join("key"), Kept::AfterExit);
        file.create(b"first").unwrap();
        assert_eq!(file.create(b"second").unwrap_err().kind(), std::io::ErrorKind::AlreadyExists);
        let path = file.path().to_owned();
        drop(file);
        assert_eq!(std::fs::read_to_string(path).unwrap(), "first");
        assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 1);
    }
}
