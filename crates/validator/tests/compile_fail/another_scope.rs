//! Permission for one scope is none for another.

use bridge_validator::{Authorized, RequiredScope};

struct ShipmentsRead;

impl RequiredScope for ShipmentsRead {
    const SCOPE: &'static str = "shipments:read";
}

struct ShipmentsWrite;

impl RequiredScope for ShipmentsWrite {
    const SCOPE: &'static str = "shipments:write";
}

fn create(_: Authorized<ShipmentsWrite>) {}

fn promote(authorized: Authorized<ShipmentsRead>) {
    create(authorized);
}

fn main() {
    let _ = promote;
}
