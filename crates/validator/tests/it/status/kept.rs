//! What survives a restart, and what happens when it cannot be read or written.

use super::{Listed, uri};
use crate::support::{API, Answer, ISSUER, setup};
use async_trait::async_trait;
use bridge_jose::profile::NumericDate;
use bridge_jose::{EventSubject, SecurityEvent, StatusReference};
use bridge_types::{Clock, IssuerUrl, StatusListUri};
use bridge_validator::keys::KeyTiming;
use bridge_validator::status::{
    EventRefusal, KeptList, KeptStatus, Notice, SecurityEventReceipt, StatusStore, StatusStoreFailure,
};
use bridge_validator::{Reason, TrustPolicies, Validator};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);

/// A store in memory, which outlives the validators that use it.
#[derive(Debug, Default)]
struct Shelf {
    kept: Mutex<KeptStatus>,
    broken: AtomicBool,
}

impl Shelf {
    fn check(&self) -> Result<(), StatusStoreFailure> {
        let broken = self.broken.load(Ordering::SeqCst);
        if broken { Err(StatusStoreFailure("the disk is full".into())) } else { Ok(()) }
    }
}

#[async_trait]
impl StatusStore for Shelf {
    async fn recall(&self, issuer: &IssuerUrl) -> Result<KeptStatus, StatusStoreFailure> {
        self.check()?;
        let kept = self.kept.lock().unwrap().clone();
        Ok(if issuer.as_str() == ISSUER { kept } else { KeptStatus::default() })
    }

    async fn keep_notice(&self, _: &IssuerUrl, notice: &Notice) -> Result<(), StatusStoreFailure> {
        self.check()?;
        self.kept.lock().unwrap().notices.push(notice.clone());
        Ok(())
    }

    async fn forget_notices(&self, _: &IssuerUrl, notices: &[Notice]) -> Result<(), StatusStoreFailure> {
        self.check()?;
        self.kept.lock().unwrap().notices.retain(|kept| !notices.contains(kept));
        Ok(())
    }

    async fn keep_list(&self, _: &IssuerUrl, list: &KeptList) -> Result<(), StatusStoreFailure> {
        self.check()?;
        let mut kept = self.kept.lock().unwrap();
        kept.lists.retain(|kept| kept.uri != list.uri);
        kept.lists.push(list.clone());
        Ok(())
    }

    async fn forget_list(&self, _: &IssuerUrl, uri: &StatusListUri) -> Result<(), StatusStoreFailure> {
        self.check()?;
        self.kept.lock().unwrap().lists.retain(|kept| kept.uri != *uri);
        Ok(())
    }
}

/// Starts the validator again, with nothing but what the shelf has.
async fn restart(listed: Listed, shelf: &Arc<Shelf>) -> Listed {
    restart_with(listed, Arc::clone(shelf) as _).await
}

/// The same, with any store.
pub(super) async fn restart_with(mut listed: Listed, store: Arc<dyn StatusStore>) -> Listed {
    let world = &mut listed.world;
    let mut setup = setup(&world.network, &world.clock, KeyTiming::default());
    setup.status = Some(store);
    world.policies = Arc::new(TrustPolicies::load(world.directory.path(), setup).unwrap());
    world.validator = Validator::new(Arc::clone(&world.policies), world.clock.clone());
    listed.world.policies.recall_status().await;
    listed
}

async fn push(listed: &Listed, subject: EventSubject) -> Result<SecurityEventReceipt, EventRefusal> {
    let now = listed.world.clock.now();
    let event = SecurityEvent { event_timestamp: NumericDate::from(now), reason_admin: None, subject };
    let event = listed.world.issuer.security_event(API, event, now).sign();
    listed.world.policies.of(ISSUER).unwrap().receive_event(&event, now).await
}

fn token(jti: &str, idx: u64) -> EventSubject {
    let status = StatusReference { idx, uri: uri(1).parse().unwrap() };
    EventSubject::Token { jti: jti.parse().unwrap(), status: Some(status) }
}

async fn refusal(listed: &Listed, jti: &str, idx: u64) -> Option<Reason> {
    listed.world.refusal(&listed.token(idx).claim("jti", jti).sign()).await
}

#[tokio::test]
async fn a_restart_while_the_list_server_is_down_forgets_nothing_and_refuses_nobody_else() {
    let shelf = Arc::new(Shelf::default());
    let listed = Listed::new();
    listed.publish(1, &[9]);
    let listed = restart(listed, &shelf).await;
    assert_eq!(listed.refusal(9).await, Some(Reason::TokenRevoked));
    assert_eq!(push(&listed, token("t1", 5)).await.unwrap(), SecurityEventReceipt::Applied);
    listed.settle().await;

    listed.world.network.answer(&uri(1), Answer::Status(503));
    let listed = restart(listed, &shelf).await;
    assert_eq!(refusal(&listed, "t1", 5).await, Some(Reason::TokenRevoked), "pushed");
    // The first keys bring what was kept into use.
    listed.settle().await;
    assert_eq!(listed.refusal(9).await, Some(Reason::TokenRevoked), "listed");
    assert_eq!(listed.refusal(8).await, None);
}

/// The fetches that the background begins before there are keys must not keep the list from the first call.
#[tokio::test]
async fn the_first_call_after_a_restart_is_decided_by_the_list() {
    let shelf = Arc::new(Shelf::default());
    let listed = Listed::new();
    listed.publish(1, &[9]);
    let mut listed = restart(listed, &shelf).await;
    assert_eq!(listed.refusal(8).await, None);
    listed.settle().await;
    for list_server in [None, Some(Answer::Status(503))] {
        if let Some(answer) = list_server {
            listed.world.network.answer(&uri(1), answer);
        }
        listed = restart(listed, &shelf).await;
        listed.world.policies.refresh_due();
        assert_eq!(listed.refusal(8).await, None);
        assert_eq!(listed.refusal(9).await, Some(Reason::TokenRevoked));
        listed.settle().await;
    }
}

