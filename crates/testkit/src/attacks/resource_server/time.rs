//! Tokens before and after their time, at the edges of the leeway, and tokens that live too long.

use crate::attacks::Code::{ClaimsMalformed, LifetimeExceeded, TokenExpired, TokenIssuedInFuture, TokenNotYetValid};
use crate::attacks::table::Table;

pub(super) fn cases(table: &mut Table<'_>) {
    expiry(table);
    beginnings(table);
    life(table);
}

fn expiry(table: &mut Table<'_>) {
    table.section("time", "RFC 9068 §4; RFC 7519 §4.1.4");
    let leeway = table.policy().leeway;
    table.deny(TokenExpired, "exp-at-leeway", "exp was exactly the leeway ago", move |stage| {
        stage.token().claim("iat", stage.now() - 120).claim("exp", stage.beyond(-leeway)).sign()
    });
    for (name, ago) in [("exp-past-leeway", 1), ("exp-minute-ago", 60), ("exp-day-ago", 86_400)] {
        let title = format!("exp was the leeway and {ago} s ago");
        table.deny(TokenExpired, name, title, move |stage| {
            let exp = stage.beyond(-leeway - ago);
            stage.token().claim("iat", exp - 300).claim("exp", exp).sign()
        });
    }
    table.deny(TokenExpired, "exp-one", "exp is one second after 1970 began", |stage| {
        stage.token().claim("iat", 0).claim("exp", 1).sign()
    });
    table.profile("RFC 7519 §4.1.4, §4.1.6: exp is after iat");
    table.deny(ClaimsMalformed, "exp-at-iat", "exp is iat: the token never lives", |stage| {
        stage.token().claim("exp", stage.issued()).sign()
    });
    table.deny(ClaimsMalformed, "exp-before-iat", "exp is before iat", |stage| {
        stage.token().claim("iat", stage.now() + 10).claim("exp", stage.now() + 9).sign()
    });
    table.clause("RFC 9068 §4; RFC 7519 §4.1.4");
    if leeway > 0 {
        table.allow("exp-within-leeway", "exp is past by less than the leeway", move |stage| {
            stage.token().claim("iat", stage.now() - 120).claim("exp", stage.within(-leeway + 1)).sign()
        });
    }
}

fn beginnings(table: &mut Table<'_>) {
    table.section("time", "RFC 7519 §4.1.5, §4.1.6");
    let leeway = table.policy().leeway;
    for (claim, code) in [("nbf", TokenNotYetValid), ("iat", TokenIssuedInFuture)] {
        // No standard says that a token from the future is to be refused.
        if claim == "iat" {
            table.profile("RFC 7519 §4.1.6; Bridge profile");
        }
        for (name, ahead) in [("past-leeway", 1), ("minute-ahead", 60)] {
            let title = format!("{claim} is the leeway and {ahead} s ahead");
            table.deny(code, format!("{claim}-{name}"), title, move |stage| {
                let moment = stage.beyond(leeway + ahead);
                stage.token().claim("exp", moment + 300).claim(claim, moment).sign()
            });
        }
        if leeway > 0 {
            let title = format!("{claim} is ahead by exactly the leeway");
            table.allow(format!("{claim}-at-leeway"), title, move |stage| {
                stage.token().claim(claim, stage.within(leeway)).sign()
            });
        }
        let title = format!("{claim} is a minute ago");
        table.allow(format!("{claim}-past"), title, move |stage| stage.token().claim(claim, stage.now() - 60).sign());
    }
    table.clause("RFC 7519 §4.1.5");
    table.deny(TokenNotYetValid, "nbf-after-exp", "nbf is far ahead, after exp", |stage| {
        stage.token().claim("nbf", stage.now() + 86_400).sign()
    });
}

fn life(table: &mut Table<'_>) {
    table.profile("Bridge profile: longest life per partner; RFC 9068 §5");
    let Some(cap) = table.policy().max_lifetime else { return };
    for (name, more) in [("life-1s-over-cap", 1), ("life-day", 86_400), ("life-10-years", 315_360_000)] {
        let title = format!("the token lives {more} s longer than the policy accepts");
        table.deny(LifetimeExceeded, name, title, move |stage| {
            stage.token().claim("exp", stage.issued() + cap + more).sign()
        });
    }
    table.deny(
        LifetimeExceeded,
        "life-backdated",
        "iat is far in the past, so that the life is too long",
        move |stage| stage.token().claim("iat", stage.now() - cap).sign(),
    );
    table.deny(LifetimeExceeded, "iat-zero", "iat is 0", |stage| stage.token().claim("iat", 0).sign());
    table.allow("life-at-cap", "the token lives exactly as long as the policy accepts", move |stage| {
        stage.token().claim("exp", stage.issued() + cap).sign()
    });
}
