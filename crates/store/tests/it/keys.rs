use crate::Place;
use bridge_issuer::{
    Change, ChangeError, IssuerStore, KeyPurpose, KeyState, KeyStore, NewKey, Replacement, Step, UsedAssertion,
};
use bridge_jose::{Algorithm, SigningKey};
use bridge_store::{Database, Topic};
use bridge_testkit::ManualClock;
use bridge_types::{Clock, KeyId, Secret};
use std::time::Duration;

const TOKENS: KeyPurpose = KeyPurpose::AccessTokens;

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

fn new(key: &SigningKey) -> NewKey {
    NewKey { public: key.public().clone(), private: Some(Secret::new(key.to_pkcs8().expose().clone())) }
}

fn request(of: &SigningKey) -> Step {
    Step::Request { of: of.kid().clone(), algorithm: Algorithm::Es256 }
}

async fn change(database: &Database, purpose: &KeyPurpose, steps: Vec<Step>) -> Result<(), ChangeError> {
    database.change_keys(Change { purpose: purpose.clone(), at: ManualClock::default().now(), steps }).await
}

/// State, and whether there is a private half, of every key there ever was.
async fn states(database: &Database) -> Vec<(KeyId, KeyState, bool)> {
    let live = database.live_keys().await.unwrap().keys;
    let private = |kid: &KeyId| live.iter().any(|key| key.record.kid() == kid && key.private.is_some());
    let all = database.all_keys().await.unwrap();
    all.iter().map(|key| (key.kid().clone(), key.state, private(key.kid()))).collect()
}

#[tokio::test]
async fn a_restart_keeps_the_keys_and_where_each_stands() {
    let place = Place::new();
    let [first, second] = [key(), key()];
    let database = place.open().await;
    change(&database, &TOKENS, vec![Step::Found(new(&first))]).await.unwrap();
    let prepare = Step::Prepare { of: first.kid().clone(), key: new(&second) };
    change(&database, &TOKENS, vec![request(&first), prepare]).await.unwrap();
    let before = database.all_keys().await.unwrap();
    database.close().await;

    let kept = place.open().await.live_keys().await.unwrap();
    assert_eq!(kept.keys.iter().map(|key| key.record.clone()).collect::<Vec<_>>(), before);
    let of = |key: &SigningKey| kept.keys.iter().find(|kept| kept.record.kid() == key.kid()).unwrap();
    for (key, state) in [(&first, KeyState::Active), (&second, KeyState::Prepared)] {
        assert_eq!((of(key).record.state, &of(key).record.public), (state, key.public()));
        assert_eq!(of(key).private.as_ref().unwrap().expose(), key.to_pkcs8().expose());
    }
    assert_eq!(of(&first).record.request.unwrap().algorithm, Algorithm::Es256);
}

#[tokio::test]
async fn of_several_processes_that_want_the_same_step_one_takes_it() {
    let place = Place::new();
    let databases = [place.open().await, place.open().await, place.open().await];
    let keys = [key(), key(), key()];
    let found =
        databases.iter().zip(&keys).map(|(database, key)| change(database, &TOKENS, vec![Step::Found(new(key))]));
    let taken = futures_util::future::join_all(found).await;
    assert_eq!(taken.iter().filter(|taken| taken.is_ok()).count(), 1, "{taken:?}");
    assert!(taken.iter().filter_map(|taken| taken.as_ref().err()).all(|e| matches!(e, ChangeError::Overtaken(_))));
    assert_eq!(databases[0].all_keys().await.unwrap().len(), 1);
}

#[tokio::test]
async fn steps_are_taken_together_or_not_at_all() {
    let place = Place::new();
    let database = place.open().await;
    let [first, second] = [key(), key()];
    change(&database, &TOKENS, vec![Step::Found(new(&first))]).await.unwrap();
    let before = (states(&database).await, database.keys_revision().await.unwrap());
    let prepare = Step::Prepare { of: first.kid().clone(), key: new(&second) };
    let impossible = Step::Destroy(first.kid().clone());
    let refused = change(&database, &TOKENS, vec![request(&first), prepare, impossible]).await;
    assert!(matches!(refused, Err(ChangeError::Overtaken(_))), "{refused:?}");
    assert_eq!((states(&database).await, database.keys_revision().await.unwrap()), before);
}

#[tokio::test]
async fn a_key_that_signs_no_more_leaves_no_bytes_in_the_file_or_its_log() {
    let place = Place::new();
    let database = place.open().await;
    let [first, second, third] = [key(), key(), key()];
    let leaves_bytes = |key: &SigningKey| {
        let needle = &key.to_pkcs8().expose()[36..68];
        [place.file(), place.file().with_extension("db-wal")]
            .iter()
            .any(|file| std::fs::read(file).unwrap().windows(needle.len()).any(|window| window == needle))
    };
    change(&database, &TOKENS, vec![Step::Found(new(&first))]).await.unwrap();
    assert!(leaves_bytes(&first), "the test does not find a key that is there");
    let prepare = Step::Prepare { of: first.kid().clone(), key: new(&second) };
    let activate = Step::Activate(second.kid().clone());
    change(&database, &TOKENS, vec![request(&first), prepare, activate]).await.unwrap();
    assert!(!leaves_bytes(&first), "a retired key");
    let instead = Some(Replacement { key: new(&third), beside: None });
    let taint = Step::Taint { kid: second.kid().clone(), reason: "stolen".to_owned(), instead };
    change(&database, &TOKENS, vec![taint]).await.unwrap();
    assert!(!leaves_bytes(&second), "a tainted key");
    assert!(leaves_bytes(&third));
    let expected =
        [(&first, KeyState::Retired, false), (&second, KeyState::Tainted, false), (&third, KeyState::Active, true)];
    let states = states(&database).await;
    for (key, state, private) in expected {
        assert!(states.contains(&(key.kid().clone(), state, private)), "{state:?} is not in {states:?}");
    }
}

