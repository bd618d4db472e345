use crate::{handlers, scopes};
use bridge_business::{DefectSchema, ProblemSchema, describe};
use bridge_types::Audience;
use utoipa::OpenApi;

/// The API in the words of OpenAPI 3.1, generated from the handlers and the model.
#[derive(OpenApi)]
#[openapi(
    info(title = "Company A: orders", description = "Place orders, read them, report what happens to them."),
    paths(
        handlers::place_order,
        handlers::list_orders,
        handlers::read_order,
        handlers::track_order,
        handlers::list_tracking_events,
    ),
    components(schemas(ProblemSchema, DefectSchema))
)]
struct Description;

/// The document that is served at `/openapi.json`.
pub(crate) fn document(api: &Audience) -> String {
    describe(Description::openapi(), api, &scopes::ALL)
}
