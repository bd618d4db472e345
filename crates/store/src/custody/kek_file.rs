use super::error::CustodyError;
use super::kek::Kek;
use super::wrapping::KekWrapping;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use zeroize::Zeroizing;

/// No file of a few keys is longer.
const LONGEST: u64 = 64 * 1024;

/// The file with the key-encryption keys, one a line: the first is the newest, and all of them open.
///
/// It is read anew for each use, so that no key-encryption key stays in memory, and what an operator puts there counts at
/// once. Reading blocks the thread for as long as a small file takes.
#[derive(Debug, Clone)]
pub struct KekFile {
    path: PathBuf,
    wrapping: Arc<dyn KekWrapping>,
    /// The bits of its mode that nobody but the owner may have.
    for_others: u32,
    ours: bool,
}

impl KekFile {
    /// A file of our own: made when there is none yet, with mode 0600, and rewritten by [`crate::SealedKeys::rewrap`].
    pub fn own(path: PathBuf, wrapping: Arc<dyn KekWrapping>) -> Self {
        Self { path, wrapping, for_others: 0o077, ours: true }
    }

    /// A file that somebody else provides, such as systemd (`$CREDENTIALS_DIRECTORY`): never made, never written. The
    /// directory guards it; its group may read it because systemd gives access by an access list, which shows there.
    pub fn provided(path: PathBuf, wrapping: Arc<dyn KekWrapping>) -> Self {
        Self { path, wrapping, for_others: 0o037, ours: false }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether this program makes and rewrites it.
    pub fn is_ours(&self) -> bool {
        self.ours
    }

    /// The keys in it, newest first; none when there is no such file.
    pub(super) async fn read(&self) -> Result<Vec<Kek>, CustodyError> {
        let mut keks = Vec::new();
        for line in self.text()?.lines() {
            let form = || CustodyError::Form { path: self.path.clone(), form: self.wrapping.form() };
            keks.push(self.wrapping.unwrap(line).await?.ok_or_else(form)?);
        }
        Ok(keks)
    }

    /// The line for a key.
    pub(super) async fn line(&self, kek: &Kek) -> Result<Zeroizing<String>, CustodyError> {
        if !self.ours {
            return Err(CustodyError::NotOurs { path: self.path.clone() });
        }
        Ok(self.wrapping.wrap(kek).await?)
    }

    /// Makes the file with this line, unless somebody else did meanwhile.
    pub(super) fn make(&self, line: &str) -> Result<(), CustodyError> {
        let written = self.beside(line).map_err(|reason| self.file(reason))?;
        // A link comes into being whole, and only where nothing is.
        let made = fs::hard_link(&written, &self.path);
        let tidied = fs::remove_file(&written).and_then(|()| self.sync_directory());
        match made {
            Err(reason) if reason.kind() == ErrorKind::AlreadyExists => Ok(()),
            made => made.and(tidied).map_err(|reason| self.file(reason)),
        }
    }

    /// Puts a line before those that are there.
    pub(super) fn prepend(&self, line: &str) -> Result<(), CustodyError> {
        let text = self.text()?;
        self.replace(&Zeroizing::new(format!("{line}\n{}", *text)))
    }

    /// Keeps the first line alone.
    pub(super) fn keep_first(&self) -> Result<(), CustodyError> {
        let text = self.text()?;
        match text.lines().next() {
            Some(first) if text.lines().count() > 1 => self.replace(first),
            _ => Ok(()),
        }
    }

    fn replace(&self, text: &str) -> Result<(), CustodyError> {
        let written = self.beside(text).map_err(|reason| self.file(reason))?;
        fs::rename(&written, &self.path).and_then(|()| self.sync_directory()).map_err(|reason| self.file(reason))
    }

    /// A new file of mode 0600 in the same directory, on the disk when this returns.
    fn beside(&self, text: &str) -> std::io::Result<PathBuf> {
        let mut name = self.path.as_os_str().to_owned();
        name.push(format!(".{}", uuid::Uuid::now_v7()));
        let path = PathBuf::from(name);
        let mut create = OpenOptions::new();
        create.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut create, 0o600);
        let mut file = create.open(&path)?;
        file.write_all(text.trim_end().as_bytes())?;
        file.write_all(b"\n")?;
        file.sync_all()?;
        Ok(path)
    }

    fn sync_directory(&self) -> std::io::Result<()> {
        let directory = self.path.parent().filter(|directory| !directory.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new(".")))?.sync_all()
    }

    fn text(&self) -> Result<Zeroizing<String>, CustodyError> {
        let file = match File::open(&self.path) {
            Err(reason) if reason.kind() == ErrorKind::NotFound => return Ok(Zeroizing::default()),
            file => file.map_err(|reason| self.file(reason))?,
        };
        let metadata = file.metadata().map_err(|reason| self.file(reason))?;
        self.refuse_exposed(&metadata)?;
        let length = usize::try_from(metadata.len().min(LONGEST)).unwrap_or(0);
        // As large as it will get, so that no copy is left behind.
        let mut text = Zeroizing::new(String::with_capacity(length + 1));
        file.take(LONGEST).read_to_string(&mut text).map_err(|reason| self.file(reason))?;
        if text.lines().next().is_none() {
            return Err(CustodyError::Form { path: self.path.clone(), form: self.wrapping.form() });
        }
        Ok(text)
    }

    #[cfg(unix)]
    fn refuse_exposed(&self, metadata: &fs::Metadata) -> Result<(), CustodyError> {
        let found = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        let exposed = found & self.for_others != 0;
        if exposed { Err(CustodyError::Exposed { path: self.path.clone(), found }) } else { Ok(()) }
    }

    #[cfg(not(unix))]
    fn refuse_exposed(&self, _: &fs::Metadata) -> Result<(), CustodyError> {
        Ok(())
    }

    fn file(&self, reason: std::io::Error) -> CustodyError {
        CustodyError::File { path: self.path.clone(), reason }
    }
}
