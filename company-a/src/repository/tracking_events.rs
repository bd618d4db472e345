use crate::model::TrackingEvent;
use bridge_business::{ItemId, PageRequest, Text};
use bridge_store::{Connection, StoreError, from_micros, stored, to_micros};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// Keeps a report.
pub(crate) async fn insert_event(
    connection: &mut Connection,
    order: ItemId,
    event: &TrackingEvent,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO tracking_events
             (id, order_id, event_id, reported_by, reporter_issuer, kind, note, occurred_at, received_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(event.id.to_string())
    .bind(order.to_string())
    .bind(event.event_id.as_str())
    .bind(&event.reported_by)
    .bind(&event.reporter_issuer)
    .bind(event.kind.as_str())
    .bind(event.note.as_ref().map(Text::as_str))
    .bind(to_micros(event.occurred_at))
    .bind(to_micros(event.received_at))
    .execute(connection)
    .await?;
    Ok(())
}

/// The report that bears this name, of a client of this issuer, about this order.
pub(crate) async fn find_report(
    connection: &mut Connection,
    order: ItemId,
    reporter_issuer: &str,
    event_id: &str,
) -> Result<Option<TrackingEvent>, StoreError> {
    let row =
        sqlx::query("SELECT * FROM tracking_events WHERE order_id = $1 AND reporter_issuer = $2 AND event_id = $3")
            .bind(order.to_string())
            .bind(reporter_issuer)
            .bind(event_id)
            .fetch_optional(connection)
            .await?;
    row.as_ref().map(event).transpose()
}

/// The reports about an order, in the order in which they came.
pub(crate) async fn list_events(
    connection: &mut Connection,
    order: ItemId,
    page: PageRequest,
) -> Result<Vec<TrackingEvent>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM tracking_events WHERE order_id = $1 AND ($2 IS NULL OR id > $2) ORDER BY id LIMIT $3",
    )
    .bind(order.to_string())
    .bind(page.after().map(|id| id.to_string()))
    .bind(page.rows())
    .fetch_all(connection)
    .await?;
    rows.iter().map(event).collect()
}

fn event(row: &SqliteRow) -> Result<TrackingEvent, StoreError> {
    let note = row.try_get::<Option<String>, _>("note")?.map(Text::try_from).transpose();
    Ok(TrackingEvent {
        id: stored("id of an event", row.try_get::<&str, _>("id")?.try_into())?,
        event_id: stored("name of an event", row.try_get::<String, _>("event_id")?.try_into())?,
        reported_by: row.try_get("reported_by")?,
        reporter_issuer: row.try_get("reporter_issuer")?,
        kind: stored("kind of an event", row.try_get::<&str, _>("kind")?.try_into())?,
        note: stored("note of an event", note)?,
        occurred_at: from_micros(row.try_get("occurred_at")?)?,
        received_at: from_micros(row.try_get("received_at")?)?,
    })
}
