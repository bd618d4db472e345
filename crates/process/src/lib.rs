//! What every process of Bridge has, whatever it does: strict configuration files, a log, metrics, HTTP clients that
//! trust one authority each, signals, and guards against being read from outside.
//!
//! It knows no role and no business. Everything comes in as a parameter; nothing here reads the environment.

pub mod config;
pub mod guards;
mod outbound;
mod private_file;
mod process;
mod reach;
mod signals;
pub mod telemetry;

pub use outbound::{Outbound, authorities, use_aws_lc};
pub use private_file::{Unusable, open_private};
pub use process::{Exit, Process, Variables};
pub use signals::Signals;
