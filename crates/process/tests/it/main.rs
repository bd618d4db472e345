//! What every process has, seen from outside of a process.
#![expect(clippy::unwrap_used, reason = "in a test, a broken premise is a panic")]

mod panics;
