//! `sidecar.toml` is strict: whatever is wrong is refused with its line, what was expected and what was found.

use crate::support::{Issuer, Partner, Settings};
use bridge_process::Exit;
use bridge_sidecar::config::SidecarConfig;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

fn settings() -> Settings {
    Settings::new("http://127.0.0.1:1", "http://127.0.0.1:2")
}

/// Replaces a part of the file and gives what `check` says of it.
fn complaint(from: &str, to: &str) -> String {
    let settings = settings();
    let text = std::fs::read_to_string(settings.file()).unwrap();
    assert!(text.contains(from), "{text} has no {from:?}");
    std::fs::write(settings.file(), text.replacen(from, to, 1)).unwrap();
    let (exit, stdout, stderr) = settings.command(&["check"]);
    assert_eq!(exit, Exit::Misconfigured, "{from:?} to {to:?} was accepted: {stdout} {stderr}");
    stderr
}

#[test]
fn a_wrong_file_is_refused_with_line_expected_and_found() {
    for (from, to, said) in [
        ("name = \"test\"", "name = \"test\"\ncolour = \"red\"", "sidecar.toml:2:1: unknown key at `colour`"),
        ("name = \"test\"", "name = \"No Name\"", "1 to 64 lower-case letters"),
        ("[client]\n", "[client]\nclient_secret = \"x\"\n", "a literal secret"),
        ("{ key_file = \"client.pem\" }", "{ password = \"x\" }", "a literal secret"),
        ("{ key_file = \"client.pem\" }", "\"managed\"", "sidecar.toml:8"),
        ("{ key_file = \"client.pem\" }", "{ vault = \"x\" }", "expected: one of `key_file`, `token_file`"),
        ("{ key_file = \"client.pem\" }", "{ key_file = \"-----BEGIN PRIVATE KEY-----\" }", "a literal secret"),
        ("tcp = \"127.0.0.1:0\"", "tcp = \"0.0.0.0:0\"", "a loopback address"),
        ("tcp = \"127.0.0.1:0\"", "", "not one way to listen"),
        ("tcp = \"127.0.0.1:0\"", "tcp = \"127.0.0.1:0\"\nsocket = \"a\"", "not one way to listen"),
        ("tcp = \"127.0.0.1:0\"", "tcp = \"127.0.0.1:0\"\nallow_uids = [1]", "not one way to listen"),
        ("tcp = \"127.0.0.1:0\"", "socket = \"a\"\nallow_uids = []", "a socket that nobody may use"),
        ("scopes = [\"shipments:read\"]", "", "a partner without scopes"),
        ("scopes = [\"shipments:read\"]", "scopes = []", "no scopes"),
        ("scopes = [\"shipments:read\"]", "scopes = [\"a b\"]", "1 to 128 visible ASCII characters"),
        ("http://127.0.0.1:2", "http://api.example", "https"),
        ("http://127.0.0.1:1", "http://issuer.example", "https"),
        (
            "on_disk = true",
            "on_disk = true\n[[token_files]]\npartner = \"company-c\"\nscopes = [\"a\"]\nfile = \"f\"",
            "that is not configured",
        ),
        ("on_disk = true", "on_disk = true\n[limits]\nanswer_within = \"0s\"", "1s to 10m"),
        ("on_disk = true", "on_disk = true\n[limits]\nrepeatable_body = 5000000", "bodies too large to be held"),
        (
            "on_disk = true",
            "on_disk = true\n[telemetry]\nlog_level = \"loud\"",
            "unknown value at `telemetry.log_level`",
        ),
    ] {
        let complaint = complaint(from, to);
        assert!(complaint.contains(said), "{to:?}: expected {said:?}, found {complaint}");
        assert!(
            complaint.contains("expected:") && complaint.contains("found:") && complaint.contains("to do:"),
            "{complaint}"
        );
    }
}

#[test]
fn a_wrong_route_is_refused() {
    let route = |methods: &str, path: &str, scopes: &str| {
        format!("[[partners.company-b.routes]]\nmethods = {methods}\npath = \"{path}\"\nscopes = {scopes}")
    };
    for (methods, path, scopes, said) in [
        ("[]", "/a", "[\"a\"]", "methods that cannot be used"),
        ("[\"get\"]", "/a", "[\"a\"]", "methods that cannot be used"),
        ("[\"TRACE\"]", "/a", "[\"a\"]", "methods that cannot be used"),
        ("[\"GET\"]", "a", "[\"a\"]", "a path that cannot be used"),
        ("[\"GET\"]", "/a/**/b", "[\"a\"]", "a path that cannot be used"),
        ("[\"GET\"]", "/a", "[]", "no scopes"),
    ] {
        let complaint = complaint("scopes = [\"shipments:read\"]", &route(methods, path, scopes));
        assert!(complaint.contains(said), "{methods} {path}: {complaint}");
    }
}

