//! The routes that every API of Bridge has beside those of its business: for partners, not for their applications.

use super::events;
use crate::mirror::{self, MirrorView};
use actix_web::HttpResponse;
use actix_web::http::header::CACHE_CONTROL;
use actix_web::web::{Data, Query, ServiceConfig};
use bridge_types::{Clock, KeyId};
use bridge_validator::{Authorized, GuardedRoutes, Problem, RequiredScope, TrustPolicies};
use serde::Deserialize;
use std::sync::Arc;

/// What the routes need.
#[derive(Debug, Clone)]
pub(crate) struct Bridge {
    pub(super) policies: Arc<TrustPolicies>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Bridge {
    pub(crate) fn new(policies: Arc<TrustPolicies>, clock: Arc<dyn Clock>) -> Self {
        Self { policies, clock }
    }

    /// Adds what the handlers share.
    pub(super) fn configure(&self, config: &mut ServiceConfig) {
        config.app_data(Data::new(self.clone()));
    }

    /// Adds the routes to those of the business.
    pub(super) fn routes(routes: GuardedRoutes) -> GuardedRoutes {
        routes.get(mirror::PATH, show_mirror).post(events::PATH, events::receive)
    }
}

struct MirrorRead;

impl RequiredScope for MirrorRead {
    const SCOPE: &'static str = mirror::SCOPE;
}

#[derive(Debug, Deserialize)]
struct MirrorQuery {
    /// A key that the asker would like to be held.
    expect: Option<KeyId>,
}

/// Tells the caller how its own issuer is seen here. Whose that is says the token, never the request.
async fn show_mirror(
    authorized: Authorized<MirrorRead>,
    bridge: Data<Bridge>,
    query: Query<MirrorQuery>,
) -> Result<HttpResponse, Problem> {
    // The policy may have gone since the request was let in.
    let partner = bridge.policies.of(authorized.principal().issuer.as_str()).ok_or_else(Problem::internal)?;
    if let Some(kid) = &query.expect {
        // The view says what came of it.
        let _held = partner.keys().expect(kid).await;
    }
    let view = MirrorView::of(&partner, bridge.clock.now());
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(view))
}
