//! The validator as a whole: policies from files, keys from a network that tests hold in their hand, tokens from the
//! forge.
#![expect(clippy::unwrap_used, reason = "in a test, a broken premise is a panic")]

mod accepted;
mod compile_fail;
mod defects;
mod gate;
mod hostile;
mod http_fetcher;
mod key_cache;
mod key_defects;
mod key_flood;
mod key_word;
mod metadata;
mod policy_file;
mod published;
mod reload;
mod remembered;
mod status;
mod support;
