//! Answers of an actix application, as the corpus judges them.

use actix_web::dev::ServiceResponse;
use actix_web::http::header::HeaderValue;
use actix_web::test;
use bridge_testkit::attacks::Answer;

pub(crate) async fn answer(response: ServiceResponse) -> Answer {
    let status = response.status().as_u16();
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = response.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    let body = String::from_utf8_lossy(&test::read_body(response).await).into_owned();
    Answer { status, headers, body }
}
