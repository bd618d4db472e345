//! A token for the next event, at hand before there is one.
//!
//! When the key of the issuer is revoked, every token that is made from then on is signed with a key that partners have
//! never seen, and a partner that is being flooded with invented key ids looks for no key at that moment. A token from
//! before, of which the partner has not heard yet, tells it at once.

use super::scopes;
use crate::partners::Partners;
use bridge_client::PartnerApi;
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

/// How often it is seen to. Tokens live for minutes.
const PERIOD: Duration = Duration::from_secs(20);

/// Has a token ready for each partner that can be told of events, until the company stops.
pub(crate) async fn stay_ready(agents: Partners, shutdown: CancellationToken) {
    let Ok(scopes) = scopes() else { return };
    let mut tick = interval(PERIOD);
    tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
    while shutdown.run_until_cancelled(tick.tick()).await.is_some() {
        for api in agents.all() {
            // Who sends an event asks again; a failure is in the log already.
            drop(api.tokens().token(api.audience(), &scopes).await);
        }
    }
}

/// Gets another token in place of the one with which a partner was just told that it is worth nothing any more.
pub(super) async fn renew(api: &PartnerApi) {
    let held = scopes().ok().and_then(|scopes| api.tokens().cached(api.audience(), &scopes));
    if let Some(token) = held {
        drop(api.tokens().replace(&token).await);
    }
}
