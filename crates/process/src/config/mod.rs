//! Strict TOML files: everything is typed, every unknown key and every literal secret is refused, and every complaint is
//! a [`ConfigError`] that names file, line, what was expected, what was found and what to do.

mod amount;
mod error;
mod explain;
mod secrets;
mod source;
mod telemetry;
mod words;

pub use amount::{Count, Span, Whole};
pub use error::{ConfigError, Place};
pub use explain::explain;
pub use source::{Located, Source, unreadable};
pub use telemetry::{LogFormat, LogLevel, TelemetryConfig};
pub use words::{HostAddr, ListenAddr, LoopbackAddr, Name};
