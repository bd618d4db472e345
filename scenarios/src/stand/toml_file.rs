//! Reading and writing the TOML files of a company's configuration.

use crate::error::CannotRun;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The TOML files in a directory, by name.
pub(crate) fn list(directory: &Path) -> Result<Vec<PathBuf>, CannotRun> {
    Ok(entries(directory)?.into_iter().filter(|path| path.extension() == Some(OsStr::new("toml"))).collect())
}

/// Everything in a directory, by name.
pub(crate) fn entries(directory: &Path) -> Result<Vec<PathBuf>, CannotRun> {
    let list = || std::fs::read_dir(directory)?.map(|entry| Ok(entry?.path())).collect::<std::io::Result<Vec<_>>>();
    let mut paths = list().map_err(CannotRun::system(format!("list {}", directory.display())))?;
    paths.sort();
    Ok(paths)
}

/// Reads a file as a table.
pub(crate) fn read(path: &Path) -> Result<Table, CannotRun> {
    let text = std::fs::read_to_string(path).map_err(CannotRun::system(format!("read {}", path.display())))?;
    text.parse().map_err(|error: toml::de::Error| CannotRun::settings(path, error.message()))
}

/// Writes a table, so that a reader sees the old file or the new one and nothing between.
pub(crate) fn write(path: &Path, table: &Table) -> Result<(), CannotRun> {
    let text = toml::to_string(table).map_err(|error| CannotRun::settings(path, error))?;
    replace(path, &text)
}

/// Writes a text in the same way.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), CannotRun> {
    let beside = path.with_extension("new");
    std::fs::write(&beside, text)
        .and_then(|()| std::fs::rename(&beside, path))
        .map_err(CannotRun::system(format!("write {}", path.display())))
}

/// Sets a value in a section, making the section if need be.
pub(crate) fn set(table: &mut Table, section: &str, key: &str, value: impl Into<Value>) {
    let entry = table.entry(section).or_insert_with(|| Value::Table(Table::new()));
    if !entry.is_table() {
        *entry = Value::Table(Table::new());
    }
    if let Value::Table(section) = entry {
        section.insert(key.to_owned(), value.into());
    }
}
