use crate::defect::{ClientDefect, RequestDefect};
use crate::discovery::{Document, Endpoints};
use crate::error::TokenError;
use crate::status::Unsigned;
use crate::{IssuedToken, Issuer, TokenRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::{self, CacheControl, CacheDirective, ETag, EntityTag, Header, HeaderMap, IfNoneMatch};
use actix_web::web::{self, Bytes, Data, Payload, ServiceConfig};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use bridge_limits::PeerAddress;
use serde::Serialize;
use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

/// The largest body that is read. An assertion may have 8 KiB; the rest of a request is small.
const MAX_BODY: usize = 64 * 1024;

/// How long a body may take to arrive.
const BODY_PATIENCE: Duration = Duration::from_secs(10);

impl Issuer {
    /// Adds the routes of the issuer: `POST …/token`, `POST …/revoke`, `GET …/jwks.json`, `GET …/status-lists`,
    /// `GET …/status-lists/{number}`, and `GET /.well-known/oauth-authorization-server…` (RFC 8414 §3.1), where `…` is the
    /// path of the issuer identifier.
    ///
    /// Every other method gets 405 with `Allow`. Called once per worker thread.
    pub fn configure(self: &Arc<Self>, config: &mut ServiceConfig) {
        let endpoints = Endpoints::of(self.config().url());
        config
            .app_data(Data::from(Arc::clone(self)))
            .service(web::resource(endpoints.token_path()).post(token))
            .service(web::resource(endpoints.revocation_path()).post(revoke))
            .service(web::resource(endpoints.status_lists_path()).get(status_lists).head(status_lists))
            .service(web::resource(endpoints.status_lists_path() + "/{number}").get(status_list).head(status_list))
            .service(web::resource(endpoints.keys_path()).get(keys).head(keys))
            .service(web::resource(endpoints.metadata_path()).get(metadata).head(metadata));
    }
}

async fn token(issuer: Data<Issuer>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let peer = PeerAddress::from(request.peer_addr());
    let outcome = match read(&request, payload).await {
        Ok(body) => {
            let authorization_header = request.headers().contains_key(header::AUTHORIZATION);
            issuer.token(TokenRequest { form: &body, authorization_header, peer }).await
        }
        Err(defect) => Err(issuer.refuse(defect, peer)),
    };
    match outcome {
        Ok(token) => success(&token),
        Err(error) => refusal(&error),
    }
}

/// RFC 7009 §2: the answer to a request that is in order is empty, whatever became of the token.
async fn revoke(issuer: Data<Issuer>, request: HttpRequest, payload: Payload) -> HttpResponse {
    let peer = PeerAddress::from(request.peer_addr());
    let outcome = match read(&request, payload).await {
        Ok(body) => {
            let authorization_header = request.headers().contains_key(header::AUTHORIZATION);
            issuer.revoke(TokenRequest { form: &body, authorization_header, peer }).await
        }
        Err(defect) => Err(issuer.refuse_revocation(defect, peer)),
    };
    match outcome {
        Ok(_) => uncached(&mut HttpResponse::Ok()).finish(),
        Err(error) => refusal(&error),
    }
}

/// The body, if the request may have one (RFC 6749 §3.2). What is refused for its head or its size is not read.
async fn read(request: &HttpRequest, payload: Payload) -> Result<Bytes, RequestDefect> {
    if !request.query_string().is_empty() {
        return Err(RequestDefect::QueryParameters);
    }
    if !is_form(request.headers()) {
        return Err(RequestDefect::ContentType);
    }
    if declared_length(request.headers()).is_some_and(|length| length > MAX_BODY) {
        return Err(RequestDefect::BodyTooLarge);
    }
    match tokio::time::timeout(BODY_PATIENCE, payload.to_bytes_limited(MAX_BODY)).await {
        Ok(Ok(Ok(body))) => Ok(body),
        // The listener may be less patient.
        Ok(Ok(Err(late))) if is_timeout(&late) => Err(RequestDefect::BodyTooSlow),
        Ok(Ok(Err(_))) => Err(RequestDefect::BodyIncomplete),
        Ok(Err(_)) => Err(RequestDefect::BodyTooLarge),
        Err(_) => Err(RequestDefect::BodyTooSlow),
    }
}

/// True when whoever passed the body on did not wait for its end.
fn is_timeout(error: &actix_web::Error) -> bool {
    matches!(error.as_error::<PayloadError>(), Some(PayloadError::Io(error)) if error.kind() == ErrorKind::TimedOut)
}

/// Exactly one content type, that of forms, and no content coding (RFC 9110 §8.4). A `charset` is tolerated when it tells
/// the truth: forms are UTF-8.
fn is_form(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(header::CONTENT_TYPE);
    let (Some(value), None) = (values.next(), values.next()) else { return false };
    let mut parts = value.to_str().unwrap_or_default().split(';').map(str::trim);
    let form = parts.next().is_some_and(|media| media.eq_ignore_ascii_case("application/x-www-form-urlencoded"));
    // Nothing is unpacked here. What somebody in front of us unpacks must not be another form than the one we read.
    let plain =
        headers.get_all(header::CONTENT_ENCODING).all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity"));
    form && plain
        && parts.all(|parameter| {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            name.eq_ignore_ascii_case("charset") && value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
}

fn declared_length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// RFC 6749 §5.1.
fn success(token: &IssuedToken) -> HttpResponse {
    #[derive(Serialize)]
    struct Success<'t> {
        access_token: &'t str,
        token_type: &'static str,
        expires_in: u64,
        scope: String,
    }
    uncached(&mut HttpResponse::Ok()).json(Success {
        access_token: token.access_token.expose(),
        token_type: "Bearer",
        expires_in: token.expires_in.as_secs(),
        scope: token.scope.to_string(),
    })
}

/// RFC 6749 §5.2.
fn refusal(error: &TokenError) -> HttpResponse {
    #[derive(Serialize)]
    struct Refusal {
        error: &'static str,
        error_description: String,
    }
    let (status, code) = error.answer();
    let mut answer = HttpResponse::build(status);
    match error {
        // Basic is the one scheme that RFC 6749 has for clients; a client that used another is answered with it too.
        TokenError::InvalidClient(ClientDefect::AuthorizationHeader) => {
            answer.insert_header((header::WWW_AUTHENTICATE, "Basic realm=\"token endpoint\""));
        }
        TokenError::InvalidRequest(RequestDefect::BodyTooLarge | RequestDefect::BodyTooSlow) => {
            answer.force_close();
        }
        _ => {}
    }
    if let Some(after) = error.retry_after() {
        answer.insert_header((header::RETRY_AFTER, after.as_secs()));
    }
    uncached(&mut answer).json(Refusal { error: code, error_description: error.description() })
}

/// No cache may keep an answer of the token endpoint (RFC 6749 §5.1).
fn uncached(answer: &mut HttpResponseBuilder) -> &mut HttpResponseBuilder {
    answer.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::PRAGMA, "no-cache"))
}

