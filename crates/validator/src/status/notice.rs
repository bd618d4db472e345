use bridge_jose::profile::NumericDate;
use bridge_jose::{CredentialChange, EventSubject, SecurityEvent, StatusReference};
use bridge_types::{ClientId, KeyId, TokenId};

/// Word from an issuer that something of its own is not valid any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What.
    pub subject: NoticeSubject,
    /// Since when: of a client or of the whole issuer, tokens with `iat` up to and including this second are refused.
    pub at: NumericDate,
}

/// What a [`Notice`] is about. All of it belongs to the issuer that sent the notice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeSubject {
    /// One token.
    Token {
        /// The token.
        jti: TokenId,
        /// Where a status list says the same, if the issuer told.
        status: Option<StatusReference>,
    },
    /// The tokens of a client.
    Client(ClientId),
    /// A signing key, and whatever it signed.
    Key(KeyId),
    /// All tokens.
    Issuer,
}

impl Notice {
    /// What an event means for tokens; `None` when it means nothing for them.
    pub(super) fn of(event: &SecurityEvent) -> Option<Self> {
        let subject = match &event.subject {
            EventSubject::Token { jti, status } => NoticeSubject::Token { jti: jti.clone(), status: status.clone() },
            EventSubject::Client { client } | EventSubject::Credential { client, change: CredentialChange::Revoke } => {
                NoticeSubject::Client(client.clone())
            }
            EventSubject::Key { kid } => NoticeSubject::Key(kid.clone()),
            EventSubject::Issuer => NoticeSubject::Issuer,
            EventSubject::Credential { .. } | EventSubject::Unknown { .. } => return None,
        };
        Some(Self { subject, at: event.event_timestamp })
    }
}

impl NoticeSubject {
    /// The kind, as a word for logs and tables.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Token { .. } => "token",
            Self::Client(_) => "client",
            Self::Key(_) => "key",
            Self::Issuer => "issuer",
        }
    }

    /// What of that kind, as a word for logs and tables; empty for the issuer, which is known.
    pub fn name(&self) -> &str {
        match self {
            Self::Token { jti, .. } => jti.as_str(),
            Self::Client(client) => client.as_str(),
            Self::Key(kid) => kid.as_str(),
            Self::Issuer => "",
        }
    }
}
