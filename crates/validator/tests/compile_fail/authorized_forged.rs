//! Only the decision function makes an `Authorized`.

use bridge_validator::{Authorized, RequiredScope};
use std::marker::PhantomData;

struct ShipmentsWrite;

impl RequiredScope for ShipmentsWrite {
    const SCOPE: &'static str = "shipments:write";
}

fn forge<A>(access: A) -> Authorized<ShipmentsWrite> {
    Authorized { access, scope: PhantomData }
}

fn main() {
    let _ = forge::<()>;
}
