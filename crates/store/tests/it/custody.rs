use crate::Place;
use bridge_issuer::{Change, KeyPurpose, KeyState, KeyStore, NewKey, Step};
use bridge_jose::{Algorithm, SigningKey};
use bridge_store::{CustodyError, Database, KekFile, Plain, SealedKeys};
use bridge_testkit::ManualClock;
use bridge_types::{Clock, KeyId, Secret};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Arc;

const TOKENS: KeyPurpose = KeyPurpose::AccessTokens;

fn kek(place: &Place) -> PathBuf {
    place.directory.path().join("company.db.kek")
}

fn sealed(place: &Place, database: &Database) -> SealedKeys {
    SealedKeys::new(database.clone(), KekFile::own(kek(place), Arc::new(Plain)))
}

fn provided(place: &Place, database: &Database) -> SealedKeys {
    SealedKeys::new(database.clone(), KekFile::provided(kek(place), Arc::new(Plain)))
}

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

fn new(key: &SigningKey) -> NewKey {
    NewKey { public: key.public().clone(), private: Some(Secret::new(key.to_pkcs8().expose().clone())) }
}

async fn found(keys: &dyn KeyStore, purpose: KeyPurpose, key: &SigningKey) {
    let steps = vec![Step::Found(new(key))];
    keys.change_keys(Change { purpose, at: ManualClock::default().now(), steps }).await.unwrap();
}

fn client(name: &str) -> KeyPurpose {
    KeyPurpose::Client(name.parse().unwrap())
}

/// The private half as the store gives it.
async fn opened(keys: &dyn KeyStore, kid: &KeyId) -> Vec<u8> {
    let live = keys.live_keys().await.unwrap().keys;
    let key = live.into_iter().find(|key| key.record.kid() == kid).unwrap();
    key.private.unwrap().expose().clone()
}

async fn refusal(keys: &dyn KeyStore) -> String {
    keys.live_keys().await.unwrap_err().to_string()
}

/// Whether the secret number of a key stands in any file of the directory.
fn lies_open(place: &Place, key: &SigningKey) -> bool {
    let needle = &key.to_pkcs8().expose()[36..68];
    let files = std::fs::read_dir(place.directory.path()).unwrap().map(|entry| entry.unwrap().path());
    files.into_iter().any(|file| std::fs::read(file).unwrap().windows(needle.len()).any(|window| window == needle))
}

