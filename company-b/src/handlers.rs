//! The routes: each takes what it needs, makes one call, and maps the result.

use crate::model::{Event, EventBody, NewEvent, NewShipment, Shipment, ShipmentBody};
use crate::scopes::{ShipmentsRead, ShipmentsTrack, ShipmentsWrite};
use crate::service::Service;
use actix_web::HttpResponse;
use actix_web::web::{Data, Json};
use bridge_business::{ItemId, Page, PageRequest, ReadRefusals, Write, WriteRefusals};
use bridge_validator::{Authorized, Problem};

/// Ask for a shipment of an order. The carrier reads the order's lines itself, with `orders:read`, and then accepts.
#[utoipa::path(
    post,
    path = "/shipments",
    params(("Idempotency-Key" = String, Header, description = "Names this request; sent twice, it is done once")),
    request_body = ShipmentBody,
    responses(
        (status = 201, description = "Created", body = Shipment),
        (status = 200, description = "The order has this shipment already", body = Shipment),
        WriteRefusals,
    ),
    security(("client_credentials" = ["shipments:write"])),
)]
pub(crate) async fn create_shipment(
    authorized: Authorized<ShipmentsWrite>,
    service: Data<Service>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let shipment: NewShipment = write.parse()?;
    let caller = authorized.principal();
    let create = async |transaction: &mut _| service.create(transaction, shipment, caller).await;
    write.once(service.database(), caller, create).await
}

/// List shipments, newest first. A partner sees those that it asked for.
#[utoipa::path(
    get,
    path = "/shipments",
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Items on a page; 20 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "A page of shipments", body = Page<Shipment>), ReadRefusals),
    security(("client_credentials" = ["shipments:read"])),
)]
pub(crate) async fn list_shipments(
    authorized: Authorized<ShipmentsRead>,
    service: Data<Service>,
    page: PageRequest,
) -> Result<Json<Page<Shipment>>, Problem> {
    Ok(Json(service.shipments(page, authorized.principal()).await?))
}

/// Read a shipment.
#[utoipa::path(
    get,
    path = "/shipments/{id}",
    params(("id" = String, Path, format = Uuid, description = "Its id")),
    responses((status = 200, description = "The shipment", body = Shipment), ReadRefusals),
    security(("client_credentials" = ["shipments:read"])),
)]
pub(crate) async fn read_shipment(
    authorized: Authorized<ShipmentsRead>,
    service: Data<Service>,
    id: ItemId,
) -> Result<Json<Shipment>, Problem> {
    Ok(Json(service.shipment(id, authorized.principal()).await?))
}

/// Say what happened to a shipment. Its status follows, and its customer hears of it.
#[utoipa::path(
    post,
    path = "/shipments/{id}/events",
    params(
        ("id" = String, Path, format = Uuid, description = "The shipment's id"),
        ("Idempotency-Key" = String, Header, description = "Names this request; sent twice, it is done once"),
    ),
    request_body = EventBody,
    responses((status = 201, description = "Kept", body = Event), WriteRefusals),
    security(("client_credentials" = ["shipments:track"])),
)]
pub(crate) async fn record_event(
    authorized: Authorized<ShipmentsTrack>,
    service: Data<Service>,
    id: ItemId,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let event: NewEvent = write.parse()?;
    let caller = authorized.principal();
    let record = async |transaction: &mut _| service.record(transaction, id, event, caller).await;
    write.once(service.database(), caller, record).await
}

/// List what happened to a shipment, in order.
#[utoipa::path(
    get,
    path = "/shipments/{id}/events",
    params(
        ("id" = String, Path, format = Uuid, description = "The shipment's id"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Items on a page; 20 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "A page of events", body = Page<Event>), ReadRefusals),
    security(("client_credentials" = ["shipments:read"])),
)]
pub(crate) async fn list_events(
    authorized: Authorized<ShipmentsRead>,
    service: Data<Service>,
    id: ItemId,
    page: PageRequest,
) -> Result<Json<Page<Event>>, Problem> {
    Ok(Json(service.events(id, page, authorized.principal()).await?))
}
