//! What a token endpoint must refuse and what it must answer with a token: client assertions and form bodies.

mod assertion;
mod case;
mod form;
mod judge;
mod request;
mod scope;
mod times;

pub use case::{TokenCase, TokenExpected};
pub use judge::judge;
pub use request::TokenRequest;

use super::resource_server::token_form;
use super::table::Table;
use super::{Code, Expected, Policy};
use bridge_jose::Algorithm;
use case::Desk;

/// Every case for a client with keys of one algorithm, against a target that was told this.
///
/// Everything that is wrong with the form, header, `alg`, `kid` or signature of an access token is wrong with an
/// assertion too: those tables are the resource server's.
pub fn cases(policy: &Policy, algorithm: Algorithm) -> Vec<TokenCase> {
    let mut table = Table::new(policy, algorithm);
    token_form(&mut table);
    // What is too large for a token may be too large for a form as well: that has its own case.
    let shared = table.into_cases().into_iter().filter(|case| case.expected() != Expected::Deny(Code::TokenTooLarge));
    let mut desk = Desk::new(policy, algorithm);
    desk.adopt(shared);
    for topic in [assertion::cases, times::cases, form::cases, scope::cases] {
        topic(&mut desk);
    }
    desk.into_cases()
}
