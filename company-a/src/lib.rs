//! Company A, a retailer: it takes orders and has carriers deliver them.
//!
//! An order that is placed becomes a message to its carrier in the same transaction; the carrier reads the order's lines
//! back and reports what happens on the way. Everything that is not about orders comes from `bridge_company`.

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

/// The business of company A.
#[derive(Debug)]
pub struct CompanyA {
    context: Context,
    service: Data<Service>,
    description: Arc<str>,
}

#[async_trait]
impl Application for CompanyA {
    const COMMAND: &'static str = "company-a";
    const ABOUT: &'static str = "Company A, a retailer: takes orders and has carriers deliver them";

    fn migrations() -> Vec<Migration> {
        vec![
            Migration { version: 1000, name: "orders", sql: include_str!("../migrations/1000_orders.sql") },
            Migration { version: 1001, name: "issuers", sql: include_str!("../migrations/1001_issuers.sql") },
        ]
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
