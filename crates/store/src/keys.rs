//! The table `keys`: keys of the issuer and of the company's own clients, told apart by their purpose.

use crate::{Connection, StoreError, from_micros, to_micros};
use bridge_issuer::{KeyPurpose, KeyRecord, KeyState, KeyTimes, RotationRequest, StoredKey};
use bridge_jose::{PublicJwk, SigningKey};
use bridge_types::Secret;
use jiff::Timestamp;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use std::fmt::Display;
use std::str::FromStr;

/// Which keys are asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Which<'p> {
    /// Every key there ever was.
    All,
    /// Those that are neither destroyed nor revoked.
    Live,
    /// Those of one purpose, in any state.
    Of(&'p KeyPurpose),
}

/// The keys, oldest first.
pub(crate) async fn read(connection: &mut Connection, which: Which<'_>) -> Result<Vec<StoredKey>, StoreError> {
    let (kind, client) = match which {
        Which::Of(purpose) => Some(columns(purpose)).unzip(),
        Which::All | Which::Live => (None, None),
    };
    let query = sqlx::query(
        "SELECT purpose, client, algorithm, state, public, private, prepared_at, activated_at, retired_at, destroyed_at,
             tainted_at, revoked_at, request_at, request_algorithm, reason
         FROM keys
         WHERE (purpose = $1 OR $1 IS NULL) AND (client = $2 OR $2 IS NULL)
             AND NOT ($3 AND state IN ('destroyed', 'revoked'))
         ORDER BY prepared_at, kid",
    );
    let rows = query.bind(kind).bind(client).bind(matches!(which, Which::Live)).fetch_all(connection).await?;
    rows.iter().map(stored_key).collect()
}

/// Writes a key as it is now, be it new or known. When a key leaves the state that only one may have, write it before
/// the one that follows it.
pub(crate) async fn put(connection: &mut Connection, key: &StoredKey) -> Result<(), StoreError> {
    let StoredKey { record, private } = key;
    let (kind, client) = columns(&record.purpose);
    let public = serde_json::to_string(&record.public).map_err(|error| StoreError::unreadable("key", error))?;
    let KeyTimes { prepared_at, activated_at, retired_at, destroyed_at, tainted_at, revoked_at } = record.times;
    let (request_at, request_algorithm) = record.request.map(|request| (request.at, request.algorithm)).unzip();
    sqlx::query(
        "INSERT INTO keys (kid, purpose, client, algorithm, state, public, private, prepared_at, activated_at, retired_at,
             destroyed_at, tainted_at, revoked_at, request_at, request_algorithm, reason)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         ON CONFLICT (kid) DO UPDATE SET state = $5, public = $6, private = $7, activated_at = $9, retired_at = $10,
             destroyed_at = $11, tainted_at = $12, revoked_at = $13, request_at = $14, request_algorithm = $15,
             reason = $16",
    )
    .bind(record.kid().as_str())
    .bind(kind)
    .bind(client)
    .bind(record.algorithm().as_str())
    .bind(record.state.as_str())
    .bind(public)
    .bind(private.as_ref().map(|private| private.expose().as_slice()))
    .bind(to_micros(prepared_at))
    .bind(activated_at.map(to_micros))
    .bind(retired_at.map(to_micros))
    .bind(destroyed_at.map(to_micros))
    .bind(tainted_at.map(to_micros))
    .bind(revoked_at.map(to_micros))
    .bind(request_at.map(to_micros))
    .bind(request_algorithm.map(bridge_jose::Algorithm::as_str))
    .bind(record.reason.as_deref())
    .execute(connection)
    .await?;
    Ok(())
}

fn columns(purpose: &KeyPurpose) -> (&'static str, &str) {
    match purpose {
        KeyPurpose::AccessTokens => ("access_tokens", ""),
        KeyPurpose::Client(client) => ("client", client.as_str()),
    }
}

fn stored_key(row: &SqliteRow) -> Result<StoredKey, StoreError> {
    let private: Option<Secret<Vec<u8>>> = row.try_get::<Option<Vec<u8>>, _>("private")?.map(Secret::new);
    let record = KeyRecord {
        public: public(row, private.as_ref())?,
        purpose: match (row.try_get("purpose")?, row.try_get::<&str, _>("client")?) {
            ("access_tokens", "") => KeyPurpose::AccessTokens,
            ("client", client) => KeyPurpose::Client(parsed(client)?),
            (other, _) => return Err(unreadable(format!("unknown purpose {other:?}"))),
        },
        state: state(row.try_get("state")?)?,
        times: KeyTimes {
            prepared_at: from_micros(row.try_get("prepared_at")?)?,
            activated_at: moment(row, "activated_at")?,
            retired_at: moment(row, "retired_at")?,
            destroyed_at: moment(row, "destroyed_at")?,
            tainted_at: moment(row, "tainted_at")?,
            revoked_at: moment(row, "revoked_at")?,
        },
        request: match (moment(row, "request_at")?, row.try_get::<Option<&str>, _>("request_algorithm")?) {
            (Some(at), Some(algorithm)) => Some(RotationRequest { at, algorithm: parsed(algorithm)? }),
            _ => None,
        },
        reason: row.try_get("reason")?,
    };
    Ok(StoredKey { record, private })
}

/// The public half: as it was written, or out of the private half for a key that is older than the column.
fn public(row: &SqliteRow, private: Option<&Secret<Vec<u8>>>) -> Result<PublicJwk, StoreError> {
    match (row.try_get::<Option<&str>, _>("public")?, private) {
        (Some(public), _) => serde_json::from_str(public).map_err(unreadable),
        (None, Some(private)) => {
            let private = Secret::new(private.expose().clone());
            let key = SigningKey::from_pkcs8(parsed(row.try_get("algorithm")?)?, private).map_err(unreadable)?;
            Ok(key.public().clone())
        }
        (None, None) => Err(unreadable("neither half is there")),
    }
}

fn state(name: &str) -> Result<KeyState, StoreError> {
    let found = KeyState::ALL.into_iter().find(|state| state.as_str() == name);
    found.ok_or_else(|| unreadable(format!("unknown state {name:?}")))
}

fn moment(row: &SqliteRow, column: &str) -> Result<Option<Timestamp>, StoreError> {
    row.try_get::<Option<i64>, _>(column)?.map(from_micros).transpose()
}

fn parsed<T: FromStr<Err: Display>>(text: &str) -> Result<T, StoreError> {
    text.parse().map_err(unreadable)
}

fn unreadable(detail: impl Display) -> StoreError {
    StoreError::unreadable("key", detail)
}
