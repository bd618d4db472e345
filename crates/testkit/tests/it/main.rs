//! Checks of the workspace as a whole.

#![expect(clippy::unwrap_used, reason = "in a test, a broken premise is a panic")]

mod arrows;
