//! The tables `received_notices` and `received_lists`: what partners' issuers have taken back.

use crate::{Connection, Database, StoreError, Topic, WriteTransaction};
use async_trait::async_trait;
use bridge_jose::StatusReference;
use bridge_jose::profile::NumericDate;
use bridge_types::{Invalid, IssuerUrl, StatusListUri};
use bridge_validator::status::{KeptList, KeptStatus, Notice, NoticeSubject, StatusStore, StatusStoreFailure};
use jiff::Timestamp;
use std::str::FromStr;

#[async_trait]
impl StatusStore for Database {
    async fn recall(&self, issuer: &IssuerUrl) -> Result<KeptStatus, StatusStoreFailure> {
        Ok(recall(&mut *self.read().await?, issuer).await?)
    }

    async fn keep_notice(&self, issuer: &IssuerUrl, notice: &Notice) -> Result<(), StatusStoreFailure> {
        let mut write = self.write_first().await?;
        keep_notice(&mut write, issuer, notice).await?;
        write.touch(Topic::Notices).await?;
        Ok(write.commit().await?)
    }

    async fn forget_notices(&self, issuer: &IssuerUrl, notices: &[Notice]) -> Result<(), StatusStoreFailure> {
        let mut write = self.write_first().await?;
        for notice in notices {
            forget_notice(&mut write, issuer, notice).await?;
        }
        Ok(write.commit().await?)
    }

    async fn keep_list(&self, issuer: &IssuerUrl, list: &KeptList) -> Result<(), StatusStoreFailure> {
        let query = sqlx::query(
            "INSERT INTO received_lists (issuer, uri, iat, token) VALUES ($1, $2, $3, $4)
             ON CONFLICT (issuer, uri) DO UPDATE SET iat = excluded.iat, token = excluded.token
             WHERE excluded.iat >= received_lists.iat",
        );
        let query = query.bind(issuer.as_str()).bind(list.uri.as_str()).bind(list.iat.as_second()).bind(&list.token);
        query.execute(self.writer().await?.as_mut()).await.map_err(StoreError::from)?;
        Ok(())
    }

    async fn forget_list(&self, issuer: &IssuerUrl, uri: &StatusListUri) -> Result<(), StatusStoreFailure> {
        let query = sqlx::query("DELETE FROM received_lists WHERE issuer = $1 AND uri = $2");
        let query = query.bind(issuer.as_str()).bind(uri.as_str());
        query.execute(self.writer().await?.as_mut()).await.map_err(StoreError::from)?;
        Ok(())
    }
}

type NoticeRow = (String, String, i64, Option<String>, Option<String>);

async fn recall(connection: &mut Connection, issuer: &IssuerUrl) -> Result<KeptStatus, StoreError> {
    let rows: Vec<NoticeRow> =
        sqlx::query_as("SELECT kind, name, at, list_uri, list_idx FROM received_notices WHERE issuer = $1")
            .bind(issuer.as_str())
            .fetch_all(&mut *connection)
            .await?;
    let notices = rows.into_iter().map(notice).collect::<Result<_, _>>()?;
    let rows: Vec<(String, i64, String)> =
        sqlx::query_as("SELECT uri, iat, token FROM received_lists WHERE issuer = $1")
            .bind(issuer.as_str())
            .fetch_all(connection)
            .await?;
    let list = |(uri, iat, token): (String, i64, String)| {
        Ok::<_, StoreError>(KeptList { uri: word("status list address", &uri)?, iat: second(iat)?, token })
    };
    Ok(KeptStatus { notices, lists: rows.into_iter().map(list).collect::<Result<_, _>>()? })
}

async fn keep_notice(write: &mut WriteTransaction, issuer: &IssuerUrl, notice: &Notice) -> Result<(), StoreError> {
    let reference = match &notice.subject {
        NoticeSubject::Token { status, .. } => status.as_ref(),
        _ => None,
    };
    sqlx::query(
        "INSERT INTO received_notices (issuer, kind, name, at, list_uri, list_idx) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (issuer, kind, name) DO UPDATE
         SET at = excluded.at, list_uri = excluded.list_uri, list_idx = excluded.list_idx
         WHERE excluded.at > received_notices.at",
    )
    .bind(issuer.as_str())
    .bind(notice.subject.kind())
    .bind(notice.subject.name())
    .bind(notice.at.as_second())
    .bind(reference.map(|reference| reference.uri.as_str()))
    .bind(reference.map(|reference| reference.idx.to_string()))
    .execute(write.connection())
    .await?;
    Ok(())
}

/// Another process may have kept a later one meanwhile.
async fn forget_notice(write: &mut WriteTransaction, issuer: &IssuerUrl, notice: &Notice) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM received_notices WHERE issuer = $1 AND kind = $2 AND name = $3 AND at <= $4")
        .bind(issuer.as_str())
        .bind(notice.subject.kind())
        .bind(notice.subject.name())
        .bind(notice.at.as_second())
        .execute(write.connection())
        .await?;
    Ok(())
}

fn notice((kind, name, at, list_uri, list_idx): NoticeRow) -> Result<Notice, StoreError> {
    let subject = match kind.as_str() {
        "token" => NoticeSubject::Token { jti: word("token id", &name)?, status: reference(list_uri, list_idx)? },
        "client" => NoticeSubject::Client(word("client id", &name)?),
        "key" => NoticeSubject::Key(word("key id", &name)?),
        "issuer" => NoticeSubject::Issuer,
        other => return Err(StoreError::unreadable("kind of notice", other)),
    };
    Ok(Notice { subject, at: second(at)? })
}

fn reference(uri: Option<String>, idx: Option<String>) -> Result<Option<StatusReference>, StoreError> {
    let (Some(uri), Some(idx)) = (uri, idx) else { return Ok(None) };
    let idx = idx.parse().map_err(|error| StoreError::unreadable("index in a status list", error))?;
    Ok(Some(StatusReference { idx, uri: word("status list address", &uri)? }))
}

fn word<T: FromStr<Err = Invalid>>(what: &'static str, text: &str) -> Result<T, StoreError> {
    text.parse().map_err(|error| StoreError::unreadable(what, error))
}

fn second(second: i64) -> Result<NumericDate, StoreError> {
    let moment = Timestamp::from_second(second).map_err(|error| StoreError::unreadable("moment", error))?;
    Ok(moment.into())
}

impl From<StoreError> for StatusStoreFailure {
    fn from(error: StoreError) -> Self {
        Self(Box::new(error))
    }
}
