use bridge_testkit::Outsider;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

const SETTINGS: &str = r#"name = "company-b"
database = "sqlite:company-b.db"
tls = false

[issuer]
listen = "127.0.0.1:0"

[api]
listen = "127.0.0.1:0"

[operations]
listen = "127.0.0.1:0"
"#;

#[test]
fn a_process_of_the_same_user_reads_nothing_of_the_company() {
    let (outsider, directory) = (Outsider::new(), tempfile::tempdir().unwrap());
    let program = outsider.copy(Path::new(env!("CARGO_BIN_EXE_company-b")), directory.path());
    std::fs::write(directory.path().join("company.toml"), SETTINGS).unwrap();
    for empty in ["clients", "partners"] {
        std::fs::create_dir(directory.path().join(empty)).unwrap();
    }
    outsider.own(directory.path());
    let mut serve = outsider.command(program);
    serve.args(["serve", "--config"]).arg(directory.path());
    let mut company = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut serving = String::new();
    BufReader::new(company.stdout.take().unwrap()).read_line(&mut serving).unwrap();

    let looked = std::panic::catch_unwind(|| outsider.assert_guarded(company.id()));
    company.kill().unwrap();
    company.wait().unwrap();
    assert!(serving.contains("\"company-b\""), "it did not serve: {serving}");
    looked.unwrap();
}
