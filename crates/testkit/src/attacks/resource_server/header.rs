//! Headers that bring their own keys, change what is signed, name another type, or are not strict JSON.

use crate::attacks::Code::{HeaderForbidden, TokenMalformed, TokenTooLarge, TypeNotAccepted};
use crate::attacks::public_key;
use crate::attacks::spell;
use crate::attacks::table::Table;
use crate::forge::Forge;
use serde_json::{Value, json};

pub(super) fn cases(table: &mut Table<'_>) {
    own_keys(table);
    changed_meaning(table);
    mistyped(table);
    text(table);
    duplicates(table);
    size(table);
}

/// Members by which the sender would choose the key; the attacker's key has signed.
fn own_keys(table: &mut Table<'_>) {
    table.section("header", "RFC 8725 §3.10; RFC 7515 §4.1");
    table.deny(HeaderForbidden, "jwk", "the header brings the attacker's key, which signed", |stage| {
        let rogue = &stage.ring().rogue;
        let token = stage.token().header("jwk", spell::jwk(rogue));
        token.header("kid", rogue.kid().as_str()).sign_with(rogue)
    });
    table.deny(
        HeaderForbidden,
        "jwk-under-known-kid",
        "the header brings the attacker's key under the known kid",
        |stage| {
            let rogue = &stage.ring().rogue;
            let mut jwk = spell::jwk(rogue);
            jwk["kid"] = stage.key().kid().as_str().into();
            stage.token().header("jwk", jwk).sign_with(rogue)
        },
    );
    table.profile("RFC 8725 §3.10; RFC 7515 §4.1");
    table.deny(HeaderForbidden, "jwk-published", "the header repeats the published key, which signed", |stage| {
        stage.token().header("jwk", spell::jwk(stage.key())).sign()
    });
    table.deny(HeaderForbidden, "jku", "jku names a key set of the attacker, whose key signed", |stage| {
        let rogue = &stage.ring().rogue;
        let token = stage.token().header("jku", "https://attacker.example/jwks.json");
        token.header("kid", rogue.kid().as_str()).sign_with(rogue)
    });
    table.deny(HeaderForbidden, "jku-loopback", "jku names an address inside the target's network", |stage| {
        stage.token().header("jku", "http://127.0.0.1:1/jwks.json").sign()
    });
    table.deny(HeaderForbidden, "jku-own", "jku names a place at the trusted issuer", |stage| {
        stage.token().header("jku", format!("{}/jwks.json", stage.policy().issuer)).sign()
    });
    table.clause("RFC 8725 §3.10; RFC 7515 §4.1");
    table.deny(HeaderForbidden, "x5u", "x5u names a certificate of the attacker, whose key signed", |stage| {
        stage.token().header("x5u", "https://attacker.example/cert.pem").sign_with(&stage.ring().rogue)
    });
    table.deny(HeaderForbidden, "x5c", "x5c brings a certificate for the attacker's key, which signed", |stage| {
        let rogue = &stage.ring().rogue;
        stage.token().header("x5c", json!([public_key::certificate(rogue)])).sign_with(rogue)
    });
}

/// Members by which the signed text would mean something else to the verifier than to the signer.
fn changed_meaning(table: &mut Table<'_>) {
    table.section("header", "RFC 7515 §4.1.11");
    for (name, value) in [
        ("crit-empty", json!([])),
        ("crit-unknown", json!(["bridge.example/unknown"])),
        ("crit-claim", json!(["exp"])),
        ("crit-null", Value::Null),
        ("crit-text", json!("exp")),
        ("crit-object", json!({})),
    ] {
        let title = format!("crit is {value}");
        table.deny(HeaderForbidden, name, title, move |stage| stage.token().header("crit", value.clone()).sign());
    }
    table.profile("RFC 7797 §3, §6");
    for (name, value) in [("b64-false", json!(false)), ("b64-true", json!(true)), ("b64-null", Value::Null)] {
        let title = format!("b64 is {value}, and crit does not name it");
        table.deny(HeaderForbidden, name, title, move |stage| stage.token().header("b64", value.clone()).sign());
    }
    table.clause("RFC 7797 §7: JWTs do not use it");
    table.deny(HeaderForbidden, "b64-crit", "the payload is encoded, but b64 and crit say that it is not", |stage| {
        stage.token().header("b64", false).header("crit", json!(["b64"])).sign()
    });
    table.profile("RFC 7516 §4.1");
    for (name, value) in [("zip", "DEF"), ("enc", "A256GCM")] {
        let title = format!("{name} is there, as if the token were encrypted");
        table.deny(HeaderForbidden, name, title, move |stage| stage.token().header(name, value).sign());
    }
}

