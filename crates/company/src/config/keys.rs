use super::company_file::{KekSection, KeysSection};
use bridge_process::Variables;
use bridge_store::{Database, DatabaseUrl, KekFile, Plain, SealedKeys};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The section `[keys]`: what keeps the private halves of the company's keys.
#[derive(Debug, Clone)]
pub struct KeysConfig {
    /// Where the key-encryption key is.
    pub kek: KekSource,
}

/// Where the key-encryption key is, under which the private halves in the database are sealed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KekSource {
    /// A file of this company, made at the first start.
    File(PathBuf),
    /// A file that systemd provides (`LoadCredential=`, `LoadCredentialEncrypted=`).
    Credential(PathBuf),
}

impl KeysConfig {
    /// The section as it was written, its file taken from the directory; without one, a file beside the database.
    ///
    /// Whether a credential is provided shows when it is used: subcommands that need no private half run without.
    pub(super) fn new(section: KeysSection, directory: &Path, database: &DatabaseUrl, variables: &Variables) -> Self {
        let kek = match section.kek {
            None => KekSource::File(beside(database)),
            Some(KekSection::File(file)) => KekSource::File(directory.join(file)),
            Some(KekSection::Credential(name)) => {
                let credentials =
                    variables.get("CREDENTIALS_DIRECTORY").map_or("$CREDENTIALS_DIRECTORY", String::as_str);
                KekSource::Credential(Path::new(credentials).join(name.as_str()))
            }
        };
        Self { kek }
    }

    /// The keys in this database, sealed as this section says.
    pub(crate) fn of(&self, database: &Database) -> SealedKeys {
        let file = match &self.kek {
            KekSource::File(path) => KekFile::own(path.clone(), Arc::new(Plain)),
            KekSource::Credential(path) => KekFile::provided(path.clone(), Arc::new(Plain)),
        };
        SealedKeys::new(database.clone(), file)
    }
}

/// `company-a.db.kek` for `company-a.db`.
fn beside(database: &DatabaseUrl) -> PathBuf {
    let mut file = database.path().as_os_str().to_owned();
    file.push(".kek");
    file.into()
}
