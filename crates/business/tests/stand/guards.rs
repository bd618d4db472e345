use bridge_testkit::Outsider;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

const SETTINGS: &str = r#"database = "sqlite:company.db"
tls = false

[issuer]
listen = "127.0.0.1:0"

[api]
listen = "127.0.0.1:0"

[operations]
listen = "127.0.0.1:0"
"#;

/// Serves with a company's real program and lets another process of the same user look into it.
pub(crate) fn assert_guarded(company: &str, program: &str) {
    let (outsider, directory) = (Outsider::new(), tempfile::tempdir().unwrap());
    let program = outsider.copy(Path::new(program), directory.path());
    std::fs::write(directory.path().join("company.toml"), format!("name = \"{company}\"\n{SETTINGS}")).unwrap();
    for empty in ["clients", "partners"] {
        std::fs::create_dir(directory.path().join(empty)).unwrap();
    }
    outsider.own(directory.path());
    let mut serve = outsider.command(program);
    serve.args(["serve", "--config"]).arg(directory.path());
    let mut process = serve.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut serving = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut serving).unwrap();

    let looked = std::panic::catch_unwind(|| outsider.assert_guarded(process.id()));
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(serving.contains(&format!("\"{company}\"")), "it did not serve: {serving}");
    looked.unwrap();
}
