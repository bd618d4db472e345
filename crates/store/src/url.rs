use bridge_types::Invalid;
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

const FORM: &str = "sqlite:PATH, such as sqlite:company-a.db";

/// Where a company keeps its database: `sqlite:PATH`.
///
/// Does NOT check that the file is there: opening makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseUrl(PathBuf);

impl DatabaseUrl {
    /// The same place, a relative path taken from the given directory.
    #[must_use]
    pub fn relative_to(&self, directory: &Path) -> Self {
        Self(directory.join(&self.0))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl FromStr for DatabaseUrl {
    type Err = Invalid;

    /// The complaint shows no more of another scheme than its name: such a URL may hold a password.
    fn from_str(text: &str) -> Result<Self, Invalid> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() && !path.starts_with([':', '?']) && !path.contains('\0') => {
                Ok(Self(path.strip_prefix("//").unwrap_or(path).into()))
            }
            Some(("sqlite", path)) => Err(Invalid::new("database", FORM, &format!("sqlite:{path}"))),
            Some((scheme, _)) => Err(Invalid::new("database", FORM, &format!("{scheme}:…"))),
            None => Err(Invalid::new("database", FORM, "no scheme")),
        }
    }
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sqlite:{}", self.0.display())
    }
}

impl<'de> Deserialize<'de> for DatabaseUrl {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::DatabaseUrl;
    use std::path::Path;

    #[test]
    fn takes_a_relative_path_from_the_directory_of_the_configuration() {
        let url: DatabaseUrl = "sqlite:data/a.db".parse().unwrap();
        assert_eq!(url.relative_to(Path::new("/etc/a")).path(), Path::new("/etc/a/data/a.db"));
        let absolute: DatabaseUrl = "sqlite:///var/a.db".parse().unwrap();
        assert_eq!(absolute.relative_to(Path::new("/etc/a")).path(), Path::new("/var/a.db"));
    }

    #[test]
    fn refuses_other_databases_without_showing_their_password() {
        for text in ["", "a.db", "sqlite:", "sqlite::memory:", "sqlite:?mode=ro", "mysql://u:hunter2@h/d"] {
            let complaint = text.parse::<DatabaseUrl>().expect_err(text).to_string();
            assert!(!complaint.contains("hunter2"), "{complaint}");
        }
    }
}
