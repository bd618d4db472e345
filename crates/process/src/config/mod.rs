//! Strict TOML files: everything is typed, every unknown key and every literal secret is refused, and every complaint is
//! a [`ConfigError`] that names file, line and column, what was expected, what kind of thing was found and what to do; a
//! value of the file it never repeats.

mod amount;
mod error;
mod hosts;
mod source;
mod telemetry;
mod words;

pub use amount::{Count, Span, Whole};
pub use error::{ConfigError, Place};
pub use hosts::Hosts;
pub use source::{Located, Source, unreadable};
pub use telemetry::{LogFormat, LogLevel, TelemetryConfig};
pub use words::{HostAddr, ListenAddr, LoopbackAddr, Name};
