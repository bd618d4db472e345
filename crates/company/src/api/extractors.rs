use super::body::MAX_BODY;
use super::problem::{FieldError, Problem};
use actix_web::error::{JsonPayloadError, PayloadError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::web::{JsonConfig, PathConfig, QueryConfig, ServiceConfig};
use std::fmt::Display;

/// Makes actix's own extractors answer with problem details, and read no more than the API allows.
pub(super) fn configure(config: &mut ServiceConfig) {
    let json = JsonConfig::default().limit(MAX_BODY).error_handler(|error, _| json_problem(&error).into());
    let query = QueryConfig::default().error_handler(|error, _| query_problem(&error).into());
    let path = PathConfig::default().error_handler(|_, _| Problem::not_found("there is nothing at this path").into());
    config.app_data(json).app_data(query).app_data(path);
}

fn json_problem(error: &JsonPayloadError) -> Problem {
    match error {
        JsonPayloadError::ContentType => Problem::unsupported_media_type(),
        JsonPayloadError::OverflowKnownLength { .. }
        | JsonPayloadError::Overflow { .. }
        | JsonPayloadError::Payload(PayloadError::Overflow) => Problem::body_too_large(),
        JsonPayloadError::Payload(PayloadError::Io(_)) => Problem::of_status(StatusCode::REQUEST_TIMEOUT),
        JsonPayloadError::Deserialize(error) => invalid("", "the JSON form of this request", error),
        _ => Problem::of_status(StatusCode::BAD_REQUEST),
    }
}

fn query_problem(error: &QueryPayloadError) -> Problem {
    invalid("?", "the query parameters of this route", error)
}

fn invalid(pointer: &str, expected: &str, found: impl Display) -> Problem {
    let found = found.to_string().chars().take(200).collect();
    Problem::validation_failed(vec![FieldError { pointer: pointer.to_owned(), expected: expected.to_owned(), found }])
}
