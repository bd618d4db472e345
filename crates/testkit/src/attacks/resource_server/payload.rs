//! Payloads that are well signed but are not one strict JSON object.

use crate::attacks::Code::{ClaimsMalformed, TokenMalformed, TokenTooLarge};
use crate::attacks::table::Table;
use crate::forge::Forge;

type Spoil = fn(&Forge) -> Vec<u8>;

pub(super) fn cases(table: &mut Table<'_>) {
    not_an_object(table);
    not_strict(table);
}

fn not_an_object(table: &mut Table<'_>) {
    table.section("payload", "RFC 7519 §7.2 step 10; RFC 8259");
    let rows: [(&str, &str, Spoil); 16] = [
        ("empty-object", "the payload has no claims", |_| b"{}".to_vec()),
        ("array", "the payload is a list", |token| format!("[{}]", token.claims_json()).into()),
        ("null", "the payload is null", |_| b"null".to_vec()),
        ("number", "the payload is a number", |_| b"1".to_vec()),
        ("text", "the payload is the claims as a JSON text in quotes", |token| {
            serde_json::Value::from(token.claims_json()).to_string().into()
        }),
        ("not-json", "the payload is not JSON", |_| b"iss=https://issuer.example&sub=admin".to_vec()),
        ("unclosed", "the last brace is missing", |token| token.claims_json().trim_end_matches('}').into()),
        ("trailing-comma", "a comma follows the last claim", |token| token.claims_json().replace('}', ",}").into()),
        ("trailing-text", "another object follows", |token| format!("{}{{}}", token.claims_json()).into()),
        ("trailing-nul", "a zero byte follows", |token| format!("{}\0", token.claims_json()).into()),
        ("byte-order-mark", "a byte order mark stands in front", |token| {
            format!("\u{feff}{}", token.claims_json()).into()
        }),
        ("comment", "there is a comment", |token| token.claims_json().replacen('{', "{/**/", 1).into()),
        ("not-a-number", "an unknown claim is NaN", |token| token.claims_json().replacen('{', "{\"x\":NaN,", 1).into()),
        ("leading-zero", "an unknown claim is the number 01", |token| {
            token.claims_json().replacen('{', "{\"x\":01,", 1).into()
        }),
        ("control-character", "an unknown claim has a bare line end in it", |token| {
            token.claims_json().replacen('{', "{\"x\":\"\n\",", 1).into()
        }),
        ("utf-16", "the payload is UTF-16", |token| {
            token.claims_json().encode_utf16().flat_map(u16::to_le_bytes).collect()
        }),
    ];
    for (name, title, spoil) in rows {
        // No issuer can be read from these, so no key is chosen and nothing is verified.
        table.deny(TokenMalformed, name, title, move |stage| {
            let token = stage.token();
            token.sign_payload(spoil(&token))
        });
    }
    table.deny(TokenMalformed, "not-utf-8", "an unknown claim is not UTF-8", |stage| {
        let token = stage.token();
        token.sign_payload([b"{\"x\":\"\xff\",", &token.claims_json().as_bytes()[1..]].concat())
    });
    table.deny(TokenMalformed, "issuer-in-array", "the payload is a list with the issuer in it", |stage| {
        stage.token().sign_payload(format!("[\"{}\"]", stage.policy().issuer))
    });
}

fn not_strict(table: &mut Table<'_>) {
    table.deny(ClaimsMalformed, "lone-surrogate", "an unknown claim has half of a UTF-16 pair in it", |stage| {
        stage.token().claims_with(|claims| claims.append("x", r#""\ud800""#)).sign()
    });
    table.profile("RFC 7519 §4");
    table.deny(ClaimsMalformed, "unknown-twice", "an unknown claim stands there twice", |stage| {
        stage.token().claim("x", 1).claims_with(|claims| claims.append("x", "1")).sign()
    });
    table.deny(ClaimsMalformed, "nested-twice", "a member inside an unknown claim stands there twice", |stage| {
        stage.token().claims_with(|claims| claims.append("x", r#"{"y":[{"z":1,"z":2}]}"#)).sign()
    });
    table.profile("local limits");
    table.deny(ClaimsMalformed, "deep", "an unknown claim nests 1,000 lists", |stage| {
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        stage.token().claims_with(|claims| claims.append("x", deep)).sign()
    });
    table.deny(TokenTooLarge, "many-claims", "there are 2,000 unknown claims", |stage| {
        (0..2000)
            .fold(stage.token(), |token, n| token.claims_with(|claims| claims.append(&format!("c{n}"), "0")))
            .sign()
    });
}
