use crate::model::{Lines, Order};
use bridge_business::{Failure, ItemId, PageRequest, Text, Viewer, parse_json};
use bridge_store::{Connection, StoreError, from_micros, stored, to_micros};
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

/// Keeps a new order.
pub(crate) async fn insert_order(connection: &mut Connection, order: &Order) -> Result<(), Failure> {
    sqlx::query(
        "INSERT INTO orders
             (id, carrier, carrier_issuer, status, delivery_address, lines, shipment, placed_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(order.id.to_string())
    .bind(order.carrier.as_str())
    .bind(&order.carrier_issuer)
    .bind(order.status.as_str())
    .bind(serde_json::to_string(&order.delivery_address)?)
    .bind(serde_json::to_string(&order.lines)?)
    .bind(order.shipment.as_ref().map(Text::as_str))
    .bind(to_micros(order.placed_at))
    .bind(to_micros(order.updated_at))
    .execute(connection)
    .await
    .map_err(StoreError::from)?;
    Ok(())
}

/// Keeps what changes in the life of an order: its status and its shipment.
pub(crate) async fn update_order(connection: &mut Connection, order: &Order) -> Result<(), StoreError> {
    sqlx::query("UPDATE orders SET status = $2, shipment = $3, updated_at = $4 WHERE id = $1")
        .bind(order.id.to_string())
        .bind(order.status.as_str())
        .bind(order.shipment.as_ref().map(Text::as_str))
        .bind(to_micros(order.updated_at))
        .execute(connection)
        .await?;
    Ok(())
}

/// An order, if it is there and concerns the viewer: a partner sees those that it carries.
pub(crate) async fn find_order(
    connection: &mut Connection,
    id: ItemId,
    viewer: Viewer<'_>,
) -> Result<Option<Order>, StoreError> {
    let row = sqlx::query("SELECT * FROM orders WHERE id = $1 AND ($2 IS NULL OR carrier_issuer = $2)")
        .bind(id.to_string())
        .bind(viewer.issuer())
        .fetch_optional(connection)
        .await?;
    row.as_ref().map(order).transpose()
}

/// The orders that concern the viewer, newest first.
pub(crate) async fn list_orders(
    connection: &mut Connection,
    page: PageRequest,
    viewer: Viewer<'_>,
) -> Result<Vec<Order>, StoreError> {
    let rows = sqlx::query(
        "SELECT * FROM orders WHERE ($1 IS NULL OR carrier_issuer = $1) AND ($2 IS NULL OR id < $2)
         ORDER BY id DESC LIMIT $3",
    )
    .bind(viewer.issuer())
    .bind(page.after().map(|id| id.to_string()))
    .bind(page.rows())
    .fetch_all(connection)
    .await?;
    rows.iter().map(order).collect()
}

fn order(row: &SqliteRow) -> Result<Order, StoreError> {
    let lines: Lines = stored("lines of an order", parse_json(row.try_get("lines")?))?;
    let shipment = row.try_get::<Option<String>, _>("shipment")?.map(Text::try_from).transpose();
    Ok(Order {
        id: stored("id of an order", row.try_get::<&str, _>("id")?.try_into())?,
        carrier: stored("carrier of an order", row.try_get::<String, _>("carrier")?.try_into())?,
        carrier_issuer: row.try_get("carrier_issuer")?,
        status: stored("status of an order", row.try_get::<&str, _>("status")?.try_into())?,
        delivery_address: stored("address of an order", parse_json(row.try_get("delivery_address")?))?,
        total: lines.total(),
        lines,
        shipment: stored("shipment of an order", shipment)?,
        placed_at: from_micros(row.try_get("placed_at")?)?,
        updated_at: from_micros(row.try_get("updated_at")?)?,
    })
}
