use crate::Surroundings;
use crate::cli::Certificates;
use crate::console;
use crate::error::CannotRun;
use crate::side::Side;
use crate::stand::certificates::Authority;
use crate::stand::{tls_files, toml_file};
use bridge_types::{Clock, SystemClock};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Makes the TLS files and says which.
pub(crate) fn run(wanted: &Certificates, surroundings: &Surroundings) -> Result<(), CannotRun> {
    write(wanted, surroundings)?.iter().for_each(|path| console::say(&path.display()));
    console::say(&format_args!("valid for {} days; not for production", wanted.days));
    Ok(())
}

/// Makes one throw-away authority and every TLS file that the configuration directories name. The authority's key is
/// not kept: for more files, make them all anew.
fn write(wanted: &Certificates, surroundings: &Surroundings) -> Result<Vec<PathBuf>, CannotRun> {
    let committed = || Side::BOTH.map(|side| surroundings.workspace.join(side.name()).join("config")).to_vec();
    let configs = if wanted.configs.is_empty() { committed() } else { wanted.configs.clone() };
    let files = configs.iter().map(|directory| Files::named_in(directory)).collect::<Result<Vec<_>, _>>()?;
    let paths = || files.iter().flat_map(Files::paths);
    if !wanted.force
        && let Some(there) = paths().find(|path| path.exists())
    {
        let problem = format!("{} is there already; give --force to replace such files", there.display());
        return Err(CannotRun::Request(problem));
    }
    paths().for_each(|path| drop(std::fs::remove_file(path)));
    let authority = Authority::new(SystemClock::new().now(), wanted.days)?;
    for files in &files {
        files.write(&authority)?;
    }
    Ok(paths().map(Path::to_owned).collect())
}

/// The TLS files that one configuration directory names.
#[derive(Debug)]
struct Files {
    hosts: Vec<String>,
    certificate: PathBuf,
    key: PathBuf,
    authorities: Vec<PathBuf>,
}

impl Files {
    fn named_in(directory: &Path) -> Result<Self, CannotRun> {
        let company_toml = directory.join("company.toml");
        let company = toml_file::read(&company_toml)?;
        let lacks = |what: &str| CannotRun::settings(&company_toml, format!("expected {what}, found none"));
        let tls = company.get("tls").and_then(Value::as_table).ok_or_else(|| lacks("a section [tls]"))?;
        let mut authorities: Vec<PathBuf> = named(directory, tls, "ca_file").into_iter().collect();
        let partners = directory.join("partners");
        for policy in toml_file::list(&partners)? {
            authorities.extend(named(&partners, &toml_file::read(&policy)?, "ca_file"));
        }
        authorities.sort();
        authorities.dedup();
        Ok(Self {
            hosts: hosts(&company),
            certificate: named(directory, tls, "certificate_file").ok_or_else(|| lacks("certificate_file in [tls]"))?,
            key: named(directory, tls, "key_file").ok_or_else(|| lacks("key_file in [tls]"))?,
            authorities,
        })
    }

    fn paths(&self) -> impl Iterator<Item = &Path> {
        [&self.certificate, &self.key].into_iter().chain(&self.authorities).map(PathBuf::as_path)
    }

    fn write(&self, authority: &Authority) -> Result<(), CannotRun> {
        let certificate = authority.issue(&self.hosts)?;
        tls_files::write(&self.certificate, &certificate.certificate_pem)?;
        tls_files::write_private(&self.key, &certificate.key_pem)?;
        self.authorities.iter().try_for_each(|path| tls_files::write(path, authority.certificate_pem()))
    }
}

/// The file that a key names. Paths are relative to the file in which they stand.
fn named(directory: &Path, table: &Table, key: &str) -> Option<PathBuf> {
    table.get(key).and_then(Value::as_str).map(|path| directory.join(path))
}

/// The host names under which a company is known, and the loopback ones.
fn hosts(company: &Table) -> Vec<String> {
    let url = |section: &str| company.get(section)?.get("url")?.as_str()?.parse::<reqwest::Url>().ok();
    let named = ["issuer", "api"].into_iter().filter_map(|section| Some(url(section)?.host_str()?.to_owned()));
    let mut hosts: Vec<String> = named.collect();
    hosts.extend(["localhost", "127.0.0.1", "::1"].map(str::to_owned));
    hosts.dedup();
    hosts
}

#[cfg(test)]
mod tests {
    use super::write;
    use crate::Surroundings;
    use crate::cli::Certificates;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn makes_the_files_that_the_configuration_names_and_replaces_none_unasked() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        std::fs::create_dir(root.join("partners")).unwrap();
        let tls = "[tls]\ncertificate_file = \"tls/c.pem\"\nkey_file = \"tls/k.pem\"\nca_file = \"tls/ca.pem\"\n";
        let urls = "[issuer]\nurl = \"https://i.example:1\"\n[api]\nurl = \"https://p.example:2\"\n";
        std::fs::write(root.join("company.toml"), format!("{tls}{urls}")).unwrap();
        std::fs::write(root.join("partners/b.toml"), "ca_file = \"../tls/b-ca.pem\"\n").unwrap();
        let mut wanted = Certificates { configs: vec![root.to_owned()], days: 3, force: false };
        let nowhere = || root.join("nowhere");
        let surroundings = Surroundings { cargo: None, executable: nowhere(), workspace: nowhere() };
        write(&wanted, &surroundings).unwrap();
        let read = |name: &str| std::fs::read_to_string(root.join("tls").join(name)).unwrap();
        assert_eq!(read("ca.pem"), read("b-ca.pem"));
        let mode = std::fs::metadata(root.join("tls/k.pem")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let first = read("c.pem");
        let problem = write(&wanted, &surroundings).unwrap_err().to_string();
        assert!(problem.contains("--force"), "{problem}");
        wanted.force = true;
        write(&wanted, &surroundings).unwrap();
        assert_ne!(read("c.pem"), first);
    }
}