#[tokio::test]
async fn a_sealed_key_opens_for_whoever_has_the_key_encryption_key() {
    let place = Place::new();
    let database = place.open().await;
    let keys = sealed(&place, &database);
    assert_eq!(keys.adopt().await.unwrap().unwrap().rows, 0);
    let key = key();
    found(&keys, TOKENS, &key).await;
    assert!(!lies_open(&place, &key));
    assert_eq!(opened(&keys, key.kid()).await, *key.to_pkcs8().expose());
    assert_eq!(std::fs::metadata(kek(&place)).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(sealed(&place, &place.open().await).adopt().await.unwrap(), None);
}

#[tokio::test]
async fn keys_that_were_not_sealed_are_sealed_at_the_first_start_and_their_plain_bytes_are_gone() {
    let place = Place::new();
    let database = place.open().await;
    let [tokens, shop] = [key(), key()];
    found(&database, TOKENS, &tokens).await;
    found(&database, client("shop"), &shop).await;
    assert!(lies_open(&place, &tokens) && lies_open(&place, &shop), "the test does not find a key that is there");
    let keys = sealed(&place, &database);
    assert_eq!(keys.adopt().await.unwrap().unwrap().rows, 2);
    assert!(!lies_open(&place, &tokens) && !lies_open(&place, &shop));
    for key in [&tokens, &shop] {
        assert_eq!(opened(&keys, key.kid()).await, *key.to_pkcs8().expose());
    }
}

#[tokio::test]
async fn a_lost_key_encryption_key_is_never_replaced_by_a_new_one() {
    let place = Place::new();
    let database = place.open().await;
    let keys = sealed(&place, &database);
    keys.adopt().await.unwrap();
    found(&keys, TOKENS, &key()).await;
    let backup = std::fs::read(kek(&place)).unwrap();
    std::fs::remove_file(kek(&place)).unwrap();
    assert!(matches!(keys.adopt().await, Err(CustodyError::Missing { .. })));
    assert!(refusal(&keys).await.contains("restore it from its backup"), "{}", refusal(&keys).await);
    assert!(keys.rewrap(true).await.is_err());
    assert!(!kek(&place).exists());
    assert_eq!(keys.all_keys().await.unwrap().len(), 1, "what is public needs no key-encryption key");
    std::fs::write(kek(&place), "").unwrap();
    assert!(matches!(keys.adopt().await, Err(CustodyError::Exposed { .. } | CustodyError::Form { .. })));
    std::fs::write(kek(&place), backup).unwrap();
    std::fs::set_permissions(kek(&place), std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(keys.adopt().await.unwrap(), None);
}

#[tokio::test]
async fn another_key_encryption_key_opens_nothing_and_is_named() {
    let place = Place::new();
    let (database, elsewhere) = (place.open().await, Place::new());
    let keys = sealed(&place, &database);
    let expected = keys.adopt().await.unwrap().unwrap().kek;
    found(&keys, TOKENS, &key()).await;
    let found = sealed(&elsewhere, &elsewhere.open().await).adopt().await.unwrap().unwrap().kek;
    std::fs::copy(kek(&elsewhere), kek(&place)).unwrap();
    let refused = keys.adopt().await.unwrap_err().to_string();
    assert!(refused.contains(&format!("expected {expected}, found {found}")), "{refused}");
    assert!(refusal(&keys).await.contains("a wrong key-encryption key"));
}

#[tokio::test]
async fn a_row_that_was_altered_or_swapped_or_is_not_sealed_is_refused() {
    let place = Place::new();
    let database = place.open().await;
    let keys = sealed(&place, &database);
    keys.adopt().await.unwrap();
    let [tokens, shop, depot] = [key(), key(), key()];
    found(&keys, TOKENS, &tokens).await;
    found(&keys, client("shop"), &shop).await;
    found(&keys, client("depot"), &depot).await;
    let rows: Vec<(String, Vec<u8>)> =
        sqlx::query_as("SELECT kid, private FROM keys").fetch_all(&mut *database.read().await.unwrap()).await.unwrap();
    let row = |key: &SigningKey| rows.iter().find(|(kid, _)| kid == key.kid().as_str()).unwrap().1.clone();
    let with = |private: &[u8], at: usize| {
        let mut private = private.to_vec();
        private[at] ^= 1;
        private
    };
    let (intact, last) = (row(&shop), row(&shop).len() - 1);
    let statement = "UPDATE keys SET private = $1 WHERE kid = $2";
    let tries = [
        ("does not open", with(&intact, last)),
        ("does not open", with(&intact, 17)),
        ("does not open", with(&intact, 26)),
        ("does not open", with(&intact, 60)),
        ("does not open", intact[..30].to_vec()),
        ("does not open", row(&depot)),
        ("does not open", row(&tokens)),
        ("is not sealed", shop.to_pkcs8().expose().clone()),
        ("is not sealed", with(&intact, 3)),
    ];
    for (expected, private) in tries {
        let mut write = database.write_first().await.unwrap();
        sqlx::query(statement).bind(private).bind(shop.kid().as_str()).execute(write.connection()).await.unwrap();
        write.commit().await.unwrap();
        let refused = refusal(&keys).await;
        assert!(refused.contains(expected) && refused.contains(shop.kid().as_str()), "{refused}");
    }
    let mut write = database.write_first().await.unwrap();
    sqlx::query(statement).bind(&intact).bind(shop.kid().as_str()).execute(write.connection()).await.unwrap();
    sqlx::query("UPDATE keys SET client = 'other' WHERE kid = $1")
        .bind(shop.kid().as_str())
        .execute(write.connection())
        .await
        .unwrap();
    write.commit().await.unwrap();
    assert!(refusal(&keys).await.contains("does not open"), "sealed for another purpose");
}

#[tokio::test]
async fn rewrapping_seals_all_keys_under_a_new_key_encryption_key_and_forgets_the_old_one() {
    let place = Place::new();
    let database = place.open().await;
    let keys = sealed(&place, &database);
    let before = keys.adopt().await.unwrap().unwrap().kek;
    let [tokens, shop] = [key(), key()];
    found(&keys, TOKENS, &tokens).await;
    let old = std::fs::read_to_string(kek(&place)).unwrap();
    let after = keys.rewrap(true).await.unwrap();
    assert_eq!((after.rows, after.kek == before), (1, false));
    let now = std::fs::read_to_string(kek(&place)).unwrap();
    assert!(now.lines().count() == 1 && now != old, "{} lines", now.lines().count());
    // A process that was there before goes on, and what it makes is sealed under the new one.
    assert_eq!(opened(&keys, tokens.kid()).await, *tokens.to_pkcs8().expose());
    found(&keys, client("shop"), &shop).await;
    assert_eq!(opened(&sealed(&place, &place.open().await), shop.kid()).await, *shop.to_pkcs8().expose());
    std::fs::write(kek(&place), &old).unwrap();
    assert!(refusal(&keys).await.contains("a wrong key-encryption key"));
    std::fs::write(kek(&place), format!("{old}{now}")).unwrap();
    assert_eq!(keys.rewrap(false).await.unwrap().kek, before, "the first of the file seals");
}

#[tokio::test]
async fn a_key_that_was_sealed_before_a_rewrapping_is_not_taken_in_after_it() {
    let place = Place::new();
    let database = place.open().await;
    let keys = sealed(&place, &database);
    keys.adopt().await.unwrap();
    let key = key();
    let late = keys.seal(&TOKENS, new(&key)).await.unwrap();
    keys.rewrap(true).await.unwrap();
    let steps = vec![Step::Found(late)];
    let change = Change { purpose: TOKENS, at: ManualClock::default().now(), steps };
    assert!(matches!(database.change_keys(change).await, Err(bridge_issuer::ChangeError::Overtaken(_))));
    assert_eq!(database.all_keys().await.unwrap().len(), 0);
}

#[tokio::test]
async fn of_several_first_starts_one_makes_the_key_encryption_key() {
    let place = Place::new();
    let databases = [place.open().await, place.open().await, place.open().await];
    let stores = databases.each_ref().map(|database| sealed(&place, database));
    let adopted = futures_util::future::join_all(stores.iter().map(SealedKeys::adopt)).await;
    let recorded: Vec<_> = adopted.into_iter().map(Result::unwrap).collect();
    assert_eq!(recorded.iter().flatten().count(), 1, "{recorded:?}");
    let key = key();
    found(&stores[0], TOKENS, &key).await;
    for store in &stores {
        assert_eq!(opened(store, key.kid()).await, *key.to_pkcs8().expose());
    }
    let left = std::fs::read_dir(place.directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .filter(|name| name.to_string_lossy().contains(".kek"))
        .count();
    assert_eq!(left, 1, "a file was left behind");
}

#[tokio::test]
async fn a_provided_key_encryption_key_is_neither_made_nor_rewritten() {
    let place = Place::new();
    let database = place.open().await;
    let keys = provided(&place, &database);
    assert!(matches!(keys.adopt().await, Err(CustodyError::NotProvided { .. })));
    sealed(&place, &database).adopt().await.unwrap();
    std::fs::set_permissions(kek(&place), std::fs::Permissions::from_mode(0o440)).unwrap();
    let key = key();
    found(&keys, TOKENS, &key).await;
    assert_eq!(opened(&keys, key.kid()).await, *key.to_pkcs8().expose());
    assert!(matches!(keys.rewrap(true).await, Err(CustodyError::NotOurs { .. })));
    assert!(refusal(&sealed(&place, &database)).await.contains("may be read by others"), "an own file has mode 0600");
}

#[tokio::test]
async fn a_retired_key_leaves_nothing_sealed_behind() {
    let place = Place::new();
    let database = place.open().await;
    let keys = sealed(&place, &database);
    keys.adopt().await.unwrap();
    let [first, second] = [key(), key()];
    found(&keys, TOKENS, &first).await;
    let steps = vec![
        Step::Request { of: first.kid().clone(), algorithm: Algorithm::Es256 },
        Step::Prepare { of: first.kid().clone(), key: new(&second) },
        Step::Activate(second.kid().clone()),
    ];
    keys.change_keys(Change { purpose: TOKENS, at: ManualClock::default().now(), steps }).await.unwrap();
    let live = keys.live_keys().await.unwrap().keys;
    let states: Vec<_> = live.iter().map(|key| (key.record.state, key.private.is_some())).collect();
    assert!(states.contains(&(KeyState::Retired, false)) && states.contains(&(KeyState::Active, true)), "{states:?}");
    assert_eq!(opened(&keys, second.kid()).await, *second.to_pkcs8().expose());
}
