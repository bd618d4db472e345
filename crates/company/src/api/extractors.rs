use super::body::MAX_BODY;
use actix_web::error::{JsonPayloadError, PayloadError};
use actix_web::http::StatusCode;
use actix_web::web::{JsonConfig, PathConfig, QueryConfig, ServiceConfig};
use bridge_validator::{FieldError, Problem};

/// Makes actix's own extractors answer with problem details, and read no more than the API allows.
pub(super) fn configure(config: &mut ServiceConfig) {
    let json = JsonConfig::default().limit(MAX_BODY).error_handler(|error, _| json_problem(&error).into());
    let query = QueryConfig::default()
        .error_handler(|error, _| invalid("", "the query parameters of this route", &error).into());
    let path = PathConfig::default().error_handler(|_, _| Problem::of_status(StatusCode::NOT_FOUND).into());
    config.app_data(json).app_data(query).app_data(path);
}

fn json_problem(error: &JsonPayloadError) -> Problem {
    match error {
        JsonPayloadError::ContentType => Problem::of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE),
        JsonPayloadError::OverflowKnownLength { .. }
        | JsonPayloadError::Overflow { .. }
        | JsonPayloadError::Payload(PayloadError::Overflow) => Problem::of_status(StatusCode::PAYLOAD_TOO_LARGE),
        JsonPayloadError::Payload(PayloadError::Io(_)) => Problem::of_status(StatusCode::REQUEST_TIMEOUT),
        JsonPayloadError::Deserialize(error) => invalid("", "the JSON form of this request", error),
        _ => Problem::of_status(StatusCode::BAD_REQUEST),
    }
}

/// What the reader says names the value and the line, and quotes nothing but the caller's own text.
fn invalid(pointer: &str, expected: &str, found: &dyn std::fmt::Display) -> Problem {
    let found = found.to_string().chars().take(200).collect();
    Problem::validation_failed(vec![FieldError { pointer: pointer.to_owned(), expected: expected.to_owned(), found }])
}
