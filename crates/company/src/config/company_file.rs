use super::LimitsConfig;
use super::words::{Period, RotationPeriod, TokenLifetime};
use bridge_jose::Algorithm;
use bridge_process::config::{Hosts, ListenAddr, LoopbackAddr, Name, TelemetryConfig};
use bridge_store::DatabaseUrl;
use bridge_types::{Audience, IssuerUrl};
use serde::de::{Error, MapAccess, Unexpected, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Deserializer};
use std::fmt;
use std::path::PathBuf;
use toml::Spanned;

/// `company.toml` as it is written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CompanyFile {
    pub(super) name: Name,
    pub(super) database: Spanned<DatabaseUrl>,
    pub(super) issuer: IssuerSection,
    pub(super) api: ApiSection,
    pub(super) operations: OperationsSection,
    pub(super) tls: TlsSection,
    #[serde(default)]
    pub(super) keys: KeysSection,
    #[serde(default)]
    pub(super) hosts: Hosts,
    #[serde(default)]
    pub(super) telemetry: TelemetryConfig,
    #[serde(default)]
    pub(super) limits: LimitsConfig,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct IssuerSection {
    pub(super) url: Option<Spanned<IssuerUrl>>,
    pub(super) listen: Spanned<ListenAddr>,
    #[serde(default)]
    pub(super) access_token_lifetime: TokenLifetime,
    #[serde(default)]
    pub(super) key_rotation: RotationPeriod,
    pub(super) status_list_ttl: Option<Spanned<Period>>,
    pub(super) status_list_lifetime: Option<Spanned<Period>>,
    pub(super) algorithm: Option<Algorithm>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiSection {
    pub(super) url: Option<Spanned<Audience>>,
    pub(super) listen: Spanned<ListenAddr>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OperationsSection {
    pub(super) listen: Spanned<LoopbackAddr>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_field_names, reason = "the fields are the keys of the section")]
pub(super) struct TlsFilesSection {
    pub(super) certificate_file: Spanned<PathBuf>,
    pub(super) key_file: Spanned<PathBuf>,
    pub(super) ca_file: Option<Spanned<PathBuf>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeysSection {
    pub(super) kek: Option<KekSection>,
}

/// `{ file = "PATH" }` or `{ credential = "NAME" }`.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum KekSection {
    File(PathBuf),
    Credential(Name),
}

/// `tls = false` or the section `[tls]`. Not an untagged enum, whose complaints would lose line and reason.
pub(super) enum TlsSection {
    Off,
    Files(TlsFilesSection),
}

impl<'de> Deserialize<'de> for TlsSection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TlsVisitor)
    }
}

struct TlsVisitor;

impl<'de> Visitor<'de> for TlsVisitor {
    type Value = TlsSection;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`false` or a section [tls] with certificate_file and key_file")
    }

    fn visit_bool<E: Error>(self, on: bool) -> Result<TlsSection, E> {
        if on { Err(E::invalid_value(Unexpected::Bool(on), &self)) } else { Ok(TlsSection::Off) }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<TlsSection, A::Error> {
        TlsFilesSection::deserialize(MapAccessDeserializer::new(map)).map(TlsSection::Files)
    }
}
