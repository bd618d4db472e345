//! The scopes of the API, as types: a handler's signature says which one it requires.

use bridge_types::ScopeSet;
use bridge_validator::RequiredScope;

/// Read orders and what happened to them.
#[derive(Debug)]
pub struct OrdersRead;

impl RequiredScope for OrdersRead {
    const SCOPE: &'static str = "orders:read";
}

/// Place orders.
#[derive(Debug)]
pub struct OrdersWrite;

impl RequiredScope for OrdersWrite {
    const SCOPE: &'static str = "orders:write";
}

/// Report what happened to the shipment of an order.
#[derive(Debug)]
pub struct TrackingWrite;

impl RequiredScope for TrackingWrite {
    const SCOPE: &'static str = "tracking:write";
}

/// Each scope with what it permits, for people.
pub const ALL: [(&str, &str); 3] = [
    (OrdersRead::SCOPE, "read orders and what happened to them"),
    (OrdersWrite::SCOPE, "place orders"),
    (TrackingWrite::SCOPE, "report what happened to the shipment of an order"),
];

/// All of them. Each has the form of a scope, or the route that requires it would not compile.
pub fn all() -> ScopeSet {
    ALL.iter().filter_map(|(scope, _)| scope.parse().ok()).collect()
}
