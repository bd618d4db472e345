use crate::{handlers, scopes};
use bridge_business::{DefectSchema, ProblemSchema, describe};
use bridge_types::Audience;
use utoipa::OpenApi;

/// The API in the words of OpenAPI 3.1, generated from the handlers and the model.
#[derive(OpenApi)]
#[openapi(
    info(title = "Company B: shipments", description = "Ask for shipments, read them, say what happens to them."),
    paths(
        handlers::create_shipment,
        handlers::list_shipments,
        handlers::read_shipment,
        handlers::record_event,
        handlers::list_events,
    ),
    components(schemas(ProblemSchema, DefectSchema))
)]
struct Description;

/// The document that is served at `/openapi.json`.
pub(crate) fn document(api: &Audience) -> String {
    describe(Description::openapi(), api, &scopes::ALL)
}
