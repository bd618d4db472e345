use crate::config::TokenFileSettings;
use crate::health::{Health, TokenFileState};
use crate::partners::Partners;
use crate::runtime::{Kept, RuntimeDirectory, SecretFile};
use bridge_client::BearerToken;
use bridge_types::{Clock, ScopeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

/// How often a token is looked at. Its renewal begins at about two thirds of its life, so this is early enough for any.
const LOOK: Duration = Duration::from_millis(500);

/// One file in which an application finds a token that is good now: 0600, replaced in one step, renewed ahead of its end,
/// gone when there is none.
///
/// While the own issuer is down the file keeps its token until that expires, and then is removed: an application that
/// finds no file knows at once what an expired token would tell it later and less clearly.
#[derive(Debug)]
pub(crate) struct TokenFile {
    index: usize,
    partner: String,
    scopes: ScopeSet,
    file: SecretFile,
    held: Option<BearerToken>,
    /// What was last said of a file that cannot be written, so that it is said once.
    complaint: Option<String>,
}

impl TokenFile {
    /// The files of the configuration, none of them there yet. What an earlier process left behind is removed.
    pub(crate) fn all(
        settings: &[TokenFileSettings],
        runtime: &RuntimeDirectory,
    ) -> Result<Vec<Self>, (usize, std::io::Error)> {
        let file = |(index, settings): (usize, &TokenFileSettings)| {
            let path = runtime.secret(&settings.file.value).map_err(|error| (index, error))?;
            let file = SecretFile::new(path, Kept::UntilExit);
            file.remove().map_err(|error| (index, error))?;
            let (partner, scopes) = (settings.partner.to_string(), settings.scopes.clone());
            Ok(Self { index, partner, scopes, file, held: None, complaint: None })
        };
        settings.iter().enumerate().map(file).collect()
    }

    pub(crate) fn state(&self) -> TokenFileState {
        TokenFileState { file: self.file.path().to_owned(), partner: self.partner.clone(), present: false }
    }

    /// Keeps the file until the sidecar stops, then removes it.
    pub(crate) async fn keep(
        mut self,
        partners: Partners,
        health: Arc<Health>,
        clock: Arc<dyn Clock>,
        stop: CancellationToken,
    ) {
        let keep = async {
            loop {
                self.look(&partners, &*clock).await;
                health.note(self.index, self.held.is_some());
                sleep(LOOK).await;
            }
        };
        stop.run_until_cancelled(keep).await;
    }

    async fn look(&mut self, partners: &Partners, clock: &dyn Clock) {
        let Some(partner) = partners.find(&self.partner) else { return };
        let (tokens, audience) = (partner.api.tokens(), partner.api.audience());
        if self.held.as_ref().is_some_and(|held| held.remaining(clock.monotonic()).is_none()) {
            self.withdraw("the token has expired, and the own issuer gives no other");
        }
        // An error was logged by whoever asked; asking again is paced there too.
        let Ok(token) = tokens.token(audience, &self.scopes).await else { return };
        if !self.held.as_ref().is_some_and(|held| held.is_same(&token)) {
            self.write(token, clock);
        }
    }

    fn write(&mut self, token: BearerToken, clock: &dyn Clock) {
        let file = self.file.path().display();
        match self.file.replace(token.expose().as_bytes()) {
            Ok(()) => {
                let expires_in_s = token.remaining(clock.monotonic()).unwrap_or_default().as_secs();
                tracing::info!(target: "bridge", event = "token_file", outcome = "ok", partner = self.partner, scope = %self.scopes,
                    token = %token.fingerprint(), %file, expires_in_s, "token written");
                (self.held, self.complaint) = (Some(token), None);
            }
            Err(error) => {
                let detail = error.to_string();
                if self.complaint.as_ref() == Some(&detail) {
                    return;
                }
                tracing::error!(target: "bridge", event = "token_file", outcome = "error", partner = self.partner, scope = %self.scopes,
                    %file, detail, "token not written");
                self.complaint = Some(detail);
            }
        }
    }

    fn withdraw(&mut self, detail: &'static str) {
        self.held = None;
        let removed = self.file.remove();
        let detail = removed.map_or_else(|error| format!("{detail}; not removed: {error}"), |()| detail.to_owned());
        tracing::error!(target: "bridge", event = "token_file", outcome = "error", partner = self.partner, scope = %self.scopes,
            file = %self.file.path().display(), detail, "token file removed");
    }
}