async fn keys(issuer: Data<Issuer>, request: HttpRequest) -> HttpResponse {
    serve(&issuer.published_keys().await.jwks, &request)
}

async fn metadata(issuer: Data<Issuer>, request: HttpRequest) -> HttpResponse {
    serve(&issuer.metadata, &request)
}

async fn status_lists(issuer: Data<Issuer>, request: HttpRequest) -> HttpResponse {
    match issuer.published.aggregation() {
        Some(document) => serve(&document, &request),
        None => HttpResponse::ServiceUnavailable().insert_header((header::RETRY_AFTER, "2")).finish(),
    }
}

async fn status_list(issuer: Data<Issuer>, number: web::Path<u64>, request: HttpRequest) -> HttpResponse {
    match issuer.status_list(*number).await {
        Ok(Some(document)) => serve(&document, &request),
        Ok(None) => HttpResponse::NotFound().finish(),
        Err(Unsigned) => HttpResponse::ServiceUnavailable().insert_header((header::RETRY_AFTER, "1")).finish(),
    }
}

/// Answers with the document, or with 304 when the caller has it already (RFC 9110 §13.1.2).
fn serve(document: &Document, request: &HttpRequest) -> HttpResponse {
    let etag = EntityTag::new_strong(document.etag.clone());
    let unchanged = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(held)) => held.iter().any(|held| held.weak_eq(&etag)),
        Err(_) => false,
    };
    let mut answer = if unchanged { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    let fresh_for = CacheControl(vec![CacheDirective::Public, CacheDirective::MaxAge(document.max_age)]);
    answer.insert_header(ETag(etag)).insert_header(fresh_for);
    if unchanged { answer.finish() } else { answer.content_type(document.content_type).body(document.body.clone()) }
}
