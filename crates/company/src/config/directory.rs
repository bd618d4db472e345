use super::error::{ConfigError, Place};
use super::source::{Source, unreadable};
use super::words::Name;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// A kind of file of which there may be many, one a name: `partners/NAME.toml`, `clients/NAME.toml`.
pub(crate) trait Entry: Sized {
    /// The directory of these files, inside the configuration directory.
    const DIRECTORY: &'static str;

    /// Reads the file of one name.
    fn read(name: &Name, source: &Source, reader: &mut Reader<'_>) -> Result<Self, ConfigError>;

    /// The complaint when this entry cannot stand beside another one that is already taken.
    fn conflict(&self, other: &Self) -> Option<ConfigError>;
}

/// The files of one kind, each with its last good value. A file that breaks keeps its own last good value and leaves the
/// others alone, so that one bad edit never blocks the kill switch in another file.
#[derive(Debug)]
pub(crate) struct Entries<T> {
    entries: BTreeMap<Name, Slot<T>>,
    errors: Vec<ConfigError>,
}

#[derive(Debug)]
struct Slot<T> {
    value: T,
    digest: u64,
}

/// What a reading changed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Names whose value is new or different.
    pub(crate) loaded: Vec<Name>,
    /// Names whose file is gone.
    pub(crate) removed: Vec<Name>,
    /// Complaints that the reading before did not have.
    pub(crate) rejected: Vec<ConfigError>,
}

impl Changes {
    /// True when some value is other than before.
    pub(crate) fn values_changed(&self) -> bool {
        !self.loaded.is_empty() || !self.removed.is_empty()
    }
}

impl<T> Default for Entries<T> {
    fn default() -> Self {
        Self { entries: BTreeMap::new(), errors: Vec::new() }
    }
}

impl<T: Entry> Entries<T> {
    /// The values, by name.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&Name, &T)> {
        self.entries.iter().map(|(name, slot)| (name, &slot.value))
    }

    /// The value of a name.
    pub(crate) fn find(&self, name: &str) -> Option<&T> {
        self.iter().find(|(key, _)| key.as_str() == name).map(|(_, value)| value)
    }

    /// What was wrong with the last reading.
    pub(crate) fn errors(&self) -> &[ConfigError] {
        &self.errors
    }

    /// Reads all files again.
    pub(crate) fn refresh(&mut self, config_directory: &Path) -> Changes {
        let mut changes = Changes::default();
        let mut errors = Vec::new();
        let mut before = std::mem::take(&mut self.entries);
        match list(&config_directory.join(T::DIRECTORY)) {
            Ok(files) => {
                for file in files {
                    self.refresh_file(config_directory, &file, &mut before, &mut changes).unwrap_or_else(|e| errors.push(e));
                }
                changes.removed = before.into_keys().collect();
            }
            Err(error) => {
                self.entries = before;
                errors.push(error);
            }
        }
        changes.rejected = errors.iter().filter(|error| !self.errors.contains(error)).cloned().collect();
        self.errors = errors;
        changes
    }

    fn refresh_file(
        &mut self,
        directory: &Path,
        file: &Path,
        before: &mut BTreeMap<Name, Slot<T>>,
        changes: &mut Changes,
    ) -> Result<(), ConfigError> {
        let name = stem(file)?;
        let old = before.remove(&name);
        let mut reader = Reader { directory, digest: DefaultHasher::new() };
        match self.read(&name, file, &mut reader) {
            Ok(value) => {
                let digest = reader.digest.finish();
                if old.is_none_or(|old| old.digest != digest) {
                    changes.loaded.push(name.clone());
                }
                self.entries.insert(name, Slot { value, digest });
                Ok(())
            }
            Err(error) => {
                if let Some(old) = old {
                    self.entries.insert(name, old);
                }
                Err(error)
            }
        }
    }

    fn read(&self, name: &Name, file: &Path, reader: &mut Reader<'_>) -> Result<T, ConfigError> {
        let text = reader.text(file).map_err(|error| unreadable(file, "a TOML file", &error))?;
        let value = T::read(name, &Source::new(file, text), reader)?;
        match self.iter().find_map(|(_, other)| value.conflict(other)) {
            Some(conflict) => Err(conflict),
            None => Ok(value),
        }
    }
}

/// Reads the files that make up one entry and remembers a digest of all they contained, so that a changed key file
/// counts as a change of the entry that names it.
#[derive(Debug)]
pub(crate) struct Reader<'d> {
    directory: &'d Path,
    digest: DefaultHasher,
}

impl Reader<'_> {
    /// A path from a file of the configuration: relative ones start at the configuration directory.
    pub(crate) fn resolve(&self, path: &Path) -> PathBuf {
        self.directory.join(path)
    }

    /// The bytes of a file.
    pub(crate) fn bytes(&mut self, path: &Path) -> std::io::Result<Vec<u8>> {
        let bytes = std::fs::read(self.resolve(path))?;
        bytes.hash(&mut self.digest);
        Ok(bytes)
    }

    fn text(&mut self, path: &Path) -> std::io::Result<String> {
        let text = std::fs::read_to_string(path)?;
        text.hash(&mut self.digest);
        Ok(text)
    }
}

/// The TOML files of a directory, in the order of their names. Hidden files are those of editors.
fn list(directory: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let unreadable = |error| unreadable(directory, "a directory", &error);
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if path.extension().is_some_and(|extension| extension == "toml") && !hidden {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn stem(file: &Path) -> Result<Name, ConfigError> {
    let stem = file.file_stem().unwrap_or_default().to_string_lossy();
    Name::try_from(stem.clone().into_owned()).map_err(|_| {
        ConfigError::new(Place::file(file), "a file whose name cannot be a name")
            .expected("1 to 64 lower-case letters, digits and hyphens before .toml")
            .found(format!("\"{stem}\""))
            .remedy("rename it")
    })
}
