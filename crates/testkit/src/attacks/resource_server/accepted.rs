//! What must be served: a target that refuses everything passes no test.

use crate::attacks::table::Table;
use crate::forge::{Forge, Members};
use serde_json::json;

pub(super) fn cases(table: &mut Table<'_>) {
    table.section("accepted", "RFC 9068 §4");
    table.allow("plain", "a valid token", |stage| stage.token().sign());
    spellings(table);
    additions(table);
    sizes(table);
}

fn spellings(table: &mut Table<'_>) {
    table.clause("RFC 7515 §4.1.9 (media types compare without case)");
    for (name, typ) in [
        ("typ-upper-case", "AT+JWT"),
        ("typ-application", "application/at+jwt"),
        ("typ-application-mixed", "Application/At+Jwt"),
    ] {
        let title = format!("typ is {typ}");
        table.allow(name, title, move |stage| stage.token().header("typ", typ).sign());
    }
    table.clause("RFC 8259 §2, §4, §7 (spelling of JSON)");
    table.allow("claims-reversed", "the claims are in another order", |stage| {
        stage.token().claims_with(Members::reverse).sign()
    });
    table.allow("header-reversed", "the header members are in another order", |stage| {
        stage.token().header_with(Members::reverse).sign()
    });
    table.allow("claims-spaced", "white space stands between the claims", |stage| {
        let token = stage.token();
        token.sign_payload(spaced(&token.claims_json()))
    });
    table.allow("header-spaced", "white space stands between the header members", |stage| {
        let token = stage.token();
        token.sign_header(spaced(&token.header_json()))
    });
    table.allow("escaped-name", "a claim name and a header name are written with an escape", |stage| {
        let token = stage.token().claims_with(|claims| claims.respell("iss", r"\u0069ss"));
        token.header_with(|header| header.respell("alg", r"\u0061lg")).sign()
    });
    table.allow("escaped-value", "a claim value is written with escapes", |stage| {
        let escaped: Vec<String> = stage.policy().client.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
        let escaped = escaped.concat();
        stage.token().claims_with(|claims| claims.set_text("sub", format!("\"{escaped}\""))).sign()
    });
}

fn spaced(json: &str) -> String {
    format!(" {} \n", json.replace(",\"", " ,\r\n\t\""))
}

fn additions(table: &mut Table<'_>) {
    table.clause("RFC 7519 §4; RFC 9068 §2.2.3 (unknown claims are ignored)");
    for (name, claim, value) in [
        ("claim-text", "department", json!("logistics")),
        ("claim-list", "groups", json!(["a", "b", {"c": [1, 2.5, null, true]}])),
        ("claim-object", "act", json!({"sub": "somebody"})),
        ("claim-not-ascii", "name", json!("Zoë 🙂")),
        ("claim-url", "https://claims.example/role", json!("carrier")),
        ("claim-big-number", "big", json!(18_446_744_073_709_551_615_u64)),
        ("claim-auth-time", "auth_time", json!(1)),
    ] {
        let title = format!("there is an unknown claim {claim}");
        table.allow(name, title, move |stage| stage.token().claim(claim, value.clone()).sign());
    }
    table.clause("RFC 7515 §4 (unknown header members are ignored)");
    table.allow("header-unknown", "there is an unknown header member", |stage| {
        stage.token().header("x", json!({"y": [1]})).sign()
    });
    table.allow("header-cty", "the header has cty", |stage| stage.token().header("cty", "json").sign());
    table.allow("header-x5t", "the header has thumbprints of a certificate", |stage| {
        stage.token().header("x5t", "AAAA").header("x5t#S256", "AAAA").sign()
    });
    table.allow("nbf", "nbf is iat", |stage| stage.token().claim("nbf", stage.issued()).sign());
    table.profile("local limits");
    table.allow("jti-longest", "jti has 256 characters", |stage| stage.token().claim("jti", "j".repeat(256)).sign());
}

fn sizes(table: &mut Table<'_>) {
    table.profile("local limit of 8 KiB");
    table.allow("largest", "the token is as large as it may be", |stage| filled(&stage.token(), 8192));
}

/// The token with a claim that fills it to at most this many bytes, and to no less than three bytes below.
fn filled(token: &Forge, bytes: usize) -> String {
    let bare = token.clone().claim("fill", "").sign().len();
    let fill = (bytes - bare) / 4 * 3;
    let sized = |fill: usize| token.clone().claim("fill", "f".repeat(fill)).sign();
    (0..4).map(|more| sized(fill + more)).rfind(|signed| signed.len() <= bytes).expect("a filling fits")
}
