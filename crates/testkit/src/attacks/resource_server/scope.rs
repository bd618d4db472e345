//! Scopes that are not the one that the route demands. They compare whole and with case.

use crate::attacks::Code::{ClaimsMalformed, InsufficientScope, ScopeBeyondCeiling};
use crate::attacks::table::Table;
use serde_json::json;

pub(super) fn cases(table: &mut Table<'_>) {
    table.section("scope", "RFC 6750 §3.1; RFC 6749 §3.3");
    insufficient(table);
    ceiling(table);
    malformed(table);
    sufficient(table);
}

fn insufficient(table: &mut Table<'_>) {
    let required = table.policy().required_scope.as_str();
    let (stem, verb) = required.split_once(':').unwrap_or((required, ""));
    let mut rows = vec![
        ("unrelated", "unrelated".to_owned()),
        ("capitals", required.to_uppercase()),
        ("first-capital", required[..1].to_uppercase() + &required[1..]),
        ("last-missing", required[..required.len() - 1].to_owned()),
        ("first-missing", required[1..].to_owned()),
        ("longer", format!("{required}s")),
        ("below", format!("{required}:all")),
        ("stem", format!("{stem}:")),
        ("star", "*".to_owned()),
        ("stem-star", format!("{stem}:*")),
        ("comma", format!("{required},unrelated")),
        ("semicolon", format!("unrelated;{required}")),
        ("plus", format!("unrelated+{required}")),
        ("encoded", required.replace(':', "%3A") + "%20"),
        ("spelt", format!("{verb}:{stem}")),
    ];
    if let Some(other) = table.policy().other_scope() {
        rows.push(("another-of-ceiling", other.to_owned()));
    }
    for (name, scope) in rows.into_iter().filter(|(_, scope)| scope != required) {
        let title = format!("scope is {scope:?}");
        table.deny(InsufficientScope, name, title, move |stage| stage.token().claim("scope", scope.clone()).sign());
    }
}

fn ceiling(table: &mut Table<'_>) {
    table.profile("Bridge profile: a scope ceiling per client");
    let Some(limited) = table.policy().limited_client.clone() else { return };
    table.deny(
        ScopeBeyondCeiling,
        "beyond-ceiling",
        "the token has the scope, but the client may never have it",
        move |stage| stage.token_of(&stage.policy().issuer, &limited, stage.key()).sign(),
    );
}

fn malformed(table: &mut Table<'_>) {
    table.profile("RFC 6749 §3.3 (scope-token); RFC 8693 §4.2");
    let required = table.policy().required_scope.as_str();
    for (name, scope) in [
        ("empty", String::new()),
        ("one-space", " ".to_owned()),
        ("leading-space", format!(" {required}")),
        ("trailing-space", format!("{required} ")),
        ("double-space", format!("{required}  unrelated")),
        ("tab", format!("unrelated\t{required}")),
        ("line-end", format!("unrelated\n{required}")),
        ("nul", format!("{required}\0")),
        ("no-break-space", format!("unrelated\u{a0}{required}")),
        ("quote", format!("\"{required}\"")),
        ("backslash", format!("\\{required}")),
        ("not-ascii", format!("{required} lesen:ä")),
        ("twice", format!("{required} {required}")),
        ("too-long", format!("{required} {}", "x".repeat(129))),
    ] {
        let title = format!("scope is {:?}", scope.chars().take(40).collect::<String>());
        table.deny(ClaimsMalformed, name, title, move |stage| stage.token().claim("scope", scope.clone()).sign());
    }
    table.deny(ClaimsMalformed, "list", "scope is a list of texts", |stage| {
        stage.token().claim("scope", json!([stage.policy().required_scope, "unrelated"])).sign()
    });
    table.deny(ClaimsMalformed, "scp", "the scope stands in scp, and scope is missing", |stage| {
        let token = stage.token().without_claim("scope");
        token.claim("scp", json!([stage.policy().required_scope])).sign()
    });
}

fn sufficient(table: &mut Table<'_>) {
    table.clause("RFC 6749 §3.3; RFC 6750 §3.1");
    table.allow("with-unrelated", "scope has the right value and one that is not in the ceiling", |stage| {
        stage.token().claim("scope", format!("unrelated {}", stage.policy().required_scope)).sign()
    });
    table.allow("whole-ceiling", "scope has everything that the client may have", |stage| {
        stage.token().claim("scope", stage.policy().scopes.join(" ")).sign()
    });
    table.profile("RFC 6749 §3.3; local limits");
    table.allow("many", "scope has a hundred values and the right one at the end", |stage| {
        let many: Vec<String> = (0..100).map(|n| format!("unrelated:{n}")).collect();
        stage.token().claim("scope", format!("{} {}", many.join(" "), stage.policy().required_scope)).sign()
    });
}
