//! Tokens against the independent half of josekit, and against single defects.

#![expect(clippy::unwrap_used, reason = "in a test, a broken premise is a panic")]

mod defects;
mod differential;
mod key_sets;
mod spki;
