use super::{Defect, defect};
use crate::support::World;
use bridge_validator::Reason::{TokenMalformed, TokenTooLarge};

/// Breaks the compact form of RFC 7515 §7.1.
pub(super) fn defects() -> Vec<Defect> {
    vec![
        defect("no token", TokenMalformed, |_| String::new()),
        defect("two dots", TokenMalformed, |_| "..".to_owned()),
        defect("one part", TokenMalformed, |world| part(world, 0)),
        defect("two parts", TokenMalformed, |world| format!("{}.{}", part(world, 0), part(world, 1))),
        defect("four parts", TokenMalformed, |world| format!("{}.x", world.token().sign())),
        defect("five parts, as in JWE", TokenMalformed, |world| format!("{}.x.y", world.token().sign())),
        defect("empty header", TokenMalformed, |world| format!(".{}.{}", part(world, 1), part(world, 2))),
        defect("empty payload", TokenMalformed, |world| world.token().sign_payload("")),
        defect("padded signature", TokenMalformed, |world| format!("{}=", world.token().sign())),
        defect("padded header", TokenMalformed, |world| world.token().sign().replacen('.', "=.", 1)),
        defect("leading space", TokenMalformed, |world| format!(" {}", world.token().sign())),
        defect("trailing newline", TokenMalformed, |world| format!("{}\n", world.token().sign())),
        defect("space at a dot", TokenMalformed, |world| world.token().sign().replacen('.', " .", 1)),
        defect("standard base64 alphabet", TokenMalformed, |world| {
            let token = world.token().header("x", "\u{3e}\u{3f}\u{fb}\u{ff}~~~???").sign();
            let (header, rest) = token.split_once('.').unwrap();
            assert!(header.contains(['-', '_']), "{header}");
            format!("{}.{rest}", header.replace('-', "+").replace('_', "/"))
        }),
        defect("trailing bits that are not zero", TokenMalformed, |world| {
            let mut token = world.token().sign();
            let last = token.pop().unwrap();
            let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
            let index = letters.find(last).unwrap();
            token.push(letters.as_bytes()[index | 1] as char);
            token
        }),
        defect("JSON serialisation", TokenMalformed, |world| {
            let (header, payload, signature) = (part(world, 0), part(world, 1), part(world, 2));
            format!(r#"{{"protected":"{header}","payload":"{payload}","signature":"{signature}"}}"#)
        }),
        defect("not ASCII", TokenMalformed, |world| format!("{}ä", world.token().sign())),
        defect("a byte more than 8 KiB", TokenTooLarge, |_| "a".repeat(8193)),
        defect("well signed, but more than 8 KiB", TokenTooLarge, |world| {
            world.token().claim("extra", "x".repeat(8192)).sign()
        }),
    ]
}

fn part(world: &World, index: usize) -> String {
    world.token().sign().split('.').nth(index).unwrap().to_owned()
}
