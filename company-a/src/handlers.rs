//! The routes: each takes what it needs, makes one call, and maps the result.

use crate::model::{NewOrder, NewTrackingEvent, Order, OrderBody, TrackingEvent, TrackingEventBody};
use crate::scopes::{OrdersRead, OrdersWrite, TrackingWrite};
use crate::service::Service;
use actix_web::HttpResponse;
use actix_web::web::{Data, Json};
use bridge_business::{ItemId, Page, PageRequest, ReadRefusals, Write, WriteRefusals};
use bridge_validator::{Authorized, Problem};

/// Place an order. Its carrier gets the job as soon as it can be reached.
#[utoipa::path(
    post,
    path = "/orders",
    params(("Idempotency-Key" = String, Header, description = "Names this request; sent twice, it is done once")),
    request_body = OrderBody,
    responses((status = 201, description = "Placed", body = Order), WriteRefusals),
    security(("client_credentials" = ["orders:write"])),
)]
pub(crate) async fn place_order(
    authorized: Authorized<OrdersWrite>,
    service: Data<Service>,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let order: NewOrder = write.parse()?;
    let place = async |transaction: &mut _| service.place(transaction, order).await;
    write.once(service.database(), authorized.principal(), place).await
}

/// List orders, newest first. A partner sees those that it carries.
#[utoipa::path(
    get,
    path = "/orders",
    params(
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Items on a page; 20 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "A page of orders", body = Page<Order>), ReadRefusals),
    security(("client_credentials" = ["orders:read"])),
)]
pub(crate) async fn list_orders(
    authorized: Authorized<OrdersRead>,
    service: Data<Service>,
    page: PageRequest,
) -> Result<Json<Page<Order>>, Problem> {
    Ok(Json(service.orders(page, authorized.principal()).await?))
}

/// Read an order.
#[utoipa::path(
    get,
    path = "/orders/{id}",
    params(("id" = String, Path, format = Uuid, description = "Its id")),
    responses((status = 200, description = "The order", body = Order), ReadRefusals),
    security(("client_credentials" = ["orders:read"])),
)]
pub(crate) async fn read_order(
    authorized: Authorized<OrdersRead>,
    service: Data<Service>,
    id: ItemId,
) -> Result<Json<Order>, Problem> {
    Ok(Json(service.order(id, authorized.principal()).await?))
}

/// Report what happened to the shipment of an order. The order's status follows.
#[utoipa::path(
    post,
    path = "/orders/{id}/tracking-events",
    params(
        ("id" = String, Path, format = Uuid, description = "The order's id"),
        ("Idempotency-Key" = String, Header, description = "Names this request; sent twice, it is done once"),
    ),
    request_body = TrackingEventBody,
    responses(
        (status = 201, description = "Kept", body = TrackingEvent),
        (status = 200, description = "Kept before", body = TrackingEvent),
        WriteRefusals,
    ),
    security(("client_credentials" = ["tracking:write"])),
)]
pub(crate) async fn track_order(
    authorized: Authorized<TrackingWrite>,
    service: Data<Service>,
    id: ItemId,
    write: Write,
) -> Result<HttpResponse, Problem> {
    let event: NewTrackingEvent = write.parse()?;
    let caller = authorized.principal();
    let track = async |transaction: &mut _| service.track(transaction, id, event, caller).await;
    write.once(service.database(), caller, track).await
}

/// List what was reported about an order, in the order in which it came.
#[utoipa::path(
    get,
    path = "/orders/{id}/tracking-events",
    params(
        ("id" = String, Path, format = Uuid, description = "The order's id"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 100, description = "Items on a page; 20 if absent"),
        ("cursor" = Option<String>, Query, description = "`next_cursor` of the page before"),
    ),
    responses((status = 200, description = "A page of reports", body = Page<TrackingEvent>), ReadRefusals),
    security(("client_credentials" = ["orders:read"])),
)]
pub(crate) async fn list_tracking_events(
    authorized: Authorized<OrdersRead>,
    service: Data<Service>,
    id: ItemId,
    page: PageRequest,
) -> Result<Json<Page<TrackingEvent>>, Problem> {
    Ok(Json(service.events(id, page, authorized.principal()).await?))
}
