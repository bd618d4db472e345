//! The scopes of the API, as types: a handler's signature says which one it requires.

use bridge_types::ScopeSet;
use bridge_validator::RequiredScope;

/// Read shipments and what happened to them.
#[derive(Debug)]
pub struct ShipmentsRead;

impl RequiredScope for ShipmentsRead {
    const SCOPE: &'static str = "shipments:read";
}

/// Ask for shipments.
#[derive(Debug)]
pub struct ShipmentsWrite;

impl RequiredScope for ShipmentsWrite {
    const SCOPE: &'static str = "shipments:write";
}

/// Say what happened to a shipment.
#[derive(Debug)]
pub struct ShipmentsTrack;

impl RequiredScope for ShipmentsTrack {
    const SCOPE: &'static str = "shipments:track";
}

/// Each scope with what it permits, for people.
pub const ALL: [(&str, &str); 3] = [
    (ShipmentsRead::SCOPE, "read shipments and what happened to them"),
    (ShipmentsWrite::SCOPE, "ask for shipments"),
    (ShipmentsTrack::SCOPE, "say what happened to a shipment"),
];

/// All of them. Each has the form of a scope, or the route that requires it would not compile.
pub fn all() -> ScopeSet {
    ALL.iter().filter_map(|(scope, _)| scope.parse().ok()).collect()
}
