use crate::handlers::{create_shipment, list_events, list_shipments, read_shipment, record_event};
use bridge_validator::GuardedRoutes;

/// Every route that demands a token; its handler names the scope.
pub(crate) fn routes() -> GuardedRoutes {
    GuardedRoutes::new()
        .post("/shipments", create_shipment)
        .get("/shipments", list_shipments)
        .get("/shipments/{id}", read_shipment)
        .post("/shipments/{id}/events", record_event)
        .get("/shipments/{id}/events", list_events)
}
