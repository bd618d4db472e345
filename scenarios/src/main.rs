//! `scenarios`: plays the cross-company scenarios. See `README.md` beside this crate.

use bridge_scenarios::{Cli, Surroundings};
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::parse();
    // It fails only when one is installed already, and nothing before this line does that.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    // Without a name of its own the runner finds nothing beside itself, and says so.
    let executable = std::env::current_exe().unwrap_or_default();
    let surroundings = Surroundings {
        cargo: std::env::var_os("CARGO").map(PathBuf::from),
        executable,
        workspace: PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")),
    };
    bridge_scenarios::main(cli, surroundings).await
}
