//! No token stands where it could be read.

use crate::record::journal::Part;
use crate::record::needles::Needles;
use crate::side::Side;
use crate::stage::{Check, Stage, Unmet, expect_equal};
use crate::stand::Stand;
use crate::tester::http::Request;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cucumber::then;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Where the secret number stands in the PKCS#8 of an ES256 key (RFC 5915 in RFC 5208). What is before it is the same in
/// all of them.
const SECRET_NUMBER: usize = 36;

#[then(expr = "no token that was seen in this run stands in the log of company {company}")]
fn no_token_in_the_log(stage: &mut Stage, side: Side) -> Check {
    let stand = stage.stand();
    let (log, seen) = (stand.log(side).text_since(0), stand.journal.tokens_seen());
    if log.is_empty() || seen == 0 {
        let found = format!("{} bytes of log and {seen} tokens", log.len());
        return Err(Unmet::new("what to search", "a log and tokens", found));
    }
    let leaked = stand.journal.tokens_in(&log);
    if leaked.is_empty() { Ok(()) } else { Err(Unmet::new("tokens in the log", "none", leaked.join(", "))) }
}

#[then(expr = "nothing that looks like a token stands in the log of company {company}")]
fn nothing_like_a_token(stage: &mut Stage, side: Side) -> Check {
    let log = stage.stand().log(side).text_since(0);
    let suspects: Vec<_> = log.lines().filter(|line| looks_like_a_token(line)).collect();
    if suspects.is_empty() {
        return Ok(());
    }
    // The lines themselves must not get into the report.
    let places = format!("{} lines, the first of {} characters", suspects.len(), suspects[0].len());
    Err(Unmet::new("lines with a JWT", "none", places))
}

#[then(expr = "no secret of this run lies in a file of company {company} but its own key files")]
fn no_secret_in_a_file(stage: &mut Stage, side: Side) -> Check {
    let stand = stage.stand();
    let mut files = files_below(&stand.home(side))?;
    files.push(stand.log(side).path().to_owned());
    let key_file = |file: &PathBuf| file.extension().is_some_and(|kind| kind == "kek") || file.ends_with("tls/key.pem");
    let (own, others): (Vec<_>, Vec<_>) = files.into_iter().partition(key_file);
    let exposed = own.iter().filter(|file| file.metadata().map_or(0, |file| file.permissions().mode()) & 0o077 != 0);
    let database = others.iter().any(|file| file.extension().is_some_and(|kind| kind == "db"));
    if own.len() != 2 || exposed.count() > 0 || !database {
        return Err(Unmet::new("files", "a database and two key files of mode 0600", format!("{own:?}, {others:?}")));
    }
    let needles = needles(&stand)?;
    for file in others {
        // SQLite takes its log away when it likes.
        let text = std::fs::read(&file).unwrap_or_default();
        nothing_found(&needles, &text, &format!("secrets in {}", file.display()))?;
    }
    Ok(())
}

#[then(expr = "no secret of this run stands on a page of company {company} or in a refusal")]
async fn no_secret_on_a_page(stage: &mut Stage, side: Side) -> Check {
    let stand = stage.stand();
    let needles = needles(&stand)?;
    nothing_found(&needles, stand.journal.refusals().as_bytes(), "secrets in refusals")?;
    let pages = [
        (Part::Operations, "GET /metrics"),
        (Part::Operations, "GET /readyz"),
        (Part::Operations, "GET /livez"),
        (Part::Issuer, "GET /jwks.json"),
        (Part::Issuer, "GET /.well-known/oauth-authorization-server"),
    ];
    for (part, page) in pages {
        let answer = stand.http.send(Request::new(side, part, page)).await;
        expect_equal(page, &200, &answer.seen.status)?;
        let shown = format!("{:?}\n{}", answer.headers, answer.json);
        nothing_found(&needles, shown.as_bytes(), &format!("secrets in {page}"))?;
    }
    Ok(())
}

#[then(expr = "no secret of this run shows in the command line or the environment of company {company}")]
async fn no_secret_from_outside(stage: &mut Stage, side: Side) -> Check {
    let stand = stage.stand();
    let shown = stand.company(side).await.shown_by_the_system();
    if !shown.starts_with(b"/") {
        return Err(Unmet::new("the command line", "a program", "none"));
    }
    nothing_found(&needles(&stand)?, &shown, "secrets that the system shows")
}

/// What was made during the run and is nobody's business: tokens, assertions, private keys, key-encryption keys.
fn needles(stand: &Stand) -> std::io::Result<Needles> {
    let mut needles = stand.journal.needles();
    for side in Side::BOTH {
        let client = stand.tester.client_key(side).to_pkcs8().expose();
        needles.add("a private key, whose it may be", client);
        needles.add("the private key of the tester's clients", &client[SECRET_NUMBER..]);
        let tls = without_armour(&std::fs::read_to_string(stand.home(side).join("tls/key.pem"))?)?;
        needles.add("a TLS key", &tls[SECRET_NUMBER.min(tls.len())..]);
        for file in files_below(&stand.home(side))?.iter().filter(|file| file.extension().is_some_and(|it| it == "kek"))
        {
            for line in std::fs::read_to_string(file)?.lines() {
                needles.add("a key-encryption key", &without_armour(line)?);
            }
        }
    }
    Ok(needles)
}

fn nothing_found(needles: &Needles, text: &[u8], what: &str) -> Check {
    let found = needles.found_in(text);
    if found.is_empty() {
        return Ok(());
    }
    Err(Unmet::new(what, "none", found.into_iter().collect::<Vec<_>>().join(", ")))
}

fn without_armour(text: &str) -> std::io::Result<Vec<u8>> {
    let body: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    STANDARD.decode(body).map_err(std::io::Error::other)
}

fn files_below(directory: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            files.extend(files_below(&entry.path())?);
        } else {
            files.push(entry.path());
        }
    }
    Ok(files)
}

/// True when a text has something of the form of a signed JWT: its header begins with `{"` in base64url.
pub(super) fn looks_like_a_token(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    text.match_indices("eyJ").any(|(start, _)| {
        let mut parts = text[start..].splitn(3, '.').map(|part| part.chars().take_while(|c| is_part(*c)).count());
        matches!((parts.next(), parts.next()), (Some(10..), Some(10..))) && text[start..].contains(".eyJ")
    })
}

#[cfg(test)]
mod tests {
    use super::looks_like_a_token;

    #[test]
    fn knows_a_token_by_its_looks() {
        assert!(looks_like_a_token("x eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EifQ.c2lnbmF0dXJl y"));
        assert!(looks_like_a_token("eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2EifQ."));
        for harmless in ["", "eyJ", "eyJust a word. eyJ", "3fa94c0d1e2f", "api.company-a.example"] {
            assert!(!looks_like_a_token(harmless), "{harmless}");
        }
    }
}
