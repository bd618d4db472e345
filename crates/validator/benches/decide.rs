//! Verification against the raw primitive.

fn main() {}
