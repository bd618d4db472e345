use super::{Failure, Invocation};
use crate::partners::{Partner, Partners};
use bridge_types::ScopeSet;
use std::sync::Arc;

/// Gets each token that some route needs, and each that some file keeps, once. Partners are not contacted.
pub(super) async fn run(invocation: &mut Invocation) -> Result<(), Failure> {
    let config = invocation.load()?;
    let (partners, _) = Partners::connect(&config, Arc::clone(&invocation.clock))?;
    let mut good = true;
    for partner in partners.iter() {
        let of_files = config.token_files.iter().filter(|file| file.partner.as_str() == partner.api.partner());
        let mut sets: Vec<&ScopeSet> = partner.routes.all_scopes();
        sets.extend(of_files.map(|file| &file.scopes));
        sets.sort();
        sets.dedup();
        for scopes in sets {
            let (line, got) = look(partner, scopes).await;
            good &= got;
            invocation.print(line)?;
        }
    }
    if good { Ok(()) } else { Err(Failure::Found) }
}

async fn look(partner: &Partner, scopes: &ScopeSet) -> (String, bool) {
    let (name, audience) = (partner.api.partner(), partner.api.audience());
    match partner.api.tokens().token(audience, scopes).await {
        Ok(token) => (format!("{name}: {scopes}: ok, token {}", token.fingerprint()), true),
        Err(error) => (format!("{name}: {scopes}: {error}"), false),
    }
}
