use crate::{NOTES, Place, notes};
use bridge_store::{Database, DatabaseUrl, Migration, OpenError};
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn a_new_file_and_its_log_may_be_read_by_their_owner_alone() {
    let place = Place::new();
    let database = place.open().await;
    let log = place.file().with_extension("db-wal");
    assert_eq!((mode(&place.file()), mode(&log)), (0o600, 0o600));
    database.close().await;
}

#[tokio::test]
async fn refuses_a_file_that_others_may_read() {
    let place = Place::new();
    place.open().await.close().await;
    fs::set_permissions(place.file(), fs::Permissions::from_mode(0o640)).unwrap();
    let error = place.try_open(&[NOTES]).await.unwrap_err();
    assert!(matches!(error, OpenError::Exposed { found: 0o640, .. }), "{error}");
    assert!(error.to_string().contains("expected mode 0600, found 0640; run `chmod 600`"), "{error}");
}

#[tokio::test]
async fn refuses_a_log_that_others_may_read_or_write() {
    for (ending, mode) in [("db-wal", 0o604), ("db-shm", 0o620)] {
        let place = Place::new();
        place.open().await.close().await;
        let log = place.file().with_extension(ending);
        fs::write(&log, "").unwrap();
        fs::set_permissions(&log, fs::Permissions::from_mode(mode)).unwrap();
        let error = place.try_open(&[NOTES]).await.unwrap_err();
        assert!(matches!(&error, OpenError::Exposed { path, found } if *path == log && *found == mode), "{error}");
    }
}

#[tokio::test]
async fn refuses_a_file_of_a_newer_version_and_leaves_it_alone() {
    let place = Place::new();
    let newer = Migration { version: 1001, name: "later", sql: "CREATE TABLE later (x TEXT) STRICT" };
    place.try_open(&[NOTES, newer]).await.unwrap().close().await;
    let before = fs::read(place.file()).unwrap();
    let error = place.try_open(&[NOTES]).await.unwrap_err();
    assert!(matches!(error, OpenError::Newer { expected: 1000, found: 1001, .. }), "{error}");
    for part in ["company.db", "comes from a newer version", "up to 1000", "found 1001", "start that newer version"] {
        assert!(error.to_string().contains(part), "{part:?} is not in {error}");
    }
    assert!(before == fs::read(place.file()).unwrap(), "the file was changed");
}

#[tokio::test]
async fn refuses_the_file_of_another_program() {
    let place = Place::new();
    place.open().await.close().await;
    let other = Migration { sql: "CREATE TABLE other (x TEXT) STRICT", ..NOTES };
    let error = place.try_open(&[other]).await.unwrap_err();
    assert!(matches!(error, OpenError::Foreign { version: 1000, .. }), "{error}");
}

#[tokio::test]
async fn refuses_what_is_not_a_database() {
    let place = Place::new();
    fs::write(place.file(), "this is a letter, not a database".repeat(100)).unwrap();
    fs::set_permissions(place.file(), fs::Permissions::from_mode(0o600)).unwrap();
    let error = place.try_open(&[NOTES]).await.unwrap_err();
    assert!(matches!(error, OpenError::Unusable { .. }), "{error}");
}

#[tokio::test]
async fn refuses_a_directory_that_is_not_there() {
    let place = Place::new();
    let url: DatabaseUrl = "sqlite:absent/company.db".parse().unwrap();
    let url = url.relative_to(place.directory.path());
    let error = Database::open(&url, &[], place.clock.clone()).await.unwrap_err();
    assert!(matches!(error, OpenError::File { .. }), "{error}");
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_behind() {
    let place = Place::new();
    let broken = Migration { version: 1001, name: "broken", sql: "CREATE TABLE half (x TEXT) STRICT; SELEC 1" };
    place.try_open(&[NOTES, broken]).await.unwrap_err();
    let mended = Migration { sql: "CREATE TABLE half (x TEXT) STRICT", ..broken };
    place.try_open(&[NOTES, mended]).await.unwrap();
}

#[tokio::test]
async fn two_processes_that_start_at_once_both_succeed() {
    let place = Place::new();
    let (one, other) = tokio::join!(place.try_open(&[NOTES]), place.try_open(&[NOTES]));
    one.unwrap();
    other.unwrap();
}

#[tokio::test]
async fn an_uncommitted_write_is_forgotten_and_a_reader_cannot_write() {
    let place = Place::new();
    let database = place.open().await;
    let mut write = database.write().await.unwrap();
    sqlx::query("INSERT INTO notes VALUES ('lost')").execute(write.connection()).await.unwrap();
    drop(write);
    let mut reader = database.read().await.unwrap();
    assert!(sqlx::query("INSERT INTO notes VALUES ('sneaked in')").execute(&mut *reader).await.is_err());
    drop(reader);
    assert!(notes(&database).await.is_empty());
}
