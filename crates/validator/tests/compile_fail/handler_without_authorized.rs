//! A handler that requires no scope is no route of a guarded API.

use bridge_validator::GuardedRoutes;

async fn list_shipments() -> &'static str {
    "[]"
}

fn main() {
    let _ = GuardedRoutes::new().get("/shipments", list_shipments);
}
