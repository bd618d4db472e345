//! What the client role does over real connections, with a clock that stands still until a test moves it.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a test, a broken premise is a panic")]

mod answers;
mod compile_fail;
mod credentials;
mod discovery;
mod egress;
mod forward;
mod logs;
mod outage;
mod recording;
mod refusals;
mod renewal;
mod support;
mod tokens;
