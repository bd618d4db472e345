use super::{PARTNER_FACING, toml_file};
use crate::error::CannotRun;
use crate::side::{Pair, Side};
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// Where everything is in one run: who listens at which port and is known by which URL.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The committed configuration directory of each company, from which the run's own is made.
    pub(crate) template: Pair<PathBuf>,
    /// Each company as it is known in this run.
    pub(crate) parties: Pair<Party>,
    /// The port of the issuer that nobody trusts.
    pub(crate) stranger: u16,
    /// Each company's URLs as the committed configuration has them.
    committed: Pair<[Endpoint; 2]>,
}

/// One company as it is known in one run.
#[derive(Debug, Clone)]
pub(crate) struct Party {
    /// Its issuer identifier.
    pub(crate) issuer: Endpoint,
    /// Its API, which is the audience of tokens for it.
    pub(crate) api: Endpoint,
    /// The port of its operations pages.
    pub(crate) operations: u16,
}

/// A URL of the form `https://host:port`, and its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// The whole.
    pub(crate) url: String,
    /// The host name.
    pub(crate) host: String,
    /// The port.
    pub(crate) port: u16,
}

impl Endpoint {
    fn new(host: &str, port: u16) -> Self {
        Self { url: format!("https://{host}:{port}"), host: host.to_owned(), port }
    }

    fn parse(url: &str) -> Option<Self> {
        let parsed = reqwest::Url::parse(url).ok()?;
        Some(Self { url: url.to_owned(), host: parsed.host_str()?.to_owned(), port: parsed.port_or_known_default()? })
    }

    fn at(&self, port: u16) -> Self {
        Self::new(&self.host, port)
    }

    /// The address at which this end listens, on one of the loopback addresses.
    pub(crate) fn on(&self, address: IpAddr) -> SocketAddr {
        (address, self.port).into()
    }
}

impl Plan {
    /// Reads the committed configuration of both companies below `workspace`, and gives each listener a port.
    pub(crate) fn new(workspace: &Path, ports: &[u16]) -> Result<Self, CannotRun> {
        let template = Pair::new(|side| workspace.join(side.name()).join("config"));
        let committed = Pair::try_new(|side| endpoints(&template[side].join("company.toml")))?;
        let mut ports = ports.iter().copied();
        let mut port = || ports.next().ok_or_else(|| CannotRun::Request("too few ports".to_owned()));
        let parties = Pair::try_new(|side| {
            let [issuer, api] = &committed[side];
            Ok::<_, CannotRun>(Party { issuer: issuer.at(port()?), api: api.at(port()?), operations: port()? })
        })?;
        Ok(Self { template, parties, stranger: port()?, committed })
    }

    /// The issuer that nobody trusts. Somebody who wanted its keys would knock at its port.
    pub(crate) fn stranger_issuer(&self) -> String {
        format!("https://{PARTNER_FACING}:{}", self.stranger)
    }

    /// How many ports a plan takes.
    pub(crate) const PORTS: usize = 7;

    /// Puts this run's URLs in the place of the committed ones, anywhere in a configuration file.
    pub(crate) fn rewrite(&self, table: &mut Table) {
        table.iter_mut().for_each(|(_, value)| self.rewrite_value(value));
    }

    fn rewrite_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                if let Some(url) = self.url_for(text) {
                    *text = url;
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.rewrite_value(value)),
            Value::Table(table) => self.rewrite(table),
            _ => {}
        }
    }

    fn url_for(&self, committed: &str) -> Option<String> {
        Side::BOTH.into_iter().find_map(|side| {
            let [issuer, api] = &self.committed[side];
            let party = &self.parties[side];
            [(issuer, &party.issuer), (api, &party.api)]
                .into_iter()
                .find_map(|(old, new)| (old.url == committed).then(|| new.url.clone()))
        })
    }
}

fn endpoints(company_toml: &Path) -> Result<[Endpoint; 2], CannotRun> {
    let settings = toml_file::read(company_toml)?;
    let endpoint = |section: &str| {
        let url = settings.get(section).and_then(|section| section.get("url")).and_then(Value::as_str);
        url.and_then(Endpoint::parse)
            .ok_or_else(|| CannotRun::settings(company_toml, format!("expected a URL in [{section}] url, found none")))
    };
    Ok([endpoint("issuer")?, endpoint("api")?])
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Plan;
    use crate::side::Side;
    use std::path::Path;

    /// A workspace with as much configuration as a plan needs.
    pub(crate) fn workspace() -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for side in Side::BOTH {
            let config = directory.path().join(side.name()).join("config");
            let (name, partners) = (side.name(), config.join("partners"));
            std::fs::create_dir_all(&partners).unwrap();
            std::fs::create_dir_all(config.join("clients")).unwrap();
            for partner in Side::BOTH {
                let text = format!("issuer = \"https://i.{}.example:1\"\n", partner.name());
                std::fs::write(partners.join(partner.name()).with_extension("toml"), text).unwrap();
            }
            let text = format!(
                "[issuer]\nurl = \"https://i.{name}.example:1\"\n[api]\nurl = \"https://p.{name}.example:2\"\n"
            );
            std::fs::write(config.join("company.toml"), text).unwrap();
        }
        directory
    }

    #[test]
    fn gives_every_committed_url_its_port_of_this_run() {
        let directory = workspace();
        let plan = Plan::new(directory.path(), &[11, 12, 13, 21, 22, 23, 31]).unwrap();
        assert_eq!(plan.parties[Side::B].api.url, "https://p.company-b.example:22");
        let mut table = "a = 'https://i.company-a.example:1'\nb = ['https://p.company-b.example:2', 'https://p.company-b.example:3']"
            .parse()
            .unwrap();
        plan.rewrite(&mut table);
        assert_eq!(table["a"].as_str(), Some("https://i.company-a.example:11"));
        assert_eq!(table["b"][0].as_str(), Some("https://p.company-b.example:22"));
        assert_eq!(table["b"][1].as_str(), Some("https://p.company-b.example:3"), "another URL stays");
    }

    #[test]
    fn says_which_file_lacks_a_url() {
        let problem = Plan::new(Path::new("/nonexistent"), &[]).unwrap_err().to_string();
        assert!(problem.contains("/nonexistent/company-a/config/company.toml"), "{problem}");
    }
}
