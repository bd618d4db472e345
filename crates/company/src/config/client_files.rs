use super::client::ClientConfig;
use super::workload_issuers::WorkloadIssuers;
use bridge_process::config::{ConfigError, Place, unreadable};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The files of `clients/`, each with its last good client, and those of `workload-issuers/` beside it, which they name. A file that breaks keeps its own last good client and leaves
/// the others alone.
#[derive(Debug, Clone, Default)]
pub struct ClientFiles {
    clients: BTreeMap<PathBuf, ClientConfig>,
    issuers: WorkloadIssuers,
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
        let mut errors = self.issuers.refresh(&directory.with_file_name("workload-issuers"));
        match toml_files(directory) {
            Ok(files) => errors.extend(self.refresh_files(files, &before)),
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

    /// Reads the files; gives the complaints. A file that breaks, or names the client id of another, goes on with its last
    /// good client. Whoever had an id keeps it.
    fn refresh_files(&mut self, files: Vec<PathBuf>, before: &BTreeMap<PathBuf, ClientConfig>) -> Vec<ConfigError> {
        let mut read: Vec<_> = files.into_iter().map(|file| (ClientConfig::read(&file, &self.issuers), file)).collect();
        read.sort_by_key(|(client, file)| {
            let last = before.get(file).map(|last| &last.client_id);
            client.as_ref().is_ok_and(|client| last != Some(&client.client_id))
        });
        let mut errors: Vec<(PathBuf, ConfigError)> = Vec::new();
        for (client, file) in read {
            if let Err(error) = client.and_then(|client| self.take(&file, client)) {
                if let Some(last) = before.get(&file) {
                    // If that fails too there is nothing more to say: the complaint is about the file as it is now.
                    drop(self.take(&file, last.clone()));
                }
                errors.push((file, error));
            }
        }
        errors.sort_by(|(one, _), (other, _)| one.cmp(other));
        errors.into_iter().map(|(_, error)| error).collect()
    }

    /// Takes a client in, unless its id is that of another.
    fn take(&mut self, file: &Path, client: ClientConfig) -> Result<(), ConfigError> {
        let client = self.refuse_second(file, client)?;
        self.clients.insert(file.to_owned(), client);
        Ok(())
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
