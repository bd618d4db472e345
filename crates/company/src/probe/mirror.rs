use super::report::Check;
use crate::error::with_causes;
use crate::mirror::{MirrorView, RefreshOutcome, ask};
use bridge_client::PartnerApi;
use jiff::SignedDuration;

/// How a partner sees this company, by its own word.
pub(crate) async fn mirror(api: &PartnerApi) -> Vec<Check> {
    match ask(api, None).await {
        Ok(view) => [policy(&view), keys(&view)]
            .into_iter()
            .chain(clock(&view))
            .chain(lists(&view))
            .chain(denials(&view))
            .collect(),
        Err(error) => vec![Check::failed("mirror", with_causes(&error))],
    }
}

/// The mirror could not even be asked for.
pub(crate) fn unasked(reason: String) -> Check {
    Check::failed("mirror", reason)
}

fn policy(view: &MirrorView) -> Check {
    let policy = &view.policy;
    let end = policy.valid_until.map_or("without end".to_owned(), |last| format!("until {last}"));
    let clients = view.clients.keys().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ");
    let detail = format!("trusts us {end}, policy {}; lets in: {clients}", policy.version.content);
    if policy.enabled { Check::ok("mirror", detail) } else { Check::failed("mirror", "trust in us is switched off") }
}

fn keys(view: &MirrorView) -> Check {
    let held = view.keys.iter().map(|key| key.kid.as_str()).collect::<Vec<_>>().join(", ");
    match (view.keys.is_empty(), view.keys_refresh.outcome) {
        (true, _) => Check::failed("mirror keys", "holds none of ours: every token of ours is refused"),
        (_, Some(RefreshOutcome::Error)) => {
            Check::warning("mirror keys", format!("could not renew our keys at its last try; holds {held}"))
        }
        _ => Check::ok("mirror keys", format!("holds {held}")),
    }
}

/// What they see of our clock, which is what their judgement of our tokens depends on.
fn clock(view: &MirrorView) -> Option<Check> {
    view.clock_skew_ms.map(|ms| super::skew(SignedDuration::from_millis(-ms)))
}

fn lists(view: &MirrorView) -> Option<Check> {
    let lost: Vec<_> = view.status_lists.iter().filter(|list| !list.usable).map(|list| list.uri.as_str()).collect();
    let held = view.status_lists.len();
    match lost.as_slice() {
        [] if held == 0 => None,
        [] => Some(Check::ok("mirror lists", format!("holds {held} of our status lists"))),
        lost => Some(Check::failed("mirror lists", format!("cannot use {}: refuses their tokens", lost.join(", ")))),
    }
}

fn denials(view: &MirrorView) -> Option<Check> {
    let counts = view.denials.iter().map(|denial| format!("{} × {}", denial.count, super::shown(&denial.reason)));
    let counts: Vec<_> = counts.collect();
    (!counts.is_empty()).then(|| Check::warning("mirror denials", format!("in the last hour: {}", counts.join(", "))))
}
