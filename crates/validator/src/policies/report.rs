use super::{FileState, Files};
use crate::partner::{PolicyVersion, TrustedPartner};
use crate::policy::PolicyError;
use bridge_types::IssuerUrl;
use serde::Serialize;
use std::sync::Arc;

/// What became of one policy file, for the operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyState {
    /// The partner: the stem of the file's name.
    pub partner: String,
    /// The issuer of the policy in use; absent when there is none.
    pub issuer: Option<IssuerUrl>,
    /// The version of the policy in use; absent when there is none.
    pub version: Option<PolicyVersion>,
    /// False when the kill switch of the policy in use is off, and when there is no policy.
    pub enabled: bool,
    /// Why the file as it is now is not in use. While this is set the last good policy, if any, decides.
    pub error: Option<String>,
}

impl PolicyState {
    pub(super) fn of(name: &str, file: &FileState) -> Self {
        let partner = file.partner.as_ref();
        Self {
            partner: name.to_owned(),
            issuer: partner.map(|partner| partner.policy().issuer.url().clone()),
            version: partner.map(|partner| partner.version().clone()),
            enabled: partner.is_some_and(|partner| partner.policy().enabled),
            error: file.error.as_ref().map(ToString::to_string),
        }
    }
}

/// What a reload did.
#[derive(Debug, Clone, Default)]
pub struct ReloadReport {
    /// New policies and new versions, in use from now on.
    pub loaded: Vec<Arc<TrustedPartner>>,
    /// Partners whose file is gone: not trusted any more.
    pub removed: Vec<Arc<TrustedPartner>>,
    /// Files that were not accepted. The last good policy of such a file, if there is one, stays in use.
    pub rejected: Vec<PolicyError>,
}

impl ReloadReport {
    pub(super) fn between(before: &Files, now: &Files) -> Self {
        let same = |partner: &Arc<TrustedPartner>, other: Option<&FileState>| {
            other.and_then(|file| file.partner.as_ref()).is_some_and(|other| Arc::ptr_eq(partner, other))
        };
        let partners = |files: &Files| files.clone().into_iter().filter_map(|(name, file)| Some((name, file.partner?)));
        Self {
            loaded: partners(now)
                .filter(|(name, partner)| !same(partner, before.get(name)))
                .map(|(_, partner)| partner)
                .collect(),
            removed: partners(before)
                .filter(|(name, _)| now.get(name).is_none_or(|file| file.partner.is_none()))
                .map(|(_, partner)| partner)
                .collect(),
            rejected: now.values().filter_map(|file| file.error.clone()).collect(),
        }
    }

    /// One line for each change. A reload that changed nothing is silent.
    pub(super) fn log(&self) {
        for partner in &self.loaded {
            let (policy, version) = (partner.policy(), partner.version());
            tracing::info!(
                target: "bridge",
                event = "policy_loaded",
                outcome = "ok",
                partner = &*policy.partner,
                iss = policy.issuer.url().as_str(),
                enabled = policy.enabled,
                sequence = version.sequence,
                content = version.content,
                "trust policy in use"
            );
        }
        for partner in &self.removed {
            let policy = partner.policy();
            tracing::warn!(
                target: "bridge",
                event = "policy_removed",
                outcome = "ok",
                partner = &*policy.partner,
                iss = policy.issuer.url().as_str(),
                "trust policy gone: the partner is not trusted any more"
            );
        }
        for error in &self.rejected {
            tracing::error!(
                target: "bridge",
                event = "policy_rejected",
                outcome = "error",
                partner = error.partner(),
                detail = %error,
                "trust policy not accepted: the last good one, if any, stays in use"
            );
        }
    }
}

/// Policies that cannot be started with: every defect of every file, one a line.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{}", errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
pub struct LoadError {
    /// The defects, at least one.
    pub errors: Vec<PolicyError>,
}
