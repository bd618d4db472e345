//! What authorization costs over HTTP, what a token costs at the token endpoint, and what a company takes of the machine.
//!
//! A company runs as a process of its own, in plain HTTP on loopback; this process sends the requests. Rounds of the two
//! things that are compared alternate, because the machine may have other work. CPU time is that of the company's process
//! alone, as the kernel counts it.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, and a broken premise is a panic")]
#![expect(clippy::cast_precision_loss, reason = "the counts are far below 2^52")]

mod application;
mod company;
mod load;

use application::Business;
use bridge_jose::{Algorithm, SigningKey};
use bridge_testkit::{Forge, TestIssuer};
use bridge_types::{Clock, SystemClock};
use company::{API, Company, ISSUER};
use load::{Connections, request};
use std::process::ExitCode;
use std::time::Duration;

const CONNECTIONS: usize = 8;
const ROUNDS: usize = 15;
const ROUND: Duration = Duration::from_millis(400);
const TOKENS: usize = 3_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    match arguments.get(1).map(String::as_str) {
        Some("serve") => return bridge_company::run::<Business>(),
        // `cargo test --benches` only wants to know that it builds.
        _ if !arguments.iter().any(|argument| argument == "--bench") => {}
        _ => {
            measure_start();
            measure_authorization("warn");
            measure_authorization("info");
            measure_tokens();
        }
    }
    ExitCode::SUCCESS
}

/// The time until a company serves, over several starts, and the memory that it has then.
fn measure_start() {
    let (issuer, client) = (TestIssuer::new("https://issuer.example", Algorithm::Es256), key());
    let start = |_| {
        let company = Company::start("warn", &issuer, &client);
        (company.started_in.as_secs_f64() * 1e3, company.resident())
    };
    let (starts, memory) = (0..5).map(start).unzip();
    println!("start: serving after {:.0} ms, {:.1} MiB resident", median(starts), median(memory));
}

/// The same handler, open and behind the gate, with one token again and again.
fn measure_authorization(log_level: &str) {
    let issuer = TestIssuer::new("https://issuer.example", Algorithm::Es256);
    let company = Company::start(log_level, &issuer, &key());
    let token = issuer.access_token("client", API, "work", SystemClock::new().now()).sign();
    // The same bytes for both: what is compared is the decision, not the transport of a header.
    let header = format!("authorization: Bearer {token}\r\n");
    let (open, guarded) = (request("GET", "/open", &header, ""), request("GET", "/guarded", &header, ""));
    let mut connections = Connections::open(company.api, CONNECTIONS);
    let mut round = |request: &[u8]| {
        let before = company.cpu();
        let count = connections.run_for(ROUND, request) as f64;
        (count, (company.cpu() - before) / count)
    };
    let _warm_up = (round(&open), round(&guarded));
    let (mut rates, mut open_costs, mut costs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let ((open_rate, open_cost), (rate, cost)) = (round(&open), round(&guarded));
        rates.push(rate / open_rate);
        open_costs.push(open_cost);
        costs.push(cost);
    }
    println!(
        "authorization, log_level = {log_level}: {:.3} of the requests/s of the open handler; \
         CPU a request {:.1} µs open, {:.1} µs authorized; {:.1} MiB resident",
        median(rates),
        median(open_costs),
        median(costs),
        company.resident()
    );
}

/// The token endpoint: a fresh assertion for each token, several connections at once.
fn measure_tokens() {
    let (issuer, client) = (TestIssuer::new("https://issuer.example", Algorithm::Es256), key());
    let company = Company::start("info", &issuer, &client);
    let mut connections = Connections::open(company.issuer, CONNECTIONS);
    let clock = SystemClock::new();
    let mut costs = Vec::new();
    for _ in 0..5 {
        let requests = (0..TOKENS).map(|_| token_request(&client, &clock)).collect();
        let before = company.cpu();
        connections.run_each(requests);
        costs.push((company.cpu() - before) / TOKENS as f64);
    }
    println!("token endpoint: {:.0} µs CPU a token over HTTP; {:.1} MiB resident", median(costs), company.resident());
}

fn token_request(client: &SigningKey, clock: &SystemClock) -> Vec<u8> {
    let assertion = Forge::assertion(client, "client", ISSUER, clock.now()).sign();
    let body = format!(
        "grant_type=client_credentials&scope=work&resource=https%3A%2F%2Fapi.example\
         &client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion={assertion}"
    );
    request("POST", "/token", "content-type: application/x-www-form-urlencoded\r\n", &body)
}

fn key() -> SigningKey {
    SigningKey::generate(Algorithm::Es256).unwrap()
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