/// Members that decide nothing here, and that still have a type.
fn mistyped(table: &mut Table<'_>) {
    table.profile("RFC 7515 §4.1.7, §4.1.8, §4.1.10");
    for (name, member, value) in [
        ("cty-number", "cty", json!(1)),
        ("cty-null", "cty", Value::Null),
        ("x5t-object", "x5t", json!({})),
        ("x5t-s256-array", "x5t#S256", json!(["x"])),
    ] {
        let title = format!("{member} is {value}");
        table.deny(TokenMalformed, name, title, move |stage| stage.token().header(member, value.clone()).sign());
    }
}

/// Other kinds of token, and spellings that are none of the right kind.
pub(super) fn types(table: &mut Table<'_>) {
    table.section("typ", "RFC 9068 §4; RFC 8725 §3.11");
    table.deny(TypeNotAccepted, "absent", "there is no typ", |stage| stage.token().without_header("typ").sign());
    for (name, typ) in [
        ("jwt", "JWT"),
        ("jose", "JOSE"),
        ("empty", ""),
        ("assertion", "client-authentication+jwt"),
        ("dpop", "dpop+jwt"),
        ("secevent", "secevent+jwt"),
        ("statuslist", "statuslist+jwt"),
        ("introspection", "token-introspection+jwt"),
        ("logout", "logout+jwt"),
        ("request-object", "oauth-authz-req+jwt"),
        ("other-suffix", "at+sd-jwt"),
        ("prefix-doubled", "application/application/at+jwt"),
        ("other-tree", "text/at+jwt"),
        ("parameter", "at+jwt;charset=utf-8"),
        ("trailing-space", "at+jwt "),
        ("leading-space", " at+jwt"),
        ("longer", "at+jwt2"),
        ("shorter", "at+jw"),
        ("look-alike", "аt+jwt"),
        ("nul", "at+jwt\0"),
    ] {
        let title = format!("typ is {typ:?}; all else is an access token");
        table.deny(TypeNotAccepted, name, title, move |stage| stage.token().header("typ", typ).sign());
    }
    for (name, value) in [("null", Value::Null), ("number", json!(1)), ("array", json!(["at+jwt"]))] {
        let title = format!("typ is {value}");
        table.deny(TokenMalformed, name, title, move |stage| stage.token().header("typ", value.clone()).sign());
    }
}

type Spoil = fn(&Forge) -> Vec<u8>;

