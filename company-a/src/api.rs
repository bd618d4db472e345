use crate::handlers::{list_orders, list_tracking_events, place_order, read_order, track_order};
use bridge_validator::GuardedRoutes;

/// Every route that demands a token; its handler names the scope.
pub(crate) fn routes() -> GuardedRoutes {
    GuardedRoutes::new()
        .post("/orders", place_order)
        .get("/orders", list_orders)
        .get("/orders/{id}", read_order)
        .post("/orders/{id}/tracking-events", track_order)
        .get("/orders/{id}/tracking-events", list_tracking_events)
}
