//! The table `key_sealing`, and what becomes of the rows in `keys` when it changes.

use super::error::CustodyError;
use super::kek::{Kek, KekId, Kept, kept};
use crate::keys::{self, Which};
use crate::{Connection, StoreError, WriteTransaction};
use bridge_issuer::StoredKey;
use bridge_types::Secret;

/// Under which key-encryption key the rows are sealed; `None` as long as they are not.
pub(super) async fn recorded(connection: &mut Connection) -> Result<Option<KekId>, StoreError> {
    let kek: Option<String> = sqlx::query_scalar("SELECT kek FROM key_sealing").fetch_optional(connection).await?;
    let parse = |kek: String| {
        KekId::parse(&kek).ok_or_else(|| StoreError::unreadable("key-encryption key", "not the id of one"))
    };
    kek.map(parse).transpose()
}

/// Whether this private half may be written: once rows are sealed, only sealed under the same key as they.
pub(crate) async fn accepts(
    connection: &mut Connection,
    private: Option<&Secret<Vec<u8>>>,
) -> Result<bool, StoreError> {
    let Some(private) = private else { return Ok(true) };
    Ok(match (recorded(connection).await?, kept(private)) {
        (None, _) => true,
        (Some(expected), Kept::Sealed(found)) => expected == found,
        (Some(_), Kept::Plain) => false,
    })
}

/// Seals every private half under this key and records it. What stood in the rows is overwritten. Gives their number.
pub(super) async fn reseal(write: &mut WriteTransaction, keks: &[Kek], under: &Kek) -> Result<usize, CustodyError> {
    let sealed_before = recorded(write.connection()).await?.is_some();
    let mut rows = 0;
    for mut key in keys::read(write.connection(), Which::Live).await? {
        let Some(private) = open(&key, keks, sealed_before)? else { continue };
        key.private = Some(under.seal(&key.record.public, &key.record.purpose, &private)?);
        keys::put(write.connection(), &key).await?;
        rows += 1;
    }
    sqlx::query("INSERT INTO key_sealing (one, kek) VALUES (1, $1) ON CONFLICT (one) DO UPDATE SET kek = $1")
        .bind(under.id().to_string())
        .execute(write.connection())
        .await
        .map_err(StoreError::from)?;
    write.mark_erased();
    Ok(rows)
}

/// The private half of a key, when it has one. Once rows are sealed, one that is not was written by somebody else.
pub(super) fn open(key: &StoredKey, keks: &[Kek], sealed: bool) -> Result<Option<Secret<Vec<u8>>>, CustodyError> {
    let Some(private) = &key.private else { return Ok(None) };
    let kid = || key.record.kid().clone();
    match kept(private) {
        Kept::Plain if sealed => Err(CustodyError::Unsealed { kid: kid() }),
        Kept::Plain => Ok(Some(Secret::new(private.expose().clone()))),
        Kept::Sealed(id) => {
            let kek = keks.iter().find(|kek| kek.id() == id).ok_or(CustodyError::Altered { kid: kid() })?;
            kek.open(&key.record, private).map(Some)
        }
    }
}
