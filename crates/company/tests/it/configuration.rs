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
    let (form, word, key, absent) = ("another form", "another word", "another key", "no such field");
    let hosts = |entry: &str| format!("[hosts]\n{entry}\n[telemetry]");
    check(&[
        (file, "name = \"notes\"", "name = \"notes\"\ncolour = \"red\"", 2, "`name`", key),
        (file, "name = \"notes\"", "name = \"No tes\"", 1, "lower-case letters", form),
        (file, "name = \"notes\"", "name = 5", 1, "a string", "a number"),
        (file, "name = \"notes\"\n", "", 1, "`name`", absent),
        (file, "name = \"notes\"", "name \"notes\"", 1, "`=`", "something else"),
        (file, "sqlite:notes.db", "postgres://u:p@h/d", 2, "sqlite:PATH", form),
        (file, "[issuer]\n", "[issuer]\nkind = 1\n", 5, "`url`", key),
        (file, "[issuer]\n", "[issuer]\nurl = \"https://issuer.example?x\"\n", 5, "https URL", form),
        (file, "[issuer]\n", "[issuer]\nurl = \"http://127.0.0.1:1\"\n", 5, "https", "http://127.0.0.1:1"),
        (file, "[issuer]\n", "[issuer]\naccess_token_lifetime = \"16m\"\n", 5, "15m", form),
        (file, "[issuer]\n", "[issuer]\nalgorithm = \"HS256\"\n", 5, "ES256", word),
        (file, "listen = \"127.0.0.1:0\"", "listen = \"127.0.0.1\"", 5, "an IP address and a port", form),
        (file, "[operations]\nlisten = \"127.0.0.1:0\"", "[operations]\nlisten = \"0.0.0.0:0\"", 11, "loopback", form),
        (file, "key_file = \"tls/key.pem\"\n", "", 13, "`key_file`", absent),
        (file, "tls/key.pem", "tls/none.pem", 15, "private key", "No such file"),
        (file, "tls/cert.pem", "tls/key.pem", 14, "certificates", "nothing of the kind"),
        (file, "tls/ca.pem", "tls/none.pem", 16, "authority", "No such file"),
        (file, "log_level = \"error\"", "log_level = \"loud\"", 19, "`warn`", word),
        (file, "[telemetry]", &hosts("\"issuer.example\" = \"here\""), 19, "an IP address", form),
        (file, "[telemetry]", &hosts("\"Issuer.example\" = \"127.0.0.1\""), 19, "lower case", form),
        (file, "[telemetry]", &hosts("\"localhost\" = \"10.0.0.1\""), 19, "a loopback address", form),
        (file, "[telemetry]", &hosts("\"a.localhost\" = \"10.0.0.1\""), 19, "a loopback address", form),
    ]);
}

#[test]
fn names_the_line_of_each_defect_in_a_client() {
    let file = "clients/reader.toml";
    let (form, word, key) = ("another form", "another word", "another key");
    check(&[
        (file, "client_id", "client", 1, "`client_id`", key),
        (file, "\"managed\"", "\"password\"", 2, "`managed`", word),
        (file, "\"managed\"", "{ jwks_file = \"none.json\" }", 2, "JWK set", "No such file"),
        (file, "https://api.example", "http://api.example", 5, "https URL", form),
        (file, "\"notes:read\"", "\"notes read\"", 6, "without space", form),
        (file, "\"notes:read\"", "\"notes:read\", \"notes:read\"", 6, "each value once", form),
    ]);
}

