//! The command `bridge-sidecar`.

use std::process::ExitCode;

fn main() -> ExitCode {
    bridge_sidecar::run()
}
