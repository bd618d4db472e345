//! The configuration of a company: one directory with `company.toml`, `clients/` and `partners/`.
//!
//! Everything is typed, every unknown key is refused, and every complaint is a [`ConfigError`] that names file, line,
//! what was expected, what was found and what to do. Paths in any file start at the configuration directory.

mod client;
mod company;
mod company_file;
mod client_files;
mod error;
mod explain;
mod overrides;
mod secrets;
mod source;
mod watch;
mod words;

pub use client::{ClientConfig, ClientKeys};
pub use client_files::ClientFiles;
pub use company::{ApiSettings, CompanyConfig, IssuerSettings, LogFormat, LogLevel, TelemetryConfig, TlsFiles};
pub use error::{ConfigError, Place};
pub use overrides::Variables;
pub use source::Located;
pub use words::{LoopbackAddr, Name, TokenLifetime};
