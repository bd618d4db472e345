//! Assertions before and after their time, and assertions that live too long.

use super::TokenExpected::Issued;
use super::case::{Desk, INVALID_CLIENT};

pub(super) fn cases(desk: &mut Desk<'_>) {
    desk.section("assertion/time", "RFC 7523 §3 items 4 to 6; RFC 7519 §2");
    edges(desk);
    lives(desk);
    never(desk);
    numbers(desk);
}

fn edges(desk: &mut Desk<'_>) {
    let leeway = desk.policy().leeway;
    for (name, ago, expected) in [
        ("exp-within-leeway", leeway - 1, Issued),
        ("exp-at-leeway", leeway, INVALID_CLIENT),
        ("exp-past-leeway", leeway + 1, INVALID_CLIENT),
        ("exp-hour-ago", 3600, INVALID_CLIENT),
    ] {
        desk.assertion(expected, name, format!("exp was {ago} s ago"), move |stage| {
            let exp = if expected == Issued { stage.within(-ago) } else { stage.beyond(-ago) };
            stage.token().claim("iat", exp - 55).claim("exp", exp).sign()
        });
    }
    for claim in ["nbf", "iat"] {
        for (name, ahead, expected) in [("at-leeway", leeway, Issued), ("past-leeway", leeway + 1, INVALID_CLIENT)] {
            let title = format!("{claim} is {ahead} s ahead");
            desk.assertion(expected, format!("{claim}-{name}"), title, move |stage| {
                let moment = if expected == Issued { stage.within(ahead) } else { stage.beyond(ahead) };
                stage.token().claim("exp", moment + 20).claim(claim, moment).sign()
            });
        }
    }
}

fn lives(desk: &mut Desk<'_>) {
    desk.profile();
    for (name, life, expected) in [
        ("life-60s", 60, Issued),
        ("life-61s", 61, INVALID_CLIENT),
        ("life-hour", 3600, INVALID_CLIENT),
        ("life-year", 31_536_000, INVALID_CLIENT),
    ] {
        desk.assertion(expected, name, format!("the assertion lives {life} s"), move |stage| {
            stage.token().claim("exp", stage.issued() + life).sign()
        });
    }
    desk.assertion(INVALID_CLIENT, "life-hour-without-iat", "the assertion lives an hour and has no iat", |stage| {
        stage.token().without_claim("iat").claim("exp", stage.now() + 3600).sign()
    });
}

/// Assertions that their own claims make valid at no time, each still within the leeway of the clock.
fn never(desk: &mut Desk<'_>) {
    desk.profile();
    for (name, title, begin, ahead, life) in [
        ("exp-at-iat", "exp is iat", "iat", 0, 0),
        ("exp-before-iat", "exp is before iat", "iat", 10, -1),
        ("exp-at-nbf", "exp is nbf", "nbf", 10, 0),
        ("exp-before-nbf", "exp is before nbf", "nbf", 10, -1),
    ] {
        desk.assertion(INVALID_CLIENT, name, format!("{title}: the assertion never lives"), move |stage| {
            let moment = stage.issued() + ahead;
            stage.token().claim(begin, moment).claim("exp", moment + life).sign()
        });
    }
}

fn numbers(desk: &mut Desk<'_>) {
    desk.profile();
    for claim in ["exp", "iat", "nbf"] {
        for (name, text) in [
            ("2-to-63", "9223372036854775808"),
            ("2-to-63-less-1", "9223372036854775807"),
            ("1e300", "1e300"),
            ("negative", "-1"),
            ("fraction", "1767225600.5"),
            ("quoted", "\"1767225600\""),
            ("null", "null"),
            ("list", "[1767225600]"),
        ] {
            let title = format!("{claim} is {text}");
            desk.assertion(INVALID_CLIENT, format!("{claim}-{name}"), title, move |stage| {
                stage.token().claims_with(|claims| claims.set_text(claim, text)).sign()
            });
        }
    }
}
