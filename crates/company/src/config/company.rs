use super::KeysConfig;
use super::LimitsConfig;
use super::company_file::{ApiSection, CompanyFile, IssuerSection, TlsFilesSection, TlsSection};
use super::overrides::Overrides;
use super::words::{Period, RotationPeriod, TokenLifetime};
use bridge_issuer::StatusListConfig;
use bridge_jose::Algorithm;
use bridge_process::Variables;
use bridge_process::config::{
    ConfigError, Hosts, ListenAddr, Located, LoopbackAddr, Name, Source, TelemetryConfig, unreadable,
};
use bridge_store::DatabaseUrl;
use bridge_types::{Audience, IssuerUrl};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Spanned;

/// What stands in `company.toml`, with every path resolved against the directory of the file.
#[derive(Debug, Clone)]
pub struct CompanyConfig {
    /// The name of the company, and of the policy for its own tokens.
    pub name: Name,
    /// The database file.
    pub database: Located<DatabaseUrl>,
    /// The section `[issuer]`.
    pub issuer: IssuerSettings,
    /// The section `[api]`.
    pub api: ApiSettings,
    /// Where the operations pages listen: plain HTTP, loopback only.
    pub operations: Located<SocketAddr>,
    /// The TLS files; `None` when TLS is off, which only loopback listeners may have.
    pub tls: Option<TlsFiles>,
    /// The section `[keys]`.
    pub keys: KeysConfig,
    /// Static addresses of host names, used before any name server.
    pub hosts: Hosts,
    /// The section `[telemetry]`.
    pub telemetry: TelemetryConfig,
    /// The section `[limits]`.
    pub limits: LimitsConfig,
}

/// The section `[issuer]`: the own issuer.
#[derive(Debug, Clone)]
pub struct IssuerSettings {
    /// The issuer identifier; the bound address when absent.
    pub url: Option<IssuerUrl>,
    /// Where the issuer listens.
    pub listen: Located<SocketAddr>,
    /// How long its tokens live.
    pub access_token_lifetime: TokenLifetime,
    /// How long a key signs, of the issuer or of a managed client, before it is replaced.
    pub key_rotation: RotationPeriod,
    /// How old what partners know of revoked tokens may become.
    pub status_lists: StatusListConfig,
    /// What its signing keys are made for. A key of another algorithm is replaced by rotation.
    pub algorithm: Algorithm,
}

/// The section `[api]`: the own API.
#[derive(Debug, Clone)]
pub struct ApiSettings {
    /// The audience of the API; the bound address when absent.
    pub url: Option<Audience>,
    /// Where the API listens.
    pub listen: Located<SocketAddr>,
}

/// The section `[tls]`.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// PEM: the certificate of the listeners, then its chain.
    pub certificate_file: Located<PathBuf>,
    /// PEM: the private key of that certificate.
    pub key_file: Located<PathBuf>,
    /// PEM: the authority to trust in calls to the OWN issuer, instead of the system's.
    pub ca_file: Option<Located<PathBuf>>,
}

impl CompanyConfig {
    /// Reads `company.toml` in a directory, overridden by the environment.
    pub(super) fn load(directory: &Path, overrides: &Overrides, variables: &Variables) -> Result<Self, ConfigError> {
        let path = directory.join("company.toml");
        let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, "a TOML file", &error))?;
        let source = Source::new(&path, text).overridden_by(overrides.variables());
        let table = source.table_with(|table| overrides.apply(&source, table))?;
        let file: CompanyFile = source.deserialize(table)?;
        let checks = Checks { source: &source, tls: matches!(file.tls, TlsSection::Files(_)) };
        let database = source.locate(file.database).map(|database| database.relative_to(directory));
        let keys = KeysConfig::new(file.keys, directory, &database.value, variables);
        let operations = source.locate(file.operations.listen);
        Ok(Self {
            name: file.name,
            database,
            issuer: checks.issuer(file.issuer)?,
            api: checks.api(file.api)?,
            operations: operations.map(|LoopbackAddr(address)| address),
            tls: match file.tls {
                TlsSection::Off => None,
                TlsSection::Files(files) => Some(tls_files(files, &source, directory)),
            },
            keys,
            hosts: file.hosts,
            telemetry: file.telemetry,
            limits: file.limits,
        })
    }
}