#[tokio::test]
async fn erasing_does_not_wait_long_for_a_reader() {
    let place = Place::new();
    let (database, elsewhere) = (place.open().await, place.open().await);
    let [first, second] = [key(), key()];
    change(&database, &TOKENS, vec![Step::Found(new(&first))]).await.unwrap();
    let mut reader = elsewhere.read().await.unwrap();
    sqlx::query("BEGIN").execute(&mut *reader).await.unwrap();
    sqlx::query("SELECT count(*) FROM keys").fetch_one(&mut *reader).await.unwrap();
    let steps = vec![
        request(&first),
        Step::Prepare { of: first.kid().clone(), key: new(&second) },
        Step::Activate(second.kid().clone()),
    ];
    let changing = change(&database, &TOKENS, steps);
    tokio::time::timeout(Duration::from_secs(4), changing).await.unwrap().unwrap();
    assert_eq!(states(&database).await.len(), 2);
}

#[tokio::test]
async fn each_client_has_keys_of_its_own_whatever_it_is_called() {
    let place = Place::new();
    let database = place.open().await;
    let purposes: Vec<KeyPurpose> =
        ["shop", "depot", "%", "_"].into_iter().map(|client| KeyPurpose::Client(client.parse().unwrap())).collect();
    for purpose in &purposes {
        change(&database, purpose, vec![Step::Found(new(&key()))]).await.unwrap();
        assert!(change(&database, purpose, vec![Step::Found(new(&key()))]).await.is_err());
    }
    let mut found: Vec<KeyPurpose> = database.all_keys().await.unwrap().into_iter().map(|key| key.purpose).collect();
    found.sort();
    let mut expected = purposes;
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_claimed_assertion_tells_how_new_the_keys_are_in_that_very_transaction() {
    let place = Place::new();
    let (database, elsewhere) = (place.open().await, place.open().await);
    let claim = |id: &str| {
        let (client, id) = ("shop".parse().unwrap(), id.parse().unwrap());
        vec![UsedAssertion { client, id, remember_until: place.clock.now() }]
    };
    assert_eq!(database.claim_assertions(&claim("first")).await.unwrap().revisions.keys, 0);
    change(&elsewhere, &TOKENS, vec![Step::Found(new(&key()))]).await.unwrap();
    let claims = database.claim_assertions(&claim("second")).await.unwrap();
    assert_eq!((claims.new.as_slice(), claims.revisions.keys), ([true].as_slice(), 1));
    assert_eq!(elsewhere.live_keys().await.unwrap().revision, 1);
    assert_eq!(database.claim_assertions(&claim("second")).await.unwrap().new, [false]);
}

#[tokio::test]
async fn a_change_of_keys_is_announced() {
    let place = Place::new();
    let (here, elsewhere) = (place.open().await, place.open().await);
    let mut revision = here.watch(Topic::Keys);
    change(&elsewhere, &TOKENS, vec![Step::Found(new(&key()))]).await.unwrap();
    tokio::time::timeout(Duration::from_millis(500), revision.changed()).await.unwrap().unwrap();
}

#[tokio::test]
async fn keys_of_the_table_before_go_on_signing() {
    let place = Place::new();
    let key = key();
    place.open().await.close().await;
    let connection = sqlx::sqlite::SqliteConnectOptions::new().filename(place.file());
    let mut connection = sqlx::ConnectOptions::connect(&connection).await.unwrap();
    for undo in [
        "DROP TABLE keys",
        "DELETE FROM _sqlx_migrations WHERE version = 11",
        "CREATE TABLE signing_keys (kid TEXT, purpose TEXT, client TEXT, algorithm TEXT, created_at INTEGER, private BLOB)",
    ] {
        sqlx::query(undo).execute(&mut connection).await.unwrap();
    }
    sqlx::query("INSERT INTO signing_keys VALUES ($1, 'client', 'shop', 'ES256', 1000000, $2)")
        .bind(key.kid().as_str())
        .bind(key.to_pkcs8().expose().as_slice())
        .execute(&mut connection)
        .await
        .unwrap();
    sqlx::Connection::close(connection).await.unwrap();

    let kept = place.open().await.live_keys().await.unwrap().keys.remove(0);
    assert_eq!((&kept.record.public, kept.record.state), (key.public(), KeyState::Active));
    assert_eq!(kept.record.purpose, KeyPurpose::Client("shop".parse().unwrap()));
    assert_eq!(kept.private.unwrap().expose(), key.to_pkcs8().expose());
}
