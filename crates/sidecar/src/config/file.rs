use super::listen::{ListenSection, listen};
use super::routes::{RouteSection, routes};
use super::{
    ClientSettings, CredentialSource, IssuerSettings, Limits, PartnerSettings, RuntimeSettings, SidecarConfig,
    TokenFileSettings,
};
use bridge_client::{ApiUrl, PlatformToken, TokenFile};
use bridge_jose::Algorithm;
use bridge_process::config::{
    ConfigError, Count, Hosts, Located, LoopbackAddr, Name, Source, Span, TelemetryConfig, unreadable,
};
use bridge_types::{Audience, ClientId, Invalid, IssuerUrl, Network, ScopeSet};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;
use toml::Spanned;

/// Held in memory for each request that is under way, so not to be had without bound.
const MAX_REPEATABLE: u64 = 4 * 1024 * 1024;

/// `sidecar.toml` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SidecarFile {
    name: Name,
    issuer: IssuerSection,
    client: ClientSection,
    listen: Spanned<ListenSection>,
    operations: OperationsSection,
    #[serde(default)]
    partners: BTreeMap<Spanned<Name>, PartnerSection>,
    #[serde(default)]
    token_files: Vec<TokenFileSection>,
    #[serde(default)]
    runtime: RuntimeSection,
    #[serde(default)]
    hosts: Hosts,
    #[serde(default)]
    limits: LimitsSection,
    #[serde(default)]
    telemetry: TelemetryConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IssuerSection {
    url: IssuerUrl,
    ca_file: Option<Spanned<PathBuf>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ClientSection {
    client_id: ClientId,
    credential: Spanned<CredentialSection>,
    algorithm: Option<Algorithm>,
}

#[derive(Deserialize)]
enum CredentialSection {
    #[serde(rename = "key_file")]
    Key(PathBuf),
    #[serde(rename = "token_file")]
    Token(PathBuf),
    #[serde(rename = "svid_file")]
    Svid(PathBuf),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct OperationsSection {
    listen: Spanned<LoopbackAddr>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartnerSection {
    url: Spanned<ApiAddress>,
    audience: Option<Audience>,
    ca_file: Option<Spanned<PathBuf>>,
    #[serde(default)]
    private_networks: Vec<NetworkWord>,
    scopes: Option<Spanned<ScopeSet>>,
    #[serde(default)]
    routes: Vec<RouteSection>,
}

/// Where an API is, and the audience that it is unless another is given: the text as it was written, because audiences are
/// compared byte for byte and a URL puts a slash after its host.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct ApiAddress {
    url: ApiUrl,
    audience: Audience,
}

impl TryFrom<String> for ApiAddress {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Ok(Self { url: text.parse()?, audience: text.parse()? })
    }
}

/// A network in CIDR notation.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct NetworkWord(Network);

impl TryFrom<String> for NetworkWord {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse().map(Self)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenFileSection {
    partner: Spanned<Name>,
    scopes: Spanned<ScopeSet>,
    file: Spanned<PathBuf>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RuntimeSection {
    directory: Option<Spanned<PathBuf>>,
    #[serde(default)]
    on_disk: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct LimitsSection {
    connections: Count,
    answer_within: Span,
    drain: Span,
    repeatable_body: Option<Spanned<u64>>,
    request_body: Option<u64>,
    response_body: Option<u64>,
    body_idle: Option<Span>,
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self {
            connections: Count::of(256),
            answer_within: Span::of(Duration::from_secs(30)),
            drain: Span::of(Duration::from_secs(25)),
            repeatable_body: None,
            request_body: None,
            response_body: None,
            body_idle: None,
        }
    }
}

/// Reads and checks a file.
pub(super) fn load(path: &Path) -> Result<SidecarConfig, ConfigError> {
    let text = std::fs::read_to_string(path).map_err(|error| unreadable(path, "a TOML file", &error))?;
    let source = Source::new(path, text);
    let file: SidecarFile = source.deserialize(source.table()?)?;
    let checks = Checks { source: &source, directory: path.parent().unwrap_or(Path::new("")) };
    let partners = checks.partners(file.partners)?;
    let token_files = file.token_files.into_iter().map(|section| checks.token_file(section, &partners));
    let token_files = token_files.collect::<Result<_, _>>()?;
    Ok(SidecarConfig {
        name: file.name,
        issuer: IssuerSettings { url: file.issuer.url, ca_file: file.issuer.ca_file.map(|ca| checks.beside(ca)) },
        client: checks.client(file.client),
        listen: listen(&source, file.listen)?,
        operations: source.locate(file.operations.listen).map(|LoopbackAddr(address)| address),
        partners,
        token_files,
        runtime: RuntimeSettings {
            directory: file.runtime.directory.map(|directory| checks.beside(directory)),
            on_disk: file.runtime.on_disk,
        },
        hosts: file.hosts,
        limits: checks.limits(file.limits)?,
        telemetry: file.telemetry,
    })
}

/// What one value alone cannot show to be right.
struct Checks<'s> {
    source: &'s Source,
    directory: &'s Path,
}

impl Checks<'_> {
    /// A path that starts at the directory of the file.
    fn beside(&self, path: Spanned<PathBuf>) -> Located<PathBuf> {
        self.source.locate(path).map(|path| self.directory.join(path))
    }

    fn client(&self, section: ClientSection) -> ClientSettings {
        let credential = self.source.locate(section.credential).map(|credential| {
            let beside = |file: PathBuf| self.directory.join(file);
            let platform = |file, kind| CredentialSource::Platform(TokenFile::new(beside(file), kind));
            match credential {
                CredentialSection::Key(file) => CredentialSource::KeyFile(beside(file)),
                CredentialSection::Token(file) => platform(file, PlatformToken::Jwt),
                CredentialSection::Svid(file) => platform(file, PlatformToken::JwtSvid),
            }
        });
        ClientSettings {
            client_id: section.client_id,
            credential,
            algorithm: section.algorithm.unwrap_or(Algorithm::Es256),
        }
    }

    fn partners(
        &self,
        sections: BTreeMap<Spanned<Name>, PartnerSection>,
    ) -> Result<BTreeMap<Name, PartnerSettings>, ConfigError> {
        let partner = |(name, section): (Spanned<Name>, PartnerSection)| {
            let place = self.source.place(name.span());
            let routes = routes(self.source, place, section.scopes, section.routes)?;
            let Located { value: address, place } = self.source.locate(section.url);
            let (url, audience) = (Located { value: address.url, place }, section.audience.unwrap_or(address.audience));
            let ca_file = section.ca_file.map(|ca| self.beside(ca));
            let private_networks = section.private_networks.into_iter().map(|NetworkWord(network)| network).collect();
            Ok((name.into_inner(), PartnerSettings { url, audience, ca_file, private_networks, routes }))
        };
        sections.into_iter().map(partner).collect()
    }

    fn token_file(
        &self,
        section: TokenFileSection,
        partners: &BTreeMap<Name, PartnerSettings>,
    ) -> Result<TokenFileSettings, ConfigError> {
        let partner = self.source.locate(section.partner);
        let scopes = self.source.locate(section.scopes);
        if !partners.contains_key(&partner.value) {
            return Err(ConfigError::new(partner.place, "a token file for a partner that is not configured")
                .expected("the name of a section [partners.NAME]")
                .found(format!("\"{}\"", partner.value))
                .remedy("correct the name, or add the partner"));
        }
        if scopes.value.is_empty() {
            return Err(no_scopes(scopes.place));
        }
        Ok(TokenFileSettings { partner: partner.value, scopes: scopes.value, file: self.source.locate(section.file) })
    }

    fn limits(&self, section: LimitsSection) -> Result<Limits, ConfigError> {
        let repeatable = section.repeatable_body.map(|bytes| self.source.locate(bytes));
        if let Some(Located { value, place }) = repeatable.clone().filter(|bytes| bytes.value > MAX_REPEATABLE) {
            return Err(ConfigError::new(place, "bodies too large to be held")
                .expected(format!("0 to {MAX_REPEATABLE} bytes"))
                .found(value.to_string())
                .remedy("larger bodies flow without being held; write less"));
        }
        Ok(Limits {
            connections: section.connections.get(),
            answer_within: section.answer_within.duration(),
            drain: section.drain.duration(),
            repeatable_body: repeatable.map_or(64 * 1024, |bytes| bytes.value),
            request_body: section.request_body,
            response_body: section.response_body,
            body_idle: section.body_idle.map(Span::duration),
        })
    }
}

/// The complaint about a set of scopes with nothing in it.
pub(super) fn no_scopes(place: bridge_process::config::Place) -> ConfigError {
    ConfigError::new(place, "no scopes")
        .expected("at least one scope: a token without scopes permits nothing")
        .found("an empty list")
        .remedy("name the least scopes that the partner's route requires")
}
