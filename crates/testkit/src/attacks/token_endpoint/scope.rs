//! Requests for more than is registered. Nothing asked for is narrowed in silence.

use super::case::{Desk, INVALID_SCOPE, INVALID_TARGET};
use super::request::Form;
use crate::attacks::variants::variants_of_url;

pub(super) fn cases(desk: &mut Desk<'_>) {
    desk.section("scope", "RFC 6749 §3.3, §5.2");
    let required = desk.policy().required_scope.clone();
    // RFC 6749 §3.3 lets a server grant less than was asked, or have a default.
    desk.profile();
    desk.request(INVALID_SCOPE, "missing", "scope is missing", |stage| Form::valid(stage).without("scope"));
    for (name, scope) in [
        ("empty", String::new()),
        ("unregistered", "admin".to_owned()),
        ("one-unregistered", format!("{required} admin")),
        ("capitals", required.to_uppercase()),
        ("longer", format!("{required}s")),
        ("shorter", required[..required.len() - 1].to_owned()),
        ("wildcard", "*".to_owned()),
        ("tab", format!("{required}\tx")),
        ("line-end", format!("{required}\nx")),
        ("double-space", format!("{required}  {required}")),
        ("leading-space", format!(" {required}")),
        ("trailing-space", format!("{required} ")),
        ("twice", format!("{required} {required}")),
        ("quote", format!("\"{required}\"")),
        ("nul", format!("{required}\0")),
        ("not-ascii", format!("{required} ä")),
        ("comma", format!("{required},x")),
        ("huge", (0..2000).map(|n| format!("s{n}")).collect::<Vec<_>>().join(" ")),
    ] {
        let title = format!("scope is {:?}", scope.chars().take(40).collect::<String>());
        desk.request(INVALID_SCOPE, name, title, move |stage| Form::valid(stage).set("scope", scope.clone()));
    }
    desk.section("resource", "RFC 8707 §2");
    desk.profile();
    desk.request(INVALID_TARGET, "missing", "resource is missing", |stage| Form::valid(stage).without("resource"));
    desk.request(INVALID_TARGET, "twice", "resource stands there twice with the same value", |stage| {
        let resource = stage.policy().audience.clone();
        Form::valid(stage).also("resource", resource)
    });
    desk.request(INVALID_TARGET, "two", "two resources are asked for", |stage| {
        Form::valid(stage).also("resource", "https://api.elsewhere.example")
    });
    desk.standard();
    let resource = desk.policy().audience.clone();
    for (name, title, value) in variants_of_url(&resource) {
        desk.request(INVALID_TARGET, name, format!("resource is the registered one {title}"), move |stage| {
            Form::valid(stage).set("resource", value.clone())
        });
    }
    for (name, value) in
        [("unregistered", "https://api.elsewhere.example"), ("relative", "/api"), ("text", "api"), ("wildcard", "*")]
    {
        desk.request(INVALID_TARGET, name, format!("resource is {value}"), move |stage| {
            Form::valid(stage).set("resource", value)
        });
    }
}
