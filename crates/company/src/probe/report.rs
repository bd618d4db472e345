use bridge_types::IssuerUrl;
use serde::Serialize;
use std::fmt;

/// What was found out about one partner.
#[derive(Debug, Serialize)]
pub(crate) struct PartnerReport {
    pub(super) partner: String,
    pub(super) issuer: IssuerUrl,
    pub(super) checks: Vec<Check>,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub(crate) struct Check {
    name: &'static str,
    verdict: Verdict,
    detail: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    Ok,
    Warning,
    Failed,
}

impl PartnerReport {
    /// Adds what was looked at later.
    pub(crate) fn add(&mut self, checks: Vec<Check>) {
        self.checks.extend(checks);
    }

    /// True when nothing failed.
    pub(crate) fn is_good(&self) -> bool {
        self.checks.iter().all(|check| check.verdict != Verdict::Failed)
    }
}

impl Check {
    pub(super) fn ok(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Ok, detail: detail.into() }
    }

    pub(super) fn warning(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Warning, detail: detail.into() }
    }

    pub(super) fn failed(name: &'static str, detail: impl Into<String>) -> Self {
        Self { name, verdict: Verdict::Failed, detail: detail.into() }
    }
}

impl fmt::Display for PartnerReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} ({})", self.partner, self.issuer)?;
        self.checks.iter().try_for_each(|Check { name, verdict, detail }| {
            let verdict = match verdict {
                Verdict::Ok => "ok",
                Verdict::Warning => "warning",
                Verdict::Failed => "FAILED",
            };
            writeln!(f, "  {verdict:<8} {name:<12} {detail}")
        })
    }
}
