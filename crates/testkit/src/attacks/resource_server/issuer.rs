//! Issuers that look like the trusted one. Identifiers compare byte for byte, as text.

use crate::attacks::Code::IssuerUnknown;
use crate::attacks::table::Table;
use crate::attacks::variants::variants_of_url;

pub(super) fn cases(table: &mut Table<'_>) {
    table.section("iss", "RFC 9068 §4; RFC 8414 §3.3; RFC 3986 §6.2.1");
    let issuer = &table.policy().issuer;
    for (name, title, value) in variants_of_url(issuer) {
        table.deny(IssuerUnknown, name, format!("iss is the trusted one {title}"), move |stage| {
            stage.token().claim("iss", value.clone()).sign()
        });
    }
    for (name, value) in [
        ("attacker", "https://attacker.example"),
        ("loopback", "http://127.0.0.1:1"),
        ("metadata-service", "http://169.254.169.254/latest/meta-data"),
        ("file", "file:///etc/passwd"),
        ("text", "issuer"),
        ("wildcard", "*"),
        ("header-injection", "https://attacker.example\r\nX-Injected: 1"),
    ] {
        let title = format!("iss is {value:?}, and the trusted issuer's key signed");
        table.deny(IssuerUnknown, name, title, move |stage| stage.token().claim("iss", value).sign());
    }
    table.deny(IssuerUnknown, "attacker-signed", "iss is the attacker's own, whose key signed", |stage| {
        stage.token_of("https://attacker.example", &stage.policy().client, &stage.ring().rogue).sign()
    });
    table.deny(IssuerUnknown, "own-audience", "iss is the identifier of the API itself", |stage| {
        stage.token().claim("iss", stage.policy().audience.as_str()).sign()
    });
    table.deny(IssuerUnknown, "client", "iss is the client, as in a client assertion", |stage| {
        stage.token().claim("iss", stage.policy().client.as_str()).sign()
    });
}
