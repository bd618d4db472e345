use super::ConfigError;
use super::error::Place;
use bridge_strict_toml::Defect;
use serde::de::DeserializeOwned;
use std::ops::Range;
use std::path::{Path, PathBuf};
use toml::Spanned;
use toml::de::DeTable;

/// The text of one TOML file and where it came from, so that any complaint about a value can name its line.
#[derive(Debug)]
pub struct Source {
    path: PathBuf,
    text: String,
    /// Names of the environment variables that overrode values. Their values carry spans behind the end of the text.
    variables: Vec<String>,
}

impl Source {
    /// The text of a file that was read.
    pub fn new(path: &Path, text: String) -> Self {
        Self { path: path.to_owned(), text, variables: Vec::new() }
    }

    /// Names the environment variables whose values are merged into this file, in the order of their spans.
    #[must_use]
    pub fn overridden_by(mut self, variables: impl IntoIterator<Item = String>) -> Self {
        self.variables.extend(variables);
        self
    }

    /// The file as a table in which no literal secret stands.
    ///
    /// # Errors
    /// When it is not TOML, or a secret stands in it.
    pub fn table(&self) -> Result<Spanned<DeTable<'_>>, ConfigError> {
        self.table_with(|_| {})
    }

    /// Like [`Self::table`], after a change of the table.
    ///
    /// # Errors
    /// Those of [`Self::table`].
    pub fn table_with<'i>(
        &'i self,
        change: impl FnOnce(&mut DeTable<'i>),
    ) -> Result<Spanned<DeTable<'i>>, ConfigError> {
        let mut table = bridge_strict_toml::parse(&self.text).map_err(|defect| self.complaint(defect))?;
        change(table.get_mut());
        bridge_strict_toml::refuse_secrets(table.get_ref()).map_err(|defect| self.complaint(defect))?;
        Ok(table)
    }

    /// Reads a table of this file as a value.
    ///
    /// # Errors
    /// When it has not the form of `T`; the complaint names the line.
    pub fn deserialize<T: DeserializeOwned>(&self, table: Spanned<DeTable<'_>>) -> Result<T, ConfigError> {
        bridge_strict_toml::read(table).map_err(|defect| self.complaint(defect))
    }

    /// The place of a span of this file.
    pub fn place(&self, span: Range<usize>) -> Place {
        if let Some(variable) = span.start.checked_sub(self.text.len() + 1).and_then(|index| self.variables.get(index))
        {
            return Place::Variable { variable: variable.clone() };
        }
        let (line, column) = bridge_strict_toml::position(&self.text, span.start);
        Place::Line { file: self.path.clone(), line, column }
    }

    /// The place of a key of a table, or the first line when it is not there.
    pub fn place_of(&self, table: &DeTable<'_>, key: &str) -> Place {
        self.place(table.get(key).map(toml::Spanned::span).unwrap_or_default())
    }

    /// A value together with its place.
    pub fn locate<T>(&self, value: Spanned<T>) -> Located<T> {
        let place = self.place(value.span());
        Located { value: value.into_inner(), place }
    }

    /// The span that marks a value as coming from the n-th environment variable.
    pub fn variable_span(&self, index: usize) -> Range<usize> {
        let start = self.text.len() + 1 + index;
        start..start + 1
    }

    fn complaint(&self, defect: Defect) -> ConfigError {
        ConfigError::of_toml(self.place(defect.span.clone()), defect)
    }
}

/// A value and where it stands, for the complaints that only its use can bring up.
#[derive(Debug, Clone)]
pub struct Located<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

impl<T> Located<T> {
    /// The same place with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Located<U> {
        Located { value: change(self.value), place: self.place }
    }
}

/// The complaint about a file or directory that cannot be read.
pub fn unreadable(path: &Path, expected: &str, error: &std::io::Error) -> ConfigError {
    ConfigError::new(Place::file(path), "cannot be read")
        .expected(expected)
        .found(error.to_string())
        .remedy("create it, or correct its path or its permissions")
}