#[test]
fn names_the_line_of_each_defect_in_a_policy() {
    let file = "partners/partner.toml";
    let (form, word, key) = ("another form", "another word", "another key");
    check(&[
        (file, "issuer =", "issuers =", 1, "`issuer`", key),
        (file, "https://issuer.example", "http://issuer.example", 1, "https URL", form),
        (file, "[clients.reader]", "valid_until = \"soon\"\n[clients.reader]", 4, "date", "a text"),
        (file, "[clients.reader]", "enabled = \"no\"\n[clients.reader]", 4, "boolean", "a text"),
        (file, "[clients.reader]", "algorithms = [\"none\"]\n[clients.reader]", 4, "ES256", word),
        (file, "[clients.reader]", "max_token_lifetime = \"2h\"\n[clients.reader]", 4, "1h", form),
        (file, "client = \"reader\"", "token_endpoint = \"https://partner.example/token\"", 9, "`client`", key),
    ]);
}

#[test]
fn a_complaint_says_line_and_column_and_key_and_never_the_value() {
    let (company, client, policy) = ("company.toml", "clients/reader.toml", "partners/partner.toml");
    for (file, from, to, place, key) in [
        (company, "name = \"notes\"", "name = hunter2", (1, 8), ""),
        (company, "name = \"notes\"", "name = \"hunter2", (1, 16), ""),
        (company, "name = \"notes\"", "hunter2", (1, 8), ""),
        (company, "name = \"notes\"", "name = \"Hunter2 hunter2\"", (1, 8), "`name`"),
        (company, "sqlite:notes.db", "hunter2", (2, 12), "`database`"),
        (company, "[issuer]\n", "[issuer]\nurl = \"https://me:hunter2@issuer.example\"\n", (5, 7), "`issuer.url`"),
        (company, "[issuer]\n", "[issuer]\nalgorithm = \"hunter2\"\n", (5, 13), "`issuer.algorithm`"),
        (company, "listen = \"127.0.0.1:0\"", "listen = \"hunter2\"", (5, 10), "`issuer.listen`"),
        (company, "tls/key.pem", "hunter2", (15, 12), ""),
        (company, "tls/cert.pem", "hunter2", (14, 20), ""),
        (company, "tls/ca.pem", "hunter2", (16, 11), ""),
        (client, "\"managed\"", "hunter2", (2, 14), ""),
        (client, "\"managed\"", "\"hunter2\"", (2, 14), "`credential`"),
        (client, "\"managed\"", "{ jwks_file = \"hunter2\" }", (2, 14), ""),
        (client, "\"managed\"", "{ hunter3 = \"hunter2\" }", (2, 16), "`credential.hunter3`"),
        (client, "\"notes:read\"", "\"hunter2 \"", (6, 10), "`access.scopes`"),
        (policy, "issuer =", "keys = \"hunter2\"\nissuer =", (1, 8), "`keys`"),
        (policy, "issuer =", "keys = { jwks_file = \"hunter2\" }\nissuer =", (0, 0), "`jwks_file`"),
        (policy, "issuer =", "ca_file = \"hunter2\"\nissuer =", (0, 0), "`ca_file`"),
        (policy, "issuer =", "issuer = hunter2 #", (1, 10), ""),
    ] {
        let complaint = complaint_about(|directory| directory.edit(file, from, to));
        let found = |member: &str| complaint[member].as_u64().unwrap_or_default();
        assert_eq!((found("line"), found("column")), place, "{to}: {complaint:#}");
        says(&complaint, "what", key);
        assert!(!complaint.to_string().contains("hunter2"), "{to}: {complaint:#}");
    }
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
fn a_policy_with_the_name_of_the_company_names_the_issuer_of_the_company() {
    let complaint = complaint_about(|directory| {
        directory.edit("company.toml", "[issuer]\n", "[issuer]\nurl = \"https://issuer.own.example\"\n");
        std::fs::rename(directory.file("partners/partner.toml"), directory.file("partners/notes.toml")).unwrap();
    });
    says(&complaint, "file", "notes.toml");
    says(&complaint, "what", "the name of this company");
    says(&complaint, "expected", "issuer = \"https://issuer.own.example\"");
    says(&complaint, "found", "https://issuer.example");
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
    for place in ["company.toml:2:12: ", "clients/reader.toml:1:1: ", "partners/partner.toml:1:1: "] {
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
