use super::client::ClientConfig;
use bridge_process::config::{ConfigError, Place, unreadable};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The files of `clients/`, each with its last good client. A file that breaks keeps its own last good client and leaves
/// the others alone.
#[derive(Debug, Clone, Default)]
pub struct ClientFiles {
    clients: BTreeMap<PathBuf, ClientConfig>,
    errors: Vec<ConfigError>,
}

/// What a reading changed.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// True when some client is new, different or gone.
    pub(crate) clients: bool,
    /// Complaints that the reading before did not have.
    pub(crate) rejected: Vec<ConfigError>,
}

impl ClientFiles {
    /// The clients, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = &ClientConfig> {
        self.clients.values()
    }

    /// The client of a name.
    pub fn find(&self, name: &str) -> Option<&ClientConfig> {
        self.iter().find(|client| client.name.as_str() == name)
    }

    /// What was wrong with the last reading. While this is not empty, last good clients may be in use.
    pub fn errors(&self) -> &[ConfigError] {
        &self.errors
    }

    /// Reads the directory again. A file that is gone takes its client with it; a directory that cannot be listed changes
    /// nothing.
    pub(crate) fn refresh(&mut self, directory: &Path) -> Changes {
        let before = std::mem::take(&mut self.clients);
        let mut errors = Vec::new();
        match toml_files(directory) {
            Ok(files) => {
                for file in files {
                    if let Err(error) = self.refresh_file(&file, before.get(&file)) {
                        errors.push(error);
                    }
                }
            }
            Err(error) => {
                self.clients.clone_from(&before);
                errors.push(error);
            }
        }
        let digests = |clients: &BTreeMap<PathBuf, ClientConfig>| -> Vec<_> {
            clients.iter().map(|(file, client)| (file.clone(), client.digest)).collect()
        };
        let rejected = errors.iter().filter(|error| !self.errors.contains(error)).cloned().collect();
        self.errors = errors;
        Changes { clients: digests(&before) != digests(&self.clients), rejected }
    }

    fn refresh_file(&mut self, file: &Path, last: Option<&ClientConfig>) -> Result<(), ConfigError> {
        let read = ClientConfig::read(file).and_then(|client| self.refuse_second(file, client));
        if let Some(client) = read.as_ref().ok().or(last) {
            self.clients.insert(file.to_owned(), client.clone());
        }
        read.map(drop)
    }

    fn refuse_second(&self, file: &Path, client: ClientConfig) -> Result<ClientConfig, ConfigError> {
        let Some((other, _)) = self.clients.iter().find(|(_, other)| other.client_id == client.client_id) else {
            return Ok(client);
        };
        let what = format!("client id `{}` for a second time", client.client_id);
        Err(ConfigError::new(Place::file(file), what)
            .expected("each client id in one file")
            .found(format!("the same in {}", other.display()))
            .remedy("remove or rename one of the two clients"))
    }
}

/// The TOML files of a directory, ordered by name. Hidden files are those of editors.
pub(crate) fn toml_files(directory: &Path) -> Result<Vec<PathBuf>, ConfigError> {
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