#[tokio::test]
async fn what_was_kept_is_compared_with_what_there_is_now_right_after_a_restart() {
    let shelf = Arc::new(Shelf::default());
    let listed = restart(Listed::new(), &shelf).await;
    assert_eq!(listed.refusal(9).await, None);
    listed.settle().await;
    listed.world.clock.advance(SECOND);
    listed.publish(1, &[9]);
    let listed = restart(listed, &shelf).await;
    assert_eq!(listed.refusal(8).await, None);
    listed.pass(SECOND).await;
    assert_eq!(listed.refusal(9).await, Some(Reason::TokenRevoked));
}

#[tokio::test]
async fn an_older_list_is_refused_over_a_restart_too() {
    let shelf = Arc::new(Shelf::default());
    let listed = restart(Listed::new(), &shelf).await;
    let old = listed.list(1, &[]);
    listed.world.clock.advance(10 * SECOND);
    listed.publish(1, &[9]);
    assert_eq!(listed.refusal(9).await, Some(Reason::TokenRevoked));
    listed.settle().await;
    listed.publish_forged(1, &old);
    let listed = restart(listed, &shelf).await;
    assert_ne!(listed.refusal(9).await, None);
    for _ in 0..3 {
        listed.pass(31 * SECOND).await;
        assert_eq!(listed.refusal(9).await, Some(Reason::TokenRevoked));
    }
}

#[tokio::test]
async fn a_list_that_was_tampered_with_on_the_disk_is_not_used() {
    let shelf = Arc::new(Shelf::default());
    let listed = restart(Listed::new(), &shelf).await;
    assert_eq!(listed.refusal(7).await, None);
    listed.settle().await;
    listed.world.network.answer(&uri(1), Answer::Status(503));
    let forged = listed.world.other.status_list(&uri(1), &[], listed.world.clock.now()).sign();
    shelf.kept.lock().unwrap().lists[0].token = forged;
    let listed = restart(listed, &shelf).await;
    for _ in 0..2 {
        assert_eq!(listed.refusal(7).await, Some(Reason::StatusUnavailable));
        listed.settle().await;
    }
}

#[tokio::test]
async fn a_store_that_fails_acknowledges_nothing_and_judges_nobody_it_cannot_know_about() {
    let shelf = Arc::new(Shelf::default());
    let listed = restart(Listed::new(), &shelf).await;
    assert_eq!(listed.refusal(7).await, None);
    shelf.broken.store(true, Ordering::SeqCst);
    let refused = push(&listed, token("t1", 7)).await.unwrap_err();
    assert!(refused.code().is_none(), "to be sent again: {refused}");
    let listed = restart(listed, &shelf).await;
    assert_eq!(listed.refusal(7).await, Some(Reason::StatusUnavailable), "nobody knows what was revoked before");
    shelf.broken.store(false, Ordering::SeqCst);
    listed.world.policies.tidy_status().await;
    assert_eq!(listed.refusal(7).await, None);
    assert_eq!(push(&listed, token("t1", 7)).await.unwrap(), SecurityEventReceipt::Applied);
}

#[tokio::test]
async fn a_notice_is_dropped_when_a_later_list_says_the_same_and_not_before() {
    let shelf = Arc::new(Shelf::default());
    let listed = restart(Listed::new(), &shelf).await;
    assert_eq!(listed.refusal(7).await, None);
    assert_eq!(push(&listed, token("t1", 9)).await.unwrap(), SecurityEventReceipt::Applied);
    assert_eq!(push(&listed, token("t1", 9)).await.unwrap(), SecurityEventReceipt::Repeated);
    let notices = || listed.world.policies.of(ISSUER).unwrap().keys().status().state().notices.tokens;
    // Made in the second of the event: nobody knows whether before or after it.
    listed.publish(1, &[9]);
    listed.pass(30 * SECOND).await;
    assert_eq!(notices(), 1);
    // A list that does not say the same takes nothing back.
    listed.publish(1, &[]);
    listed.pass(30 * SECOND).await;
    assert_eq!((notices(), refusal(&listed, "t1", 9).await), (1, Some(Reason::TokenRevoked)));
    listed.publish(1, &[9]);
    listed.pass(30 * SECOND).await;
    assert_eq!((notices(), refusal(&listed, "t1", 9).await), (0, Some(Reason::TokenRevoked)));
    assert!(shelf.kept.lock().unwrap().notices.is_empty());
}

#[tokio::test]
async fn a_notice_that_no_live_token_can_be_about_is_dropped() {
    let shelf = Arc::new(Shelf::default());
    let listed = restart(Listed::new(), &shelf).await;
    push(&listed, EventSubject::Client { client: "order-service".parse().unwrap() }).await.unwrap();
    push(&listed, EventSubject::Issuer).await.unwrap();
    let counts = || listed.world.policies.of(ISSUER).unwrap().keys().status().state().notices;
    listed.world.clock.advance(3660 * SECOND);
    listed.world.policies.tidy_status().await;
    assert_eq!((counts().clients, counts().issuer), (1, 1));
    listed.world.clock.advance(SECOND);
    listed.world.policies.tidy_status().await;
    assert_eq!((counts().clients, counts().issuer), (0, 0));
    assert!(shelf.kept.lock().unwrap().notices.is_empty());
}
