//! Tokens of every other kind that the same parties sign, each presented as an access token. Only the access token
//! passes.

use crate::attacks::Code::{HeaderForbidden, TypeNotAccepted};
use crate::attacks::kinds::Kind;
use crate::attacks::table::Table;

pub(super) fn cases(table: &mut Table<'_>) {
    table.section("cross-use", "RFC 8725 §3.11, §3.12; RFC 9068 §4");
    table.allow("access-token", "an access token is presented as an access token", |stage| {
        Kind::AccessToken.forge(stage).sign()
    });
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::AccessToken) {
        // The proof's header has to bring its key, which no access token may.
        let code = if kind == Kind::DpopProof { HeaderForbidden } else { TypeNotAccepted };
        let title = format!("{} is presented as an access token", kind.title());
        table.deny(code, kind.name(), title, move |stage| kind.forge(stage).sign());
    }
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::AccessToken) {
        let title = format!("an access token has the typ of {}", kind.title());
        table.deny(TypeNotAccepted, format!("access-token-as-{}", kind.name()), title, move |stage| {
            stage.token().header("typ", kind.typ()).sign()
        });
    }
}
