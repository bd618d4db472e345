//! More events than anybody needs: what is over is to be sent again, and nothing else is held up by it.

use super::Listed;
use super::kept::restart_with;
use crate::support::{API, ISSUER};
use async_trait::async_trait;
use bridge_jose::profile::NumericDate;
use bridge_jose::{EventSubject, SecurityEvent};
use bridge_types::{Clock, IssuerUrl, StatusListUri};
use bridge_validator::Reason;
use bridge_validator::status::{
    EventRefusal, KeptList, KeptStatus, Notice, SecurityEventReceipt, StatusStore, StatusStoreFailure,
};
use futures_util::FutureExt;
use std::sync::Arc;

/// A disk to which nothing that is written ever gets.
#[derive(Debug)]
struct Stuck;

#[async_trait]
impl StatusStore for Stuck {
    async fn recall(&self, _: &IssuerUrl) -> Result<KeptStatus, StatusStoreFailure> {
        Ok(KeptStatus::default())
    }

    async fn keep_notice(&self, _: &IssuerUrl, _: &Notice) -> Result<(), StatusStoreFailure> {
        std::future::pending().await
    }

    async fn forget_notices(&self, _: &IssuerUrl, _: &[Notice]) -> Result<(), StatusStoreFailure> {
        Ok(())
    }

    async fn keep_list(&self, _: &IssuerUrl, _: &KeptList) -> Result<(), StatusStoreFailure> {
        Ok(())
    }

    async fn forget_list(&self, _: &IssuerUrl, _: &StatusListUri) -> Result<(), StatusStoreFailure> {
        Ok(())
    }
}

fn event(listed: &Listed, subject: EventSubject) -> String {
    let now = listed.world.clock.now();
    let event = SecurityEvent { event_timestamp: NumericDate::from(now), reason_admin: None, subject };
    listed.world.issuer.security_event(API, event, now).sign()
}

fn key(number: usize) -> EventSubject {
    EventSubject::Key { kid: format!("k{number}").parse().unwrap() }
}

fn token(name: &str) -> EventSubject {
    EventSubject::Token { jti: name.parse().unwrap(), status: None }
}

#[tokio::test]
async fn what_is_more_than_is_held_is_not_acknowledged_and_nothing_is_forgotten_for_it() {
    let listed = Listed::acquainted().await;
    let partner = listed.world.policies.of(ISSUER).unwrap();
    let now = listed.world.clock.now();
    for number in 0..64 {
        let receipt = partner.receive_event(&event(&listed, key(number)), now).await.unwrap();
        assert_eq!(receipt, SecurityEventReceipt::Applied);
    }
    let refusal = partner.receive_event(&event(&listed, key(64)), now).await.unwrap_err();
    assert!(matches!(refusal, EventRefusal::Later(_)), "{refusal}");
    assert_eq!(refusal.code(), None, "to be sent again");
    let again = partner.receive_event(&event(&listed, key(0)), now).await.unwrap();
    assert_eq!(again, SecurityEventReceipt::Repeated, "the first one still counts");
    assert_eq!(
        partner.receive_event(&event(&listed, token("t1")), now).await.unwrap(),
        SecurityEventReceipt::Applied,
        "there is room for other kinds"
    );
    let revoked = listed.token(3).claim("jti", "t1").sign();
    assert_eq!(listed.world.refusal(&revoked).await, Some(Reason::TokenRevoked));
    assert_eq!(listed.refusal(3).await, None, "and calls go on");
}

#[tokio::test]
async fn one_issuer_never_has_more_than_eight_events_on_their_way_to_the_disk() {
    let listed = restart_with(Listed::new(), Arc::new(Stuck)).await;
    assert_eq!(listed.refusal(1).await, None);
    let partner = listed.world.policies.of(ISSUER).unwrap();
    let now = listed.world.clock.now();
    let events: Vec<String> = (0..9).map(|number| event(&listed, token(&format!("t{number}")))).collect();
    let mut under_way: Vec<_> = events.iter().map(|event| Box::pin(partner.receive_event(event, now))).collect();
    let last = under_way.pop().unwrap();
    for event in &mut under_way {
        assert!(event.now_or_never().is_none(), "it waits for the disk");
    }
    let refusal = last.now_or_never().unwrap().unwrap_err();
    assert!(matches!(refusal, EventRefusal::Later(_)), "{refusal}");
    assert_eq!(listed.refusal(2).await, None, "and calls go on");
}
