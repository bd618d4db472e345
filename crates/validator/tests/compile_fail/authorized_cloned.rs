//! An `Authorized` is for one request and cannot be kept beside it.

use bridge_validator::{Authorized, RequiredScope};

struct ShipmentsWrite;

impl RequiredScope for ShipmentsWrite {
    const SCOPE: &'static str = "shipments:write";
}

fn keep(authorized: &Authorized<ShipmentsWrite>) -> Authorized<ShipmentsWrite> {
    authorized.clone()
}

fn main() {
    let _ = keep;
}
