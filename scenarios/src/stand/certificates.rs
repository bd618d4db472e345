use crate::error::CannotRun;
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};

/// A certificate authority for one run. Its key lives in this value alone, and dies with it.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate_pem: String,
    valid: (Date, Date),
}

/// What a server needs to speak TLS.
pub(crate) struct Certificate {
    /// The certificate, PEM.
    pub(crate) certificate_pem: String,
    /// Its private key, PKCS#8 PEM.
    pub(crate) key_pem: String,
}

impl Authority {
    /// A new authority, whose certificates are valid from yesterday (clocks differ) for a number of days.
    pub(crate) fn new(now: Timestamp, days: i64) -> Result<Self, CannotRun> {
        let today = now.to_zoned(TimeZone::UTC).date();
        let valid = (today.saturating_sub(1.day()), today.saturating_add(days.days()));
        let mut params = Self::params("Bridge throw-away CA", &[], valid)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let certificate_pem = params.self_signed(&key)?.pem();
        Ok(Self { issuer: Issuer::new(params, key), certificate_pem, valid })
    }

    /// The certificate that verifies the others, PEM.
    pub(crate) fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// A server certificate for these host names.
    pub(crate) fn issue(&self, hosts: &[String]) -> Result<Certificate, CannotRun> {
        let name = hosts.first().map_or("localhost", String::as_str);
        let mut params = Self::params(name, hosts, self.valid)?;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate()?;
        let certificate_pem = params.signed_by(&key, &self.issuer)?.pem();
        Ok(Certificate { certificate_pem, key_pem: key.serialize_pem() })
    }

    fn params(name: &str, hosts: &[String], (from, until): (Date, Date)) -> Result<CertificateParams, CannotRun> {
        let mut params = CertificateParams::new(hosts)?;
        params.distinguished_name.push(DnType::CommonName, name);
        let part = |number: i8| u8::try_from(number).unwrap_or(1);
        let midnight = |date: Date| date_time_ymd(date.year().into(), part(date.month()), part(date.day()));
        params.not_before = midnight(from);
        params.not_after = midnight(until);
        Ok(params)
    }
}
