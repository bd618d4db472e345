use super::report::Check;
use crate::error::with_causes;
use crate::mirror::{MirrorView, RefreshOutcome, ask};
use bridge_client::PartnerApi;

/// How a partner sees this company, by its own word.
pub(crate) async fn mirror(api: &PartnerApi) -> Vec<Check> {
    match ask(api, None).await {
        Ok(view) => vec![policy(&view), keys(&view)],
        Err(error) => vec![Check::failed("mirror", with_causes(&error))],
    }
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
