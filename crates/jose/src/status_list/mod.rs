//! Token status lists: the claim that refers to one, the claims of one, and its bits (draft-ietf-oauth-status-list).

mod bits;
mod claims;

pub use bits::{Bits, EncodedStatusList, StatusList, StatusListInvalid};
pub use claims::{StatusClaim, StatusListClaims, StatusReference};
