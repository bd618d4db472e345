use crate::model::Event;
use bridge_business::{ItemId, PageRequest, Text};
use bridge_store::{Connection, StoreError, from_micros, stored, to_micros};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// Keeps an event.
pub(crate) async fn insert_event(
    connection: &mut Connection,
    shipment: ItemId,
    event: &Event,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO events (id, shipment_id, kind, note, occurred_at) VALUES ($1, $2, $3, $4, $5)")
        .bind(event.id.to_string())
        .bind(shipment.to_string())
        .bind(event.kind.as_str())
        .bind(event.note.as_ref().map(Text::as_str))
        .bind(to_micros(event.occurred_at))
        .execute(connection)
        .await?;
    Ok(())
}

/// What happened to a shipment, in order.
pub(crate) async fn list_events(
    connection: &mut Connection,
    shipment: ItemId,
    page: PageRequest,
) -> Result<Vec<Event>, StoreError> {
    let rows =
        sqlx::query("SELECT * FROM events WHERE shipment_id = $1 AND ($2 IS NULL OR id > $2) ORDER BY id LIMIT $3")
            .bind(shipment.to_string())
            .bind(page.after().map(|id| id.to_string()))
            .bind(page.rows())
            .fetch_all(connection)
            .await?;
    rows.iter().map(event).collect()
}

fn event(row: &SqliteRow) -> Result<Event, StoreError> {
    let note = row.try_get::<Option<String>, _>("note")?.map(Text::try_from).transpose();
    Ok(Event {
        id: stored("id of an event", row.try_get::<&str, _>("id")?.try_into())?,
        kind: stored("kind of an event", row.try_get::<&str, _>("kind")?.try_into())?,
        note: stored("note of an event", note)?,
        occurred_at: from_micros(row.try_get("occurred_at")?)?,
    })
}
