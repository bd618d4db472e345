//! The code behind the steps of the features, by topic. Each step says what it expected and what it found.

#![expect(clippy::needless_pass_by_value, reason = "cucumber parses the arguments of a step and gives them away")]

mod answers;
mod asking;
mod business;
mod calling;
mod counting;
mod events;
mod forged;
mod lines;
mod operating;
mod policies;
mod processes;
mod revocation;
pub(crate) mod rotation;
mod secrets;
mod sidecar;
mod status_lists;
mod waiting;
mod workload;
mod writing;