fn tls_files(files: TlsFilesSection, source: &Source, directory: &Path) -> TlsFiles {
    let locate = |file: Spanned<PathBuf>| source.locate(file).map(|file| directory.join(file));
    TlsFiles {
        certificate_file: locate(files.certificate_file),
        key_file: locate(files.key_file),
        ca_file: files.ca_file.map(locate),
    }
}

/// What one value alone cannot show to be right.
struct Checks<'s> {
    source: &'s Source,
    tls: bool,
}

impl Checks<'_> {
    fn issuer(&self, section: IssuerSection) -> Result<IssuerSettings, ConfigError> {
        Ok(IssuerSettings {
            url: self.url(section.url)?,
            listen: self.listener(section.listen)?,
            access_token_lifetime: section.access_token_lifetime,
            key_rotation: section.key_rotation,
            status_lists: self.status_lists(section.status_list_ttl, section.status_list_lifetime)?,
            algorithm: section.algorithm.unwrap_or(Algorithm::Es256),
        })
    }

    fn status_lists(
        &self,
        ttl: Option<Spanned<Period>>,
        lifetime: Option<Spanned<Period>>,
    ) -> Result<StatusListConfig, ConfigError> {
        let locate = |span: Option<Spanned<Period>>| span.map(|span| self.source.locate(span).map(|Period(span)| span));
        let (ttl, lifetime) = (locate(ttl), locate(lifetime));
        let value = |span: &Option<Located<Duration>>, default| span.as_ref().map_or(default, |span| span.value);
        let standard = StatusListConfig::default();
        let spans = (value(&ttl, standard.ttl()), value(&lifetime, standard.lifetime()));
        let Some(place) = ttl.or(lifetime).map(|span| span.place) else { return Ok(standard) };
        StatusListConfig::new(spans.0, spans.1).map_err(|invalid| {
            ConfigError::new(place, format!("the {} cannot be used", invalid.what()))
                .expected(invalid.expected())
                .found(format!("ttl {:?}, lifetime {:?}", spans.0, spans.1))
                .remedy("correct status_list_ttl or status_list_lifetime")
        })
    }

    fn api(&self, section: ApiSection) -> Result<ApiSettings, ConfigError> {
        Ok(ApiSettings { url: self.url(section.url)?, listen: self.listener(section.listen)? })
    }

    fn listener(&self, listen: Spanned<ListenAddr>) -> Result<Located<SocketAddr>, ConfigError> {
        let listen = self.source.locate(listen).map(|ListenAddr(address)| address);
        if self.tls || listen.value.ip().is_loopback() {
            return Ok(listen);
        }
        Err(ConfigError::new(listen.place, "a plain listener that other machines can reach")
            .expected("a loopback address, because `tls = false`")
            .found(listen.value.to_string())
            .remedy("listen on 127.0.0.1, or replace `tls = false` by a section [tls]"))
    }

    fn url<T: AsRef<str>>(&self, url: Option<Spanned<T>>) -> Result<Option<T>, ConfigError> {
        let Some(url) = url else { return Ok(None) };
        let url = self.source.locate(url);
        if !self.tls || url.value.as_ref().starts_with("https:") {
            return Ok(Some(url.value));
        }
        Err(ConfigError::new(url.place, "a plain URL for a TLS listener")
            .expected("an https URL, because [tls] is on")
            .found(format!("\"{}\"", url.value.as_ref()))
            .remedy("write https, or `tls = false` if the listener is on loopback"))
    }
}