#[test]
fn a_key_that_others_can_read_or_that_is_none_is_refused() {
    let settings = settings();
    let key = settings.key_file();
    let check = || settings.command(&["check"]);
    for mode in [0o640, 0o604, 0o660, 0o644] {
        std::fs::set_permissions(&key, PermissionsExt::from_mode(mode)).unwrap();
        let (exit, _, complaint) = check();
        assert_eq!(exit, Exit::Misconfigured, "{mode:o}");
        assert!(complaint.contains(&format!("mode {mode:04o}")) && complaint.contains("replace it"), "{complaint}");
    }
    std::fs::set_permissions(&key, PermissionsExt::from_mode(0o600)).unwrap();
    for content in ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "key"] {
        std::fs::write(&key, content).unwrap();
        assert!(check().2.contains("PKCS#8"), "{content:?}");
    }
    std::fs::remove_file(&key).unwrap();
    assert!(check().2.contains("bridge-sidecar register"));
}

#[test]
fn a_directory_on_a_disk_is_refused_unless_that_was_asked_for() {
    let disk = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let place = format!("directory = \"{}\"\non_disk = true", disk.path().display());
    let serve = |settings: &Settings| {
        let mut serve = Command::new(env!("CARGO_BIN_EXE_bridge-sidecar"));
        let ended = serve.args(["serve", "--config"]).arg(settings.file()).output().unwrap();
        (ended.status.code(), String::from_utf8(ended.stderr).unwrap())
    };
    let settings = settings();
    let text = std::fs::read_to_string(settings.file()).unwrap().replace("directory = \".\"\non_disk = true", &place);
    std::fs::write(settings.file(), text.replace("on_disk = true", "on_disk = false")).unwrap();
    let (exit, complaint) = serve(&settings);
    assert_eq!(exit, Some(2));
    assert!(complaint.contains("a directory on a disk") && complaint.contains("on_disk = true"), "{complaint}");
    std::fs::set_permissions(disk.path(), PermissionsExt::from_mode(0o777)).unwrap();
    std::fs::write(settings.file(), text).unwrap();
    let (exit, complaint) = serve(&settings);
    assert_eq!(exit, Some(2));
    assert!(complaint.contains("in which others can put files"), "{complaint}");
    assert_eq!(std::fs::read_dir(disk.path()).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn check_gets_each_token_once_and_says_what_the_issuer_says() {
    let (issuer, partner) = (Issuer::start().await, Partner::friendly().await);
    let check = || tokio::task::block_in_place(|| Settings::new(&issuer.url(), &partner.url()).command(&["check"]));
    let (exit, stdout, _) = check();
    assert_eq!(exit, Exit::Done);
    assert!(stdout.starts_with("company-b: shipments:read: ok, token "), "{stdout}");
    assert!(!stdout.contains("token-1"), "{stdout}");
    issuer.be(crate::support::Mood::Refusing);
    let (exit, stdout, _) = check();
    assert_eq!(exit, Exit::Failed);
    assert!(stdout.contains("invalid_client"), "{stdout}");
}

#[test]
fn the_audience_is_the_address_as_it_was_written_unless_it_is_given() {
    let audience = |from: &str, to: &str| {
        let settings = settings();
        let text = std::fs::read_to_string(settings.file()).unwrap();
        assert!(text.contains(from), "{text}");
        std::fs::write(settings.file(), text.replacen(from, to, 1)).unwrap();
        let config = SidecarConfig::load(&settings.file()).unwrap();
        config.partners.values().next().unwrap().audience.to_string()
    };
    let given = "audience = \"https://api.company-b.example\"\n";
    assert_eq!(audience(given, given), "https://api.company-b.example");
    for written in ["https://b.example", "https://b.example/", "https://b.example:8443/v1"] {
        let from = format!("url = \"http://127.0.0.1:2\"\n{given}");
        assert_eq!(audience(&from, &format!("url = \"{written}\"\n")), written);
    }
}

#[test]
fn the_committed_examples_are_read() {
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/sidecar");
    SidecarConfig::load(&Path::new(examples).join("sidecar.toml")).unwrap();
    // The example for Kubernetes has the file in a block, four spaces in.
    let manifest = std::fs::read_to_string(format!("{examples}/kubernetes.yaml")).unwrap();
    let block = manifest.split_once("sidecar.toml: |\n").unwrap().1.split_once("\n---").unwrap().0;
    let lines: Vec<&str> = block.lines().map(|line| line.strip_prefix("    ").unwrap_or(line)).collect();
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("sidecar.toml"), lines.join("\n")).unwrap();
    SidecarConfig::load(&directory.path().join("sidecar.toml")).unwrap();
}
