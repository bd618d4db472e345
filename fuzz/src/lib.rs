//! What must hold for any input at all, one module for each place where Bridge reads what a stranger wrote.
//!
//! Each module has one function, `check`: it takes any bytes, gives them to the parser or the decision under test, and
//! panics when a property does not hold. A property compares with a second, plainer reading of the same bytes, so that it
//! is not the code under test that judges itself. libFuzzer calls the functions with inputs that it makes up; the main
//! workspace calls them with the seeds (`cargo test -p bridge-testkit`).

pub mod claims;
pub mod compact_jws;
mod fixture;
pub mod form_body;
pub mod header;
pub mod jwk_set;
pub mod metadata;
pub mod policy_file;
pub mod problem_details;
mod tree;
