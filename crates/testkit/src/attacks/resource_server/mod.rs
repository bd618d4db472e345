//! What a resource server must refuse and what it must serve: the cases of one algorithm, by topic.

mod accepted;
mod algorithm;
mod audience;
mod claims;
mod client;
mod cross_use;
mod form;
mod header;
mod issuer;
mod key_id;
mod payload;
mod presentation;
mod scope;
mod signature;
mod status;
mod time;

use super::table::Table;
use super::{Case, Policy};
use bridge_jose::Algorithm;

/// Every case for keys of one algorithm, against a target that was told this.
pub fn cases(policy: &Policy, algorithm: Algorithm) -> Vec<Case> {
    let mut table = Table::new(policy, algorithm);
    let topics: [fn(&mut Table<'_>); 13] = [
        accepted::cases,
        presentation::cases,
        token_form,
        header::types,
        payload::cases,
        claims::cases,
        issuer::cases,
        audience::cases,
        time::cases,
        client::cases,
        status::cases,
        scope::cases,
        cross_use::cases,
    ];
    for topic in topics {
        topic(&mut table);
    }
    table.into_cases()
}

/// What is wrong with a token whatever it is for: its form, header, algorithm, key id or signature.
pub(super) fn token_form(table: &mut Table<'_>) {
    for topic in [form::cases, header::cases, algorithm::cases, key_id::cases, signature::cases] {
        topic(table);
    }
}