fn text(table: &mut Table<'_>) {
    table.section("header", "RFC 7515 §5.2 step 3; RFC 8259");
    let rows: [(&str, &str, Spoil); 16] = [
        ("empty", "the header is no text at all", |_| Vec::new()),
        ("stray-comma", "the header is an object with a comma and no member", |_| b"{,}".to_vec()),
        ("array", "the header is a list", |token| format!("[{}]", token.header_json()).into()),
        ("text", "the header is a JSON text in quotes", |token| Value::from(token.header_json()).to_string().into()),
        ("null", "the header is null", |_| b"null".to_vec()),
        ("number", "the header is a number", |_| b"1".to_vec()),
        ("unclosed", "the header's last brace is missing", |token| cut(token.header_json())),
        ("trailing-comma", "a comma follows the last member", |token| (cut(token.header_json()), b",}").concat()),
        ("trailing-text", "another object follows", |token| (token.header_json().into_bytes(), b"{}").concat()),
        ("trailing-nul", "a zero byte follows", |token| (token.header_json().into_bytes(), b"\0").concat()),
        ("byte-order-mark", "a byte order mark stands in front", |token| {
            format!("\u{feff}{}", token.header_json()).into()
        }),
        ("comment", "there is a comment", |token| format!("/**/{}", token.header_json()).into()),
        ("single-quotes", "single quotes stand for double ones", |token| token.header_json().replace('"', "'").into()),
        ("not-utf-8", "a member value is not UTF-8", |token| (cut(token.header_json()), b",\"x\":\"\xff\"}").concat()),
        ("utf-16", "the header is UTF-16", |token| {
            token.header_json().encode_utf16().flat_map(u16::to_le_bytes).collect()
        }),
        ("lone-surrogate", "a member value has half a surrogate pair", |token| {
            (cut(token.header_json()), br#","x":"\ud800"}"#).concat()
        }),
    ];
    for (name, title, spoil) in rows {
        table.deny(TokenMalformed, name, title, move |stage| {
            let token = stage.token();
            token.sign_header(spoil(&token))
        });
    }
}

/// The text without its last brace.
fn cut(json: String) -> Vec<u8> {
    let mut bytes = json.into_bytes();
    bytes.pop();
    bytes
}

trait Concat {
    fn concat(self) -> Vec<u8>;
}

impl<const N: usize> Concat for (Vec<u8>, &[u8; N]) {
    fn concat(self) -> Vec<u8> {
        [&self.0, self.1.as_slice()].concat()
    }
}

fn duplicates(table: &mut Table<'_>) {
    const UNIQUE: &str = "RFC 7515 §4";
    table.section("header", UNIQUE);
    for (name, again) in [("alg", "\"none\""), ("kid", "\"other\""), ("typ", "\"JWT\"")] {
        for first in [false, true] {
            // A parser may take the last of two members; the one that stands before must not count then.
            if first {
                table.profile(UNIQUE);
            } else {
                table.clause(UNIQUE);
            }
            let place = if first { "before" } else { "after" };
            let title = format!("a second {name} with another value stands {place} the right one");
            table.deny(TokenMalformed, format!("{name}-twice-{place}"), title, move |stage| {
                let spoil = |token: Forge| token.header_with(|header| header.append(name, again));
                let reverse = |token: Forge| token.header_with(crate::forge::Members::reverse);
                if first { reverse(spoil(reverse(stage.token()))).sign() } else { spoil(stage.token()).sign() }
            });
        }
    }
    table.profile(UNIQUE);
    table.deny(TokenMalformed, "alg-twice-same", "alg stands there twice with the same value", |stage| {
        let again = format!("\"{}\"", stage.key().algorithm());
        stage.token().header_with(|header| header.append("alg", again)).sign()
    });
    table.clause(UNIQUE);
    table.deny(TokenMalformed, "alg-twice-escaped", "a second alg has a name written with an escape", |stage| {
        stage.token().header_with(|header| header.append(r"\u0061lg", "\"none\"")).sign()
    });
    table.profile(UNIQUE);
    table.deny(TokenMalformed, "unknown-twice", "an unknown member stands there twice", |stage| {
        stage.token().header("x", 1).header_with(|header| header.append("x", "2")).sign()
    });
    table.deny(TokenMalformed, "nested-twice", "a member inside an unknown member stands there twice", |stage| {
        stage.token().header_with(|header| header.append("x", r#"{"y":1,"y":1}"#)).sign()
    });
}

fn size(table: &mut Table<'_>) {
    table.profile("local limits");
    table.deny(TokenTooLarge, "huge", "an unknown member makes the token larger than 8 KiB", |stage| {
        stage.token().header("x", "x".repeat(8192)).sign()
    });
    table.deny(TokenMalformed, "deep", "an unknown member nests 1,000 lists", |stage| {
        let deep = format!("{}{}", "[".repeat(1000), "]".repeat(1000));
        stage.token().header_with(|header| header.append("x", deep)).sign()
    });
    table.deny(TokenMalformed, "deep-objects", "an unknown member nests 100 objects", |stage| {
        let deep = format!("{}1{}", r#"{"x":"#.repeat(100), "}".repeat(100));
        stage.token().header_with(|header| header.append("x", deep)).sign()
    });
}
