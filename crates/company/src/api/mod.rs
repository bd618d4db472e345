//! The API listener: what stands around the routes of the business.

mod body;
mod bridge;
mod events;
mod extractors;
mod limits;

use crate::application::Application;
use actix_web::middleware::from_fn;
use actix_web::web::{self, ServiceConfig};
pub(crate) use bridge::Bridge;
use bridge_validator::{Gate, ResourceMetadata};
use limits::limits;

/// What the API of one company is made of, for each worker thread again.
pub(crate) struct Api<A> {
    application: std::sync::Arc<A>,
    gate: Gate,
    metadata: ResourceMetadata,
    bridge: Bridge,
}

impl<A: Application> Api<A> {
    pub(crate) fn new(application: std::sync::Arc<A>, gate: Gate, metadata: ResourceMetadata, bridge: Bridge) -> Self {
        Self { application, gate, metadata, bridge }
    }

    /// Adds everything: limits around all of it, public routes first, then the routes behind the gate, which also
    /// answers for every unknown path.
    pub(crate) fn configure(&self, config: &mut ServiceConfig) {
        extractors::configure(config);
        let public = |config: &mut ServiceConfig| {
            config.service(self.metadata.clone());
            self.application.configure(config);
            self.bridge.configure(config);
        };
        let all = web::scope("")
            .configure(public)
            .service(self.gate.routes("", Bridge::routes(self.application.routes())))
            .wrap(from_fn(limits));
        config.service(all);
    }
}

impl<A> Clone for Api<A> {
    fn clone(&self) -> Self {
        let Self { application, gate, metadata, bridge } = self;
        let application = std::sync::Arc::clone(application);
        Self { application, gate: gate.clone(), metadata: metadata.clone(), bridge: bridge.clone() }
    }
}
