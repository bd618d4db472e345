use crate::policy::{PolicyError, TrustPolicy};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// One policy file as it was found.
pub(super) struct Found {
    pub(super) file: PathBuf,
    pub(super) policy: Result<TrustPolicy, PolicyError>,
}

/// Reads every `*.toml` of a directory, by name. Hidden files (editors leave them) and other endings are not looked at.
pub(super) fn read(directory: &Path) -> io::Result<BTreeMap<String, Found>> {
    let mut found = BTreeMap::new();
    for entry in std::fs::read_dir(directory)? {
        let file = entry?.path();
        let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let is_policy = file.extension().is_some_and(|ending| ending == "toml") && !name.starts_with('.');
        if is_policy {
            let policy = TrustPolicy::read(&file);
            found.insert(name, Found { file, policy });
        }
    }
    Ok(found)
}
