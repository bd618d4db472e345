//! What a panic leaves in the log.

use bridge_process::config::{LogFormat, TelemetryConfig};
use bridge_process::telemetry::{Origin, start_log};
use bridge_types::SystemClock;
use serde_json::Value;
use std::process::Command;
use std::sync::Arc;

const SECRET: &str = "eyJhbGciOiJFUzI1NiJ9.c2VjcmV0.c2ln";
const CHILD: &str = "BRIDGE_TEST_PANICS";

/// Does something only as the child of the other test: panics, and then ends the process without any farewell.
#[test]
fn panics_when_it_is_told_to() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let origin = Origin { kind: "company", name: "child", targets: &[] };
    let config = TelemetryConfig { log_format: LogFormat::Json, ..TelemetryConfig::default() };
    let _log = start_log(origin, config, Arc::new(SystemClock::new())).unwrap();
    let panics = || panic!("cannot go on with {SECRET}");
    let worker = std::thread::Builder::new().name("worker".to_owned()).spawn(panics).unwrap();
    drop(worker.join());
    std::process::abort();
}

#[test]
fn a_panic_is_in_the_log_with_its_place_and_without_its_message() {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "panics::panics_when_it_is_told_to", "--nocapture"]).env(CHILD, "1");
    let output = child.output().unwrap();
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(!log.contains(SECRET) && !log.contains("cannot go on"), "{log}");
    let lines: Vec<Value> = log.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let [line] = &lines[..] else { panic!("{log}") };
    assert_eq!((&line["event"], &line["level"], &line["thread"]), (&"panic".into(), &"ERROR".into(), &"worker".into()));
    assert!(line["detail"].as_str().unwrap().contains("panics.rs:"), "{line}");
}
