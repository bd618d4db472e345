//! Company B, a carrier: it delivers what retailers sell.
//!
//! A shipment that is asked for becomes, in the same transaction, a message that reads the order's lines at the customer;
//! what happens on the way is reported back. Everything that is not about shipments comes from `bridge_company`.

mod api;
mod exchange;
mod handlers;
pub mod model;
mod openapi;
mod repository;
pub mod scopes;
mod service;

use actix_web::web::{Data, ServiceConfig};
use async_trait::async_trait;
use bridge_business::serve_description;
use bridge_company::{Application, Context};
use bridge_store::{Deliver, Migration};
use bridge_types::ScopeSet;
use bridge_validator::GuardedRoutes;
use exchange::Exchange;
use service::Service;
use std::sync::Arc;

/// The business of company B.
#[derive(Debug)]
pub struct CompanyB {
    context: Context,
    service: Data<Service>,
    description: Arc<str>,
}

#[async_trait]
impl Application for CompanyB {
    const COMMAND: &'static str = "company-b";
    const ABOUT: &'static str = "Company B, a carrier: delivers what retailers sell";

    fn migrations() -> Vec<Migration> {
        vec![Migration { version: 1000, name: "shipments", sql: include_str!("../migrations/1000_shipments.sql") }]
    }

    fn scopes() -> ScopeSet {
        scopes::all()
    }

    fn new(context: Context) -> Self {
        let service = Data::new(Service::new(&context));
        let description = openapi::document(&context.api).into();
        Self { context, service, description }
    }

    fn routes(&self) -> GuardedRoutes {
        api::routes()
    }

    fn configure(&self, config: &mut ServiceConfig) {
        config.app_data(self.service.clone());
        serve_description(config, &self.description);
    }

    fn deliver(&self) -> Option<Arc<dyn Deliver>> {
        let Context { database, partners, .. } = &self.context;
        Some(Arc::new(Exchange::new(database.clone(), partners.clone())))
    }
}
