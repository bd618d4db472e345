//! Each broken file gets one clear message: what, where, expected, found, what to do.

use crate::support::{Directory, run};
use bridge_company::Exit;
use serde_json::Value;

/// File, what is replaced in it, by what, and then: the line, what is expected, what was found.
type Defect<'d> = (&'d str, &'d str, &'d str, u64, &'d str, &'d str);

/// The one complaint of `config check` about a good directory with one defect.
fn complaint_about(spoil: impl FnOnce(&Directory)) -> Value {
    let directory = Directory::new();
    spoil(&directory);
    let outcome = run(&directory, &["config", "check", "--json"], &[]);
    assert_eq!(outcome.exit, Exit::Misconfigured, "{outcome:?}");
    let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
    assert_eq!(report["errors"].as_array().unwrap().len(), 1, "{report:#}");
    report["errors"][0].clone()
}

fn says(complaint: &Value, member: &str, text: &str) {
    let said = complaint[member].as_str().unwrap_or_default();
    assert!(said.contains(text), "{member} does not say {text:?}: {complaint:#}");
}

fn check(defects: &[Defect<'_>]) {
    for (file, from, to, line, expected, found) in defects {
        let complaint = complaint_about(|directory| directory.edit(file, from, to));
        says(&complaint, "file", file);
        assert_eq!(complaint["line"], *line, "{complaint:#}");
        says(&complaint, "expected", expected);
        says(&complaint, "found", found);
        assert!(complaint["remedy"].as_str().is_some_and(|remedy| !remedy.is_empty()), "{complaint:#}");
    }
}

#[test]
fn the_good_files_are_good() {
    let outcome = run(&Directory::new(), &["config", "check"], &[]);
    assert_eq!(outcome.exit, Exit::Done, "{outcome:?}");
}

#[test]
fn names_the_line_of_each_defect_in_company_toml() {
    let file = "company.toml";
    check(&[
        (file, "name = \"notes\"", "name = \"notes\"\ncolour = \"red\"", 2, "`name`", "`colour`"),
        (file, "name = \"notes\"", "name = \"No tes\"", 1, "lower-case letters", "No tes"),
        (file, "name = \"notes\"", "name = 5", 1, "a string", "integer `5`"),
        (file, "name = \"notes\"\n", "", 1, "`name`", "no such key"),
        (file, "name = \"notes\"", "name \"notes\"", 1, "`=`", ""),
        (file, "sqlite:notes.db", "postgres://u:hunter2@h/d", 2, "sqlite:PATH", "postgres:…"),
        (file, "[issuer]\n", "[issuer]\nkind = 1\n", 5, "`url`", "`kind`"),
        (file, "[issuer]\n", "[issuer]\nurl = \"https://issuer.example?x\"\n", 5, "https URL", "issuer.example?x"),
        (file, "[issuer]\n", "[issuer]\nurl = \"http://127.0.0.1:1\"\n", 5, "https", "http://127.0.0.1:1"),
        (file, "[issuer]\n", "[issuer]\naccess_token_lifetime = \"16m\"\n", 5, "15m", "16m"),
        (file, "[issuer]\n", "[issuer]\nalgorithm = \"HS256\"\n", 5, "ES256", "HS256"),
        (file, "listen = \"127.0.0.1:0\"", "listen = \"127.0.0.1\"", 5, "an IP address and a port", "127.0.0.1"),
        (
            file,
            "[operations]\nlisten = \"127.0.0.1:0\"",
            "[operations]\nlisten = \"0.0.0.0:0\"",
            11,
            "loopback",
            "0.0.0.0:0",
        ),
        (file, "key_file = \"tls/key.pem\"\n", "", 13, "`key_file`", "no such key"),
        (file, "tls/key.pem", "tls/none.pem", 15, "private key", "No such file"),
        (file, "tls/cert.pem", "tls/key.pem", 14, "certificates", "nothing of the kind"),
        (file, "tls/ca.pem", "tls/none.pem", 16, "authority", "No such file"),
        (file, "log_level = \"error\"", "log_level = \"loud\"", 19, "`warn`", "`loud`"),
        (file, "[telemetry]", "[limits]\ncolour = 1\n[telemetry]", 19, "`keep_alive`", "`colour`"),
        (file, "[telemetry]", "[limits]\nkeep_alive = \"1h\"\n[telemetry]", 19, "1s to 10m", "1h"),
        (file, "[telemetry]", "[limits]\nconnections_per_address = 0\n[telemetry]", 19, "1 to 65535", "0"),
        (file, "[telemetry]", "[hosts]\n\"issuer.example\" = \"here\"\n[telemetry]", 19, "an IP address", "here"),
    ]);
}

#[test]
fn names_the_line_of_each_defect_in_a_client() {
    let file = "clients/reader.toml";
    check(&[
        (file, "client_id", "client", 1, "`client_id`", "`client`"),
        (file, "\"managed\"", "\"password\"", 2, "`managed`", "`password`"),
        (file, "\"managed\"", "{ jwks_file = \"none.json\" }", 2, "JWK set", "No such file"),
        (file, "https://api.example", "http://api.example", 5, "https URL", "http://api.example"),
        (file, "\"notes:read\"", "\"notes read\"", 6, "without space", "notes read"),
        (file, "\"notes:read\"", "\"notes:read\", \"notes:read\"", 6, "each value once", "repeated"),
    ]);
}

#[test]
fn names_the_line_of_each_defect_in_a_policy() {
    let file = "partners/partner.toml";
    check(&[
        (file, "issuer =", "issuers =", 1, "`issuer`", "`issuers`"),
        (file, "https://issuer.example", "http://issuer.example", 1, "https URL", "http://issuer.example"),
        (file, "[clients.reader]", "valid_until = \"soon\"\n[clients.reader]", 4, "date", "soon"),
        (file, "[clients.reader]", "enabled = \"no\"\n[clients.reader]", 4, "boolean", "\"no\""),
        (file, "[clients.reader]", "algorithms = [\"none\"]\n[clients.reader]", 4, "ES256", "none"),
        (file, "[clients.reader]", "max_token_lifetime = \"2h\"\n[clients.reader]", 4, "1h", "2h"),
        (
            file,
            "client = \"reader\"",
            "token_endpoint = \"https://partner.example/token\"",
            9,
            "`client`",
            "`token_endpoint`",
        ),
    ]);
}

#[test]
fn names_the_file_of_a_defect_that_has_no_line() {
    for (spoil, file, expected, found) in [
        (
            &(|d: &Directory| d.remove("company.toml")) as &dyn Fn(&Directory),
            "company.toml",
            "a TOML file",
            "No such file",
        ),
        (&|d| d.write("clients/Reader 2.toml", "x = 1"), "Reader 2.toml", "lower-case letters", "Reader 2"),
        (
            &|d| d.write("clients/second.toml", &std::fs::read_to_string(d.file("clients/reader.toml")).unwrap()),
            "second.toml",
            "each client id in one file",
            "reader.toml",
        ),
        (
            &|d| d.edit("partners/partner.toml", "client = \"reader\"", "client = \"writer\""),
            "partner.toml",
            "clients/writer.toml",
            "no such file",
        ),
        (
            &|d| d.edit("partners/partner.toml", "[clients.reader]", "ca_file = \"none.pem\"\n[clients.reader]"),
            "partner.toml",
            "a file beside this one",
            "No such file",
        ),
        (
            &|d| d.write("partners/twin.toml", &std::fs::read_to_string(d.file("partners/partner.toml")).unwrap()),
            ".toml",
            "each issuer in one file",
            ".toml",
        ),
    ] {
        let directory = Directory::new();
        spoil(&directory);
        let outcome = run(&directory, &["config", "check", "--json"], &[]);
        assert_eq!(outcome.exit, Exit::Misconfigured, "{outcome:?}");
        let report: Value = serde_json::from_str(&outcome.stdout).unwrap();
        for (member, text) in [("file", file), ("expected", expected), ("found", found)] {
            says(&report["errors"][0], member, text);
        }
    }
}

#[test]
fn refuses_a_literal_secret_and_does_not_repeat_it() {
    for (file, from, to, line) in [
        ("company.toml", "[issuer]\n", "[issuer]\nclient_secret = \"hunter2\"\n", 5),
        ("company.toml", "key_file = \"tls/key.pem\"", "key = \"-----BEGIN PRIVATE KEY-----hunter2\"", 15),
        ("company.toml", "[telemetry]\n", "[telemetry]\ndb_password = \"hunter2\"\n", 19),
        ("clients/reader.toml", "\"managed\"", "{ kty = \"EC\", d = \"hunter2\" }", 2),
        ("clients/reader.toml", "\"managed\"", "\"eyJhbGciOiJFUzI1NiJ9.hunter2.c2ln\"", 2),
        ("partners/partner.toml", "issuer =", "api_key = \"hunter2\"\nissuer =", 1),
    ] {
        let complaint = complaint_about(|directory| directory.edit(file, from, to));
        says(&complaint, "what", "a literal secret");
        assert_eq!(complaint["line"], line, "{complaint:#}");
        assert!(!complaint.to_string().contains("hunter2"), "{complaint:#}");
    }
}

#[test]
fn refuses_a_private_key_in_the_key_file_of_a_client() {
    let private = r#"{"keys":[{"kty":"EC","crv":"P-256","kid":"k","alg":"ES256","x":"gI0GAILBdu7T53akrFmMyGcsF3n5dO7MmwNBHKW5SV0","y":"SLW_xSffzlPWrHEVI30DHM_4egVwt3NQqeUD7nMFpps","d":"0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"}]}"#;
    let complaint = complaint_about(|directory| {
        directory.edit("clients/reader.toml", "\"managed\"", "{ jwks_file = \"reader.jwks.json\" }");
        directory.write("clients/reader.jwks.json", private);
    });
    says(&complaint, "found", "private members");
    assert!(!complaint.to_string().contains("0_NxaRPUMQoAJt50Gz8"), "{complaint:#}");
}

#[test]
fn a_plain_listener_stays_on_this_machine() {
    let directory = Directory::new();
    directory.without_tls();
    assert_eq!(run(&directory, &["config", "check"], &[]).exit, Exit::Done);

    let complaint = complaint_about(|directory| {
        directory.without_tls();
        directory.edit("company.toml", "listen = \"127.0.0.1:0\"", "listen = \"0.0.0.0:0\"");
    });
    assert_eq!(complaint["line"], 6, "{complaint:#}");
    says(&complaint, "expected", "a loopback address, because `tls = false`");
    says(&complaint, "found", "0.0.0.0:0");
}

#[test]
fn tells_everything_that_is_wrong_at_once() {
    let directory = Directory::new();
    directory.edit("company.toml", "notes.db", "");
    directory.edit("clients/reader.toml", "client_id", "id");
    directory.edit("partners/partner.toml", "issuer", "from");
    let outcome = run(&directory, &["serve"], &[]);
    assert_eq!(outcome.exit, Exit::Misconfigured);
    for place in ["company.toml:2: ", "clients/reader.toml:1: ", "partners/partner.toml:1: "] {
        assert!(outcome.stderr.contains(place), "{place}: {}", outcome.stderr);
    }
    assert_eq!(outcome.stdout, "");
}

#[test]
fn warns_of_what_somebody_will_wonder_about_later() {
    let directory = Directory::new();
    directory.edit("partners/partner.toml", "[clients.reader]", "valid_until = 2020-01-01\n[clients.reader]");
    directory.edit("company.toml", "[issuer]\n", "[issuer]\nurl = \"https://own.example\"\n");
    directory.edit("company.toml", "[api]\n", "[api]\nurl = \"https://api.own.example\"\n");
    let outcome = run(&directory, &["config", "check"], &[]);
    assert_eq!(outcome.exit, Exit::Done);
    for warning in [
        "has ended",
        "another audience than the own API",
        "no policy for the own issuer",
        "without an agent",
        "4 warning(s)",
    ] {
        assert!(outcome.stdout.contains(warning), "{warning}: {}", outcome.stdout);
    }
}
