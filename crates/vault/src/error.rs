use crate::{VaultAddress, VaultPath};
use std::path::PathBuf;
use std::time::Duration;

/// OpenBao could not do it. Says what the operator does about it; never contains a token or a secret.
#[derive(Debug, Clone, thiserror::Error)]
pub enum VaultError {
    /// Nobody answers. Trying again may help.
    #[error("OpenBao at {address} cannot be reached: {reason}; check that it runs, its `address` and its `ca_file`")]
    Unreachable {
        /// Where.
        address: VaultAddress,
        /// What the system said.
        reason: String,
    },
    /// No answer in time, connecting and waiting for a turn included. Trying again may help.
    #[error("OpenBao did not {operation} within {limit:?}; check its load and the network to it")]
    TimedOut {
        /// What was asked of it.
        operation: &'static str,
        /// For how long was waited.
        limit: Duration,
    },
    /// It is sealed, a standby without an active node, or overloaded. Trying again may help.
    #[error("OpenBao at {address} is not in service (status {status}); unseal it, or look at its own health")]
    NotInService {
        /// Where.
        address: VaultAddress,
        /// The HTTP status.
        status: u16,
    },
    /// What the platform should have given to this workload is not there.
    #[error("the credential for OpenBao in {path} cannot be used: {reason}; check what writes that file")]
    Credential {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// OpenBao does not accept this workload.
    #[error("OpenBao refuses the login at {path}: {said}; check the role there, and that the credential is current")]
    LoginRefused {
        /// The login endpoint.
        path: String,
        /// What OpenBao said.
        said: String,
    },
    /// The token is good and its policy does not allow this.
    #[error("OpenBao does not allow to {operation} at {path}; give the policy of this workload a rule for that path")]
    Denied {
        /// What was asked of it.
        operation: &'static str,
        /// Where.
        path: String,
    },
    /// OpenBao refuses the request as such.
    #[error("OpenBao refuses to {operation} at {path} (status {status}): {said}")]
    Refused {
        /// What was asked of it.
        operation: &'static str,
        /// Where.
        path: String,
        /// The HTTP status.
        status: u16,
        /// What OpenBao said.
        said: String,
    },
    /// The answer is not what OpenBao gives. Something else answers at that address, or it must not be believed.
    #[error("unexpected answer of OpenBao to {operation}: expected {expected}, found {found}")]
    Unexpected {
        /// What was asked of it.
        operation: &'static str,
        /// The form that was expected.
        expected: &'static str,
        /// What came instead; no part of the answer that could be secret.
        found: String,
    },
    /// This process cannot make the client. Trying again does not help.
    #[error("no client for OpenBao: {0}; check its `ca_file` and the certificate of this workload")]
    Client(String),
}

impl VaultError {
    /// True when trying again later may help, without anybody doing anything here.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::NotInService { .. } => true,
            Self::Refused { status, .. } => *status >= 500,
            Self::Credential { .. }
            | Self::LoginRefused { .. }
            | Self::Denied { .. }
            | Self::Unexpected { .. }
            | Self::Client(_) => false,
        }
    }

    /// Its kind, as metrics name it.
    pub fn outcome(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::TimedOut { .. } => "timed_out",
            Self::NotInService { .. } => "not_in_service",
            Self::Credential { .. } => "credential_unusable",
            Self::LoginRefused { .. } => "login_refused",
            Self::Denied { .. } => "denied",
            Self::Refused { .. } => "refused",
            Self::Unexpected { .. } => "unexpected_answer",
            Self::Client(_) => "client_unusable",
        }
    }

    pub(crate) fn unexpected(operation: &'static str, expected: &'static str, found: impl Into<String>) -> Self {
        Self::Unexpected { operation, expected, found: found.into() }
    }

    /// A login that was refused for what it carried, not for want of a policy.
    pub(crate) fn at_login(self, path: &VaultPath) -> Self {
        let path = format!("auth/{path}/login");
        match self {
            Self::Refused { said, status: 400..500, .. } => Self::LoginRefused { path, said },
            Self::Denied { .. } => Self::LoginRefused { path, said: "permission denied".to_owned() },
            other => other,
        }
    }
}
