//! The scope is decided before anything else of the request is read, so `Authorized` comes first.

use actix_web::web::Bytes;
use bridge_validator::{Authorized, RequiredScope, guarded};

struct ShipmentsWrite;

impl RequiredScope for ShipmentsWrite {
    const SCOPE: &'static str = "shipments:write";
}

async fn create_shipment(_: Bytes, _: Authorized<ShipmentsWrite>) -> &'static str {
    "created"
}

fn main() {
    let _ = guarded(create_shipment);
}
