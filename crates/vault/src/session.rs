use crate::answer::{Answer, exchange};
use crate::pace::renewal_delay;
use crate::request::Request;
use crate::secret_text::SecretText;
use crate::{Identity, Settings, VaultError};
use bytes::Bytes;
use reqwest::Client;
use reqwest::header::HeaderValue;
use serde::Deserialize;
use std::time::Duration;
use zeroize::Zeroizing;

/// How long a token from an agent's file is used before the file is read again.
const FILE_AGE: Duration = Duration::from_secs(30);

/// A token of OpenBao and the connections that it is used on.
#[derive(Debug)]
pub(crate) struct Session {
    client: Client,
    /// Marked as sensitive: it is never shown.
    token: HeaderValue,
    /// The first lease; a renewal that gives much less says that the token is near its end.
    first_lease: Duration,
    renewable: bool,
    /// Monotonic.
    logged_in_at: Duration,
    renew_at: Option<Duration>,
    ends_at: Option<Duration>,
    generation: u64,
}

#[derive(Deserialize)]
struct Login {
    auth: Auth,
}

#[derive(Deserialize)]
struct Auth {
    client_token: SecretText,
    lease_duration: u64,
    renewable: bool,
}

impl Session {
    /// Logs in.
    pub(crate) async fn begin(
        settings: &Settings,
        client: Client,
        now: Duration,
        generation: u64,
    ) -> Result<Self, VaultError> {
        let Some(mount) = settings.identity.login_mount() else {
            return Self::of_file(settings, client, now, generation);
        };
        let body = settings.identity.login_body()?;
        let login = Request::post("login", "let this workload log in", format!("auth/{mount}/login"), body);
        let answer = exchange(&client, settings.address(), &login, settings.namespace_header(), None).await;
        let Login { auth } = answer.map_err(|error| error.at_login(mount))?.parse()?;
        let token = header(&auth.client_token)?;
        let session = Self {
            client,
            token,
            first_lease: Duration::from_secs(auth.lease_duration),
            renewable: auth.renewable,
            logged_in_at: now,
            renew_at: None,
            ends_at: None,
            generation,
        };
        Ok(session.leased(&auth, now))
    }

    fn of_file(settings: &Settings, client: Client, now: Duration, generation: u64) -> Result<Self, VaultError> {
        let Identity::TokenFile(file) = &settings.identity else {
            return Err(VaultError::Client("no identity".to_owned()));
        };
        Ok(Self {
            client,
            token: header(&SecretText(file.read()?))?,
            first_lease: FILE_AGE,
            renewable: false,
            logged_in_at: now,
            renew_at: Some(now + FILE_AGE.mul_f64(2.0 / 3.0)),
            ends_at: Some(now + FILE_AGE),
            generation,
        })
    }

    /// The same token with its lease renewed; `None` when it has to be replaced by a new one.
    pub(crate) async fn renewed(&self, settings: &Settings, now: Duration) -> Result<Option<Self>, VaultError> {
        if !self.renewable {
            return Ok(None);
        }
        let path = "auth/token/renew-self".to_owned();
        let renew = Request::post("renew_token", "renew the token", path, Bytes::from_static(b"{}"));
        let Login { auth } = match self.exchange(settings, &renew).await {
            // With status 500 too: that is how OpenBao says that a token is past its longest life.
            Err(VaultError::Denied { .. } | VaultError::Refused { .. }) => return Ok(None),
            answer => answer?.parse()?,
        };
        let near_its_end = Duration::from_secs(auth.lease_duration) < self.first_lease / 2;
        if near_its_end || header(&auth.client_token)? != self.token {
            return Ok(None);
        }
        let (client, token) = (self.client.clone(), self.token.clone());
        let Self { first_lease, logged_in_at, generation, .. } = *self;
        let (renewable, renew_at, ends_at) = (auth.renewable, None, None);
        let renewed = Self { client, token, first_lease, renewable, logged_in_at, renew_at, ends_at, generation };
        Ok(Some(renewed.leased(&auth, now)))
    }

    fn leased(mut self, auth: &Auth, now: Duration) -> Self {
        // A token without a lease, as some operators make them, does not end.
        if auth.lease_duration > 0 {
            let lease = Duration::from_secs(auth.lease_duration);
            self.renew_at = Some(now + renewal_delay(lease));
            self.ends_at = Some(now + lease);
        }
        self
    }

    pub(crate) async fn exchange(&self, settings: &Settings, request: &Request) -> Result<Answer, VaultError> {
        exchange(&self.client, settings.address(), request, settings.namespace_header(), Some(&self.token)).await
    }

    pub(crate) fn is_live(&self, now: Duration) -> bool {
        self.ends_at.is_none_or(|end| now < end)
    }

    pub(crate) fn age(&self, now: Duration) -> Duration {
        now.saturating_sub(self.logged_in_at)
    }

    /// When its renewal is due; `None` when never.
    pub(crate) fn renew_at(&self) -> Option<Duration> {
        self.renew_at
    }

    /// Which login of this process it came from. What was leased under an older one ends with that.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// True when a new login brought the same token: an agent's file that has not changed.
    pub(crate) fn has_token_of(&self, other: &Self) -> bool {
        self.token == other.token
    }
}

/// The token as a header that shows nothing and is overwritten with its last use.
fn header(token: &SecretText) -> Result<HeaderValue, VaultError> {
    let bytes = Bytes::from_owner(Zeroizing::new(token.0.expose().clone().into_bytes()));
    let value = HeaderValue::from_maybe_shared(bytes).ok().filter(|value| !value.is_empty());
    let mut value = value.ok_or_else(|| {
        VaultError::unexpected("let this workload log in", "a token of visible characters", "something else")
    })?;
    value.set_sensitive(true);
    Ok(value)
}
