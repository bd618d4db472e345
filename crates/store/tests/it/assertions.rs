use crate::Place;
use bridge_issuer::{IssuerStore, UsedAssertion};
use bridge_types::Clock;
use std::time::Duration;

fn used(place: &Place, client: &str, id: &str) -> UsedAssertion {
    UsedAssertion {
        client: client.parse().unwrap(),
        id: id.parse().unwrap(),
        remember_until: place.clock.now() + Duration::from_secs(90),
    }
}

#[tokio::test]
async fn an_id_is_new_once_for_each_client_and_once_in_a_batch() {
    let place = Place::new();
    let database = place.open().await;
    let batch = [("a", "1"), ("b", "1"), ("a", "2"), ("a", "1"), ("quoted", "\"'],[")];
    let batch = batch.map(|(client, id)| used(&place, client, id));
    assert_eq!(database.claim_assertions(&batch).await.unwrap().new, [true, true, true, false, true]);
    assert_eq!(database.claim_assertions(&batch).await.unwrap().new, [false; 5]);
    assert!(database.claim_assertions(&[]).await.unwrap().new.is_empty());
}

#[tokio::test]
async fn a_restart_forgets_no_used_assertion() {
    let place = Place::new();
    let assertion = [used(&place, "a", "1")];
    let database = place.open().await;
    assert_eq!(database.claim_assertions(&assertion).await.unwrap().new, [true]);
    // No orderly close: what was answered is durable already.
    drop(database);
    assert_eq!(place.open().await.claim_assertions(&assertion).await.unwrap().new, [false]);
}

#[tokio::test]
async fn of_many_who_claim_the_same_id_one_wins() {
    let place = Place::new();
    let database = place.open().await;
    let claims = (0..32).map(|_| {
        let (database, assertion) = (database.clone(), [used(&place, "a", "contested")]);
        tokio::spawn(async move { database.claim_assertions(&assertion).await.unwrap().new[0] })
    });
    let mut winners = 0;
    for claim in claims.collect::<Vec<_>>() {
        winners += u32::from(claim.await.unwrap());
    }
    assert_eq!(winners, 1);
}

#[tokio::test]
async fn purging_forgets_only_what_has_expired() {
    let place = Place::new();
    let database = place.open().await;
    let old = used(&place, "a", "old");
    place.clock.advance(Duration::from_mins(1));
    let young = used(&place, "a", "young");
    database.claim_assertions(&[old.clone(), young.clone()]).await.unwrap();
    assert_eq!(database.purge_assertions(old.remember_until).await.unwrap(), 0);
    assert_eq!(database.purge_assertions(old.remember_until + Duration::from_millis(1)).await.unwrap(), 1);
    assert_eq!(database.claim_assertions(&[old, young]).await.unwrap().new, [true, false]);
}
