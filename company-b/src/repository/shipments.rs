use crate::model::{OrderReference, Shipment};
use bridge_business::{Failure, ItemId, PageRequest, Viewer, parse_json};
use bridge_store::{Connection, StoreError, from_micros, stored, to_micros};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// Keeps a new shipment.
pub(crate) async fn insert_shipment(connection: &mut Connection, shipment: &Shipment) -> Result<(), Failure> {
    sqlx::query(
        "INSERT INTO shipments
             (id, customer, customer_issuer, order_reference, status, delivery_address, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(shipment.id.to_string())
    .bind(&shipment.customer)
    .bind(&shipment.customer_issuer)
    .bind(shipment.order_reference.as_str())
    .bind(shipment.status.as_str())
    .bind(serde_json::to_string(&shipment.delivery_address)?)
    .bind(to_micros(shipment.created_at))
    .bind(to_micros(shipment.updated_at))
    .execute(connection)
    .await
    .map_err(StoreError::from)?;
    Ok(())
}

/// Keeps what changes in the life of a shipment: its status and, once, its lines.
pub(crate) async fn update_shipment(connection: &mut Connection, shipment: &Shipment) -> Result<(), Failure> {
    let lines = shipment.lines.as_ref().map(serde_json::to_string).transpose()?;
    sqlx::query("UPDATE shipments SET status = $2, lines = $3, updated_at = $4 WHERE id = $1")
        .bind(shipment.id.to_string())
        .bind(shipment.status.as_str())
        .bind(lines)
        .bind(to_micros(shipment.updated_at))
        .execute(connection)
        .await
        .map_err(StoreError::from)?;
    Ok(())
}

/// A shipment, if it is there and concerns the viewer: a partner sees those that its own issuer's clients asked for.
pub(crate) async fn find_shipment(
    connection: &mut Connection,
    id: ItemId,
    viewer: Viewer<'_>,
) -> Result<Option<Shipment>, StoreError> {
    let row = sqlx::query("SELECT * FROM shipments WHERE id = $1 AND ($2 IS NULL OR customer_issuer = $2)")
        .bind(id.to_string())
        .bind(viewer.issuer())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(shipment).transpose()
}

/// The shipment that this issuer's clients asked for under this reference.
pub(crate) async fn find_by_reference(
    connection: &mut Connection,
    issuer: &str,
    reference: &OrderReference,
) -> Result<Option<Shipment>, StoreError> {
    let row = sqlx::query("SELECT * FROM shipments WHERE customer_issuer = $1 AND order_reference = $2")
        .bind(issuer)
        .bind(reference.as_str())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(shipment).transpose()
}

/// The shipments that concern the viewer, newest first.
pub(crate) async fn list_shipments(
    connection: &mut Connection,
    page: PageRequest,
    viewer: Viewer<'_>,
) -> Result<Vec<Shipment>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM shipments WHERE ($1 IS NULL OR customer_issuer = $1) AND ($2 IS NULL OR id < $2)
         ORDER BY id DESC LIMIT $3",
    )
    .bind(viewer.issuer())
    .bind(page.after().map(|id| id.to_string()))
    .bind(page.rows())
    .fetch_all(connection)
    .await?;
    rows.iter().map(shipment).collect()
}

fn shipment(row: &SqliteRow) -> Result<Shipment, StoreError> {
    let lines = row.try_get::<Option<&[u8]>, _>("lines")?.map(parse_json).transpose();
    Ok(Shipment {
        id: stored("id of a shipment", row.try_get::<&str, _>("id")?.try_into())?,
        customer: row.try_get("customer")?,
        customer_issuer: row.try_get("customer_issuer")?,
        order_reference: stored("reference of a shipment", row.try_get::<String, _>("order_reference")?.try_into())?,
        status: stored("status of a shipment", row.try_get::<&str, _>("status")?.try_into())?,
        delivery_address: stored("address of a shipment", parse_json(row.try_get("delivery_address")?))?,
        lines: stored("lines of a shipment", lines)?,
        created_at: from_micros(row.try_get("created_at")?)?,
        updated_at: from_micros(row.try_get("updated_at")?)?,
    })
}
