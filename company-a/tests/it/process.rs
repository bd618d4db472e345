//! The company as a process: what it prints, and how it ends.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Output, Stdio};
use std::time::Duration;
use tempfile::TempDir;

const SETTINGS: &str = r#"name = "company-a"
database = "sqlite:company-a.db"
tls = false

[issuer]
listen = "127.0.0.1:0"

[api]
listen = "127.0.0.1:0"

[operations]
listen = "127.0.0.1:0"
"#;

/// A process that serves, and what it announced.
struct Company {
    process: Child,
    output: BufReader<ChildStdout>,
    announced: Value,
    directory: TempDir,
}

fn command(settings: &str) -> (Command, TempDir) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("company.toml"), settings).unwrap();
    for empty in ["clients", "partners"] {
        std::fs::create_dir(directory.path().join(empty)).unwrap();
    }
    let mut command = Command::new(env!("CARGO_BIN_EXE_company-a"));
    command.args(["serve", "--config"]).arg(directory.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    (command, directory)
}

impl Company {
    fn start() -> Self {
        let (mut command, directory) = command(SETTINGS);
        let mut process = command.spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        Self { process, output, announced: serde_json::from_str(&line).unwrap(), directory }
    }

    fn connect(&self, listener: &str) -> TcpStream {
        let stream = TcpStream::connect(self.announced[listener]["address"].as_str().unwrap()).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    }

    fn terminate(&self) {
        let pid = self.process.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// How it ended, provided that it does within half a minute, and what it printed after its first line.
    fn end(mut self) -> Output {
        for _ in 0..300 {
            if self.process.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        if self.process.try_wait().unwrap().is_none() {
            self.process.kill().unwrap();
            panic!("it was still there after 30 seconds");
        }
        let mut rest = Vec::new();
        self.output.read_to_end(&mut rest).unwrap();
        drop(self.directory);
        Output { stdout: rest, ..self.process.wait_with_output().unwrap() }
    }
}

fn read(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // A reset is an end like any other.
    drop(stream.read_to_end(&mut answer));
    String::from_utf8(answer).unwrap()
}

#[test]
fn prints_one_line_of_json_and_ends_with_0_when_it_is_told_to() {
    let company = Company::start();
    assert_eq!(company.announced["company"], "company-a");
    for listener in ["issuer", "api"] {
        let url = company.announced[listener]["url"].as_str().unwrap();
        assert!(url.ends_with(company.announced[listener]["address"].as_str().unwrap()), "{}", company.announced);
    }
    let mut operations = company.connect("operations");
    operations.write_all(b"GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").unwrap();
    assert!(read(operations).starts_with("HTTP/1.1 200 "));

    company.terminate();
    let Output { status, stdout, stderr } = company.end();
    assert_eq!((status.code(), String::from_utf8(stdout).unwrap().as_str()), (Some(0), ""));
    let log = String::from_utf8(stderr).unwrap();
    let events: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let told = |event: &str| events.iter().filter(|line| line["event"] == event).count();
    assert_eq!((told("serving"), told("stopping")), (1, 1), "{log}");
}

#[test]
fn a_request_that_is_on_its_way_is_answered_before_the_end() {
    let company = Company::start();
    let mut request = company.connect("issuer");
    let head =
        "POST /token HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 20";
    request.write_all(format!("{head}\r\n\r\ngrant_type").as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    company.terminate();
    std::thread::sleep(Duration::from_millis(300));
    request.write_all(b"=something").unwrap();
    let answer = read(request);
    assert!(answer.contains("unsupported_grant_type"), "{answer}");
    assert_eq!(company.end().status.code(), Some(0));
}

#[test]
fn nobody_who_holds_connections_keeps_it_from_ending() {
    let company = Company::start();
    let idle: Vec<TcpStream> = (0..50).map(|_| company.connect("api")).collect();
    let mut endless = company.connect("issuer");
    let head = "POST /token HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded";
    endless.write_all(format!("{head}\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n").as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    company.terminate();
    assert_eq!(company.end().status.code(), Some(0));
    drop((idle, endless));
}

#[test]
fn a_broken_configuration_ends_it_with_2_and_the_reason() {
    let (mut command, _directory) = command(&SETTINGS.replace("[api]", "[app]"));
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert_eq!((status.code(), stdout.as_slice()), (Some(2), &b""[..]));
    let complaint = String::from_utf8(stderr).unwrap();
    assert!(complaint.contains("company.toml") && complaint.contains("`app`"), "{complaint}");
}
