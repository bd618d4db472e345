//! Texts that are not the compact form (RFC 7515 §7.1) in its one canonical spelling.

use crate::attacks::Code::{RequestInvalid, TokenMalformed, TokenTooLarge};
use crate::attacks::spell::{encode, respell, segments, with_unused_bits};
use crate::attacks::table::Table;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

type Join = fn([&str; 3]) -> String;

pub(super) fn cases(table: &mut Table<'_>) {
    table.section("form", "RFC 7515 §5.2 step 1, §7.1");
    segment_counts(table);
    serialisations(table);
    spellings(table);
    unused_bits(table);
}

/// The valid token, rearranged.
fn rearranged(table: &mut Table<'_>, name: &str, title: &str, make: Join) {
    table.deny(TokenMalformed, name, title, move |stage| make(segments(&stage.token().sign())));
}

fn segment_counts(table: &mut Table<'_>) {
    rearranged(table, "one-segment", "there is the header alone", |[header, ..]| header.to_owned());
    rearranged(table, "two-segments", "the signature and its dot are missing", |[h, p, _]| format!("{h}.{p}"));
    rearranged(table, "four-segments", "the signature stands there twice", |[h, p, s]| format!("{h}.{p}.{s}.{s}"));
    rearranged(table, "trailing-dot", "a dot follows", |[h, p, s]| format!("{h}.{p}.{s}."));
    rearranged(table, "leading-dot", "a dot stands in front", |[h, p, s]| format!(".{h}.{p}.{s}"));
    rearranged(table, "five-segments", "there are five segments, as in JWE", |[h, p, s]| {
        format!("{h}.{s}.{s}.{p}.{s}")
    });
    rearranged(table, "empty-header", "the header is empty", |[_, p, s]| format!(".{p}.{s}"));
    rearranged(table, "dots", "there are two dots and nothing else", |_| "..".to_owned());
    rearranged(table, "many-dots", "there are a thousand dots", |_| ".".repeat(1000));
    rearranged(table, "null", "the token is the word null", |_| "null".to_owned());
    table.deny(TokenMalformed, "detached", "the payload is empty, as in detached content (appendix F)", |stage| {
        stage.token().sign_payload("")
    });
}

fn serialisations(table: &mut Table<'_>) {
    let flattened = |[h, p, s]: [&str; 3]| format!(r#"{{"payload":"{p}","protected":"{h}","signature":"{s}"}}"#);
    let general =
        |[h, p, s]: [&str; 3]| format!(r#"{{"payload":"{p}","signatures":[{{"protected":"{h}","signature":"{s}"}}]}}"#);
    table.clause("RFC 7515 §7.2; RFC 9068 §2");
    table.deny(RequestInvalid, "json-flattened", "the token is in the flattened JSON form", move |stage| {
        flattened(segments(&stage.token().sign()))
    });
    table.deny(RequestInvalid, "json-general", "the token is in the general JSON form", move |stage| {
        general(segments(&stage.token().sign()))
    });
    table.deny(TokenMalformed, "json-encoded", "the token is in the flattened JSON form, encoded", move |stage| {
        encode(flattened(segments(&stage.token().sign())))
    });
    table.deny(TokenMalformed, "encoded-twice", "the whole token is encoded once more", |stage| {
        encode(stage.token().sign())
    });
    table.deny(TokenMalformed, "nested", "the token is the header of a text of three segments", |stage| {
        let token = stage.token().sign();
        let [_, payload, signature] = segments(&token);
        format!("{}.{payload}.{signature}", encode(&token))
    });
}

/// Other spellings of the right bytes. Where the alphabet of RFC 6750 has no such character, the request is at fault.
fn spellings(table: &mut Table<'_>) {
    table.clause("RFC 7515 §2 (base64url)");
    rearranged(table, "padded", "padding follows the signature", |[h, p, s]| format!("{h}.{p}.{s}=="));
    table.deny(TokenMalformed, "standard-alphabet", "a segment is in the alphabet of plain base64", |stage| {
        // "~~~???" has the values 62 and 63, which are what the two alphabets write in different ways.
        let header = STANDARD_NO_PAD.encode(stage.token().header("x", "~~~???~~~???").header_json());
        assert!(header.contains(['+', '/']), "the alphabets differ in this text");
        stage.token().sign_encoded(&header, &encode(stage.token().claims_json()))
    });
    table.deny(TokenMalformed, "tilde", "a character is not of base64url", |stage| {
        let token = stage.token().sign();
        format!("{}~", &token[..token.len() - 1])
    });
    table.profile("local limit of 8 KiB");
    table.deny(TokenTooLarge, "huge", "the token is larger than 8 KiB", |stage| {
        stage.token().claim("x", "x".repeat(8192)).sign()
    });
    table.deny(TokenTooLarge, "huge-signature", "the signature alone is larger than 8 KiB", |stage| {
        stage.token().sign_by(|_| vec![0; 8192])
    });
    table.clause("RFC 6750 §2.1 (b64token)");
    let rows: [(&str, &str, Join); 7] = [
        ("padded-header", "padding follows the header", |[h, p, s]| format!("{h}=.{p}.{s}")),
        ("padded-payload", "padding follows the payload", |[h, p, s]| format!("{h}.{p}==.{s}")),
        ("space-inside", "a space stands between two segments", |[h, p, s]| format!("{h}. {p}.{s}")),
        ("tab-inside", "a tab stands inside the signature", |[h, p, s]| format!("{h}.{p}.{}\t{}", &s[..9], &s[9..])),
        ("newline-encoded", "a line end follows, percent-encoded", |[h, p, s]| format!("{h}.{p}.{s}%0A")),
        ("dots-encoded", "the dots are percent-encoded", |[h, p, s]| format!("{h}%2E{p}%2E{s}")),
        ("not-ascii", "a character is not ASCII", |[h, p, s]| format!("{h}.{p}.{s}ä")),
    ];
    for (name, title, join) in rows {
        table.deny(RequestInvalid, name, title, move |stage| join(segments(&stage.token().sign())));
    }
}

/// The last character of a segment has bits that no byte uses. Set, they make a second text for the same bytes.
fn unused_bits(table: &mut Table<'_>) {
    table.profile("RFC 4648 §3.5");
    table.deny(
        TokenMalformed,
        "unused-bits-header",
        "an unused bit at the end of the header is set, and signed",
        |stage| {
            let token = stage.token();
            let header = respell(&encode(with_unused_bits(&token.header_json()))).expect("there are unused bits");
            token.sign_encoded(&header, &encode(token.claims_json()))
        },
    );
    table.deny(
        TokenMalformed,
        "unused-bits-payload",
        "an unused bit at the end of the payload is set, and signed",
        |stage| {
            let token = stage.token();
            let payload = respell(&encode(with_unused_bits(&token.claims_json()))).expect("there are unused bits");
            token.sign_encoded(&encode(token.header_json()), &payload)
        },
    );
    rearranged(table, "unused-bits-signature", "an unused bit at the end of the signature is set", |[h, p, s]| {
        format!("{h}.{p}.{}", respell(s).expect("64 and 256 bytes leave unused bits"))
    });
    table.clause("RFC 4648 §4, §5");
    rearranged(table, "impossible-length", "a segment has a length that no bytes have", |[h, p, s]| {
        let extra = "A".repeat((5 - s.len() % 4) % 4);
        format!("{h}.{p}.{s}{extra}")
    });
}
