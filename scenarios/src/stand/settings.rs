use super::certificates::Authority;
use super::plan::Plan;
use super::platform::{self, Platform};
use super::{DIRECT, PARTNER_FACING, tls_files, toml_file};
use crate::error::CannotRun;
use crate::side::Side;
use crate::tester::{KEYS_FILE, Tester, Trust, ceilings, pod_access, registrations, trust_policy};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use toml::{Table, Value};

/// The certificate of the run's authority, beside each file that names it.
pub(crate) const CA_FILE: &str = "ca.pem";

/// Makes the configuration directory of one company for one run: the committed one, with the run's addresses and
/// certificates, and with the tester's clients and trust policies added.
pub(crate) struct Settings<'r> {
    /// Who listens where.
    pub(crate) plan: &'r Plan,
    /// Who signs the certificates.
    pub(crate) authority: &'r Authority,
    /// Whose clients and policies are added.
    pub(crate) tester: &'r Tester,
    /// What the companies' pods run on.
    pub(crate) platform: &'r Platform,
}

impl Settings<'_> {
    /// Writes the directory of a company; it must not exist yet.
    pub(crate) fn write(&self, side: Side, directory: &Path) -> Result<(), CannotRun> {
        self.copy(&self.plan.template[side], directory)?;
        self.write_tls(side, &directory.join("tls"))?;
        edit(&directory.join("company.toml"), |table| self.company(side, table))?;
        self.write_partners(side, &directory.join("partners"))?;
        self.write_clients(side, &directory.join("clients"))?;
        let token = platform::volume(directory.parent().unwrap_or(directory), side).join("token");
        self.platform.write(directory, pod_access(side, self.plan), &token)
    }

    fn write_partners(&self, side: Side, directory: &Path) -> Result<(), CannotRun> {
        tls_files::write(&directory.join(CA_FILE), self.authority.certificate_pem())?;
        for path in toml_file::list(directory)? {
            edit(&path, |table| policy(side, &path, table))?;
        }
        toml_file::replace(&directory.join(KEYS_FILE), &self.tester.issuer_jwks())?;
        toml_file::write(&directory.join("tester.toml"), &trust_policy(side, &self.plan.parties[side]))
    }

    fn write_clients(&self, side: Side, directory: &Path) -> Result<(), CannotRun> {
        toml_file::replace(&directory.join(KEYS_FILE), &self.tester.client_jwks(side))?;
        for (name, client) in registrations(side, self.plan) {
            toml_file::write(&directory.join(format!("{name}.toml")), &client)?;
        }
        Ok(())
    }

    /// Copies every TOML and JSON file, with this run's URLs in the place of the committed ones.
    fn copy(&self, from: &Path, to: &Path) -> Result<(), CannotRun> {
        fs::create_dir_all(to).map_err(CannotRun::system(format!("make {}", to.display())))?;
        for path in toml_file::entries(from)? {
            let target = to.join(path.file_name().unwrap_or_default());
            match path.extension().and_then(OsStr::to_str) {
                _ if path.is_dir() => self.copy(&path, &target)?,
                Some("toml") => {
                    let mut table = toml_file::read(&path)?;
                    self.plan.rewrite(&mut table);
                    toml_file::write(&target, &table)?;
                }
                Some("json") => {
                    fs::copy(&path, &target).map_err(CannotRun::system(format!("copy {}", path.display())))?;
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn write_tls(&self, side: Side, directory: &Path) -> Result<(), CannotRun> {
        let party = &self.plan.parties[side];
        let certificate = self.authority.issue(&[party.issuer.host.clone(), party.api.host.clone()])?;
        tls_files::write(&directory.join(CA_FILE), self.authority.certificate_pem())?;
        tls_files::write(&directory.join("cert.pem"), &certificate.certificate_pem)?;
        tls_files::write_private(&directory.join("key.pem"), &certificate.key_pem)
    }

    fn company(&self, side: Side, table: &mut Table) {
        let (own, partner) = (&self.plan.parties[side], &self.plan.parties[side.other()]);
        toml_file::set(table, "issuer", "listen", own.issuer.on(DIRECT).to_string());
        toml_file::set(table, "api", "listen", own.api.on(DIRECT).to_string());
        toml_file::set(table, "operations", "listen", format!("{DIRECT}:{}", own.operations));
        toml_file::set(table, "tls", "certificate_file", "tls/cert.pem");
        toml_file::set(table, "tls", "key_file", "tls/key.pem");
        toml_file::set(table, "tls", "ca_file", format!("tls/{CA_FILE}"));
        toml_file::set(table, "telemetry", "log_format", "json");
        toml_file::set(table, "telemetry", "log_level", "info");
        // The whole attack corpus comes from one address, and each case must be told its own reason
        // and leave its own line. Many of its token requests are those of one client.
        for limit in ["tokens_per_second", "refusals_per_second", "logged_refusals_per_second"] {
            toml_file::set(table, "limits", limit, UNLIMITED);
        }
        // A scenario waits until a body that never comes is waited for no longer.
        toml_file::set(table, "limits", "body_time", "3s");
        // The company reaches itself directly, and its partner over the lines that the tester can cut.
        let hosts = [
            (&own.issuer.host, DIRECT),
            (&own.api.host, DIRECT),
            (&partner.issuer.host, PARTNER_FACING),
            (&partner.api.host, PARTNER_FACING),
        ];
        for (host, address) in hosts {
            toml_file::set(table, "hosts", host, address.to_string());
        }
    }
}

/// More a second than the tester can send.
const UNLIMITED: i64 = 1_000_000;

/// The changes to one of the committed policies.
fn policy(side: Side, file: &Path, table: &mut Table) {
    table.insert("ca_file".to_owned(), CA_FILE.into());
    let trust = match file.file_stem().and_then(OsStr::to_str) {
        Some(name) if name == side.name() => Trust::Own,
        _ => Trust::Partner,
    };
    for (client, ceiling) in ceilings(side, trust) {
        let mut entry = Table::new();
        entry.insert("scopes".to_owned(), Value::Array(ceiling.into_iter().map(Value::String).collect()));
        toml_file::set(table, "clients", client, entry);
    }
}

fn edit(path: &Path, change: impl FnOnce(&mut Table)) -> Result<(), CannotRun> {
    let mut table = toml_file::read(path)?;
    change(&mut table);
    toml_file::write(path, &table)
}

#[cfg(test)]
mod tests {
    use super::Settings;
    use crate::side::Side;
    use crate::stand::certificates::Authority;
    use crate::stand::plan::{Plan, tests::workspace};
    use crate::stand::platform::Platform;
    use crate::stand::toml_file::read;
    use crate::tester::Tester;

    #[test]
    fn a_partner_is_reached_over_lines_and_the_own_side_directly() {
        let (workspace, run) = (workspace(), tempfile::tempdir().unwrap());
        let plan = Plan::new(workspace.path(), &[11, 12, 13, 21, 22, 23, 31]).unwrap();
        let authority = Authority::new(jiff::Timestamp::UNIX_EPOCH, 1).unwrap();
        let tester = Tester::new().unwrap();
        let platform = Platform::new().unwrap();
        let settings = Settings { plan: &plan, authority: &authority, tester: &tester, platform: &platform };
        let directory = run.path().join("b");
        settings.write(Side::B, &directory).unwrap();

        let company = read(&directory.join("company.toml")).unwrap();
        assert_eq!(company["hosts"]["i.company-b.example"].as_str(), Some("127.0.0.1"));
        assert_eq!(company["hosts"]["i.company-a.example"].as_str(), Some("127.0.0.2"));
        assert_eq!(company["hosts"]["p.company-b.example"].as_str(), Some("127.0.0.1"));
        assert_eq!(company["hosts"]["p.company-a.example"].as_str(), Some("127.0.0.2"));
        assert_eq!(company["issuer"]["listen"].as_str(), Some("127.0.0.1:21"));

        let ceiling = |policy: &str| {
            let table = read(&directory.join("partners").join(policy)).unwrap();
            table["clients"]["tester"]["scopes"].as_array().unwrap().len()
        };
        assert_eq!(ceiling("company-b.toml"), 3, "the own policy has every scope");
        assert_eq!(ceiling("company-a.toml"), 2, "the partner's ceiling leaves one out");
        assert_eq!(
            read(&directory.join("partners/tester.toml")).unwrap()["issuer"].as_str(),
            Some("https://issuer.tester.example")
        );
        assert!(read(&directory.join("clients/newcomer.toml")).is_ok());
    }
}
