use crate::Place;
use bridge_client::CredentialStore;
use bridge_issuer::{IssuerStore, KeyPurpose, StoredKey};
use bridge_jose::{Algorithm, SigningKey};
use bridge_types::{Clock, Secret};

fn stored(place: &Place, key: &SigningKey) -> StoredKey {
    StoredKey {
        kid: key.kid().clone(),
        algorithm: key.algorithm(),
        purpose: KeyPurpose::AccessTokens,
        created_at: place.clock.now(),
        private: Secret::new(key.to_pkcs8().expose().clone()),
    }
}

#[tokio::test]
async fn a_restart_keeps_the_signing_key() {
    let place = Place::new();
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    let database = place.open().await;
    assert!(database.insert_first_key(&stored(&place, &key)).await.unwrap());
    database.close().await;

    let kept = place.open().await.keys(&KeyPurpose::AccessTokens).await.unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!((&kept[0].kid, kept[0].algorithm, kept[0].created_at), (key.kid(), key.algorithm(), place.clock.now()));
    assert_eq!(kept[0].private.expose(), key.to_pkcs8().expose());
}

#[tokio::test]
async fn only_the_first_key_of_a_purpose_is_kept() {
    let place = Place::new();
    let database = place.open().await;
    let [first, second] = [(); 2].map(|()| SigningKey::generate(Algorithm::EdDsa).unwrap());
    assert!(database.insert_first_key(&stored(&place, &first)).await.unwrap());
    assert!(!database.insert_first_key(&stored(&place, &second)).await.unwrap());
    assert!(database.insert_client_key(&"shop".parse().unwrap(), &second).await.unwrap());
    assert_eq!(database.keys(&KeyPurpose::AccessTokens).await.unwrap()[0].kid, *first.kid());
}

#[tokio::test]
async fn a_deleted_key_leaves_no_bytes_in_the_file_or_its_log() {
    let place = Place::new();
    let database = place.open().await;
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    database.insert_first_key(&stored(&place, &key)).await.unwrap();
    let leaves_bytes = || {
        let needle = &key.to_pkcs8().expose()[36..68];
        [place.file(), place.file().with_extension("db-wal")]
            .iter()
            .any(|file| std::fs::read(file).unwrap().windows(needle.len()).any(|window| window == needle))
    };
    assert!(leaves_bytes(), "the test does not find a key that is there");
    database.delete_key(key.kid()).await.unwrap();
    assert!(database.keys(&KeyPurpose::AccessTokens).await.unwrap().is_empty());
    assert!(!leaves_bytes());
}

#[tokio::test]
async fn each_client_has_its_own_key_over_a_restart() {
    let place = Place::new();
    let database = place.open().await;
    let (shop, depot) = ("shop".parse().unwrap(), "depot".parse().unwrap());
    let key = SigningKey::generate(Algorithm::Es256).unwrap();
    assert!(database.client_key(&shop).await.unwrap().is_none());
    assert!(database.insert_client_key(&shop, &key).await.unwrap());
    assert!(!database.insert_client_key(&shop, &SigningKey::generate(Algorithm::Es256).unwrap()).await.unwrap());
    let other = SigningKey::generate(Algorithm::Es256).unwrap();
    assert!(database.insert_client_key(&depot, &other).await.unwrap());
    database.close().await;

    let database = place.open().await;
    assert_eq!(database.client_key(&shop).await.unwrap().unwrap().kid(), key.kid());
    assert_eq!(database.client_key(&depot).await.unwrap().unwrap().kid(), other.kid());
}
