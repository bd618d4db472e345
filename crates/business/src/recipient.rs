use bridge_client::{ApiRequest, ApiResponse, CallError, PartnerApi, Problem};
use bridge_store::{DeliveryFailure, Message, MessageId};
use bridge_types::ScopeSet;
use http::{HeaderName, HeaderValue, Method};
use serde::Serialize;
use std::error::Error;
use std::sync::Arc;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// A partner, as messages of the outbox are delivered to it.
///
/// A delivery fails for a while as long as the partner, its network, our issuer or the trust between us is down, because
/// each of these is mended without changing the message. It fails for good when the partner refuses the message itself.
#[derive(Debug)]
pub struct Recipient(Arc<PartnerApi>);

impl Recipient {
    /// The partner that a message is for, with its API if the configuration has one.
    ///
    /// # Errors
    /// Temporary when it has none: an edit of the partner's file mends that.
    pub fn of(message: &Message, api: Option<Arc<PartnerApi>>) -> Result<Self, DeliveryFailure> {
        let issuer = message.recipient();
        let missing = || format!("expected a file in partners/ with the issuer {issuer} and [outbound], found none");
        api.map(Self).ok_or_else(|| DeliveryFailure::temporary(missing()))
    }

    /// Sends what a message says, under the name of the message, so that the partner applies it once.
    ///
    /// # Errors
    /// [`DeliveryFailure`] for every answer but success.
    pub async fn post(
        &self,
        path: &str,
        scope: &'static str,
        message: MessageId,
        body: &impl Serialize,
    ) -> Result<ApiResponse, DeliveryFailure> {
        let key = HeaderValue::try_from(message.to_string()).map_err(DeliveryFailure::permanent)?;
        let request = request(Method::POST, path, scope)?.header(IDEMPOTENCY_KEY, key);
        self.send(request.json(body).map_err(DeliveryFailure::permanent)?).await
    }

    /// Reads something.
    ///
    /// # Errors
    /// [`DeliveryFailure`] for every answer but success.
    pub async fn get(&self, path: &str, scope: &'static str) -> Result<ApiResponse, DeliveryFailure> {
        self.send(request(Method::GET, path, scope)?).await
    }

    async fn send(&self, request: ApiRequest) -> Result<ApiResponse, DeliveryFailure> {
        match self.0.send(request).await {
            Ok(response) => judge(response),
            Err(error @ (CallError::Invalid(_) | CallError::AnswerTooLarge { .. })) => {
                Err(DeliveryFailure::permanent(with_causes(&error)))
            }
            Err(
                error @ (CallError::Token(_)
                | CallError::Unauthorized { .. }
                | CallError::Forbidden { .. }
                | CallError::NotSent { .. }
                | CallError::NoAnswer { .. }
                | CallError::Late { .. }),
            ) => Err(DeliveryFailure::temporary(with_causes(&error))),
        }
    }
}

/// A request with exactly one scope: the least that the partner's route requires.
fn request(method: Method, path: &str, scope: &'static str) -> Result<ApiRequest, DeliveryFailure> {
    let scopes: ScopeSet = scope.parse().map_err(DeliveryFailure::permanent)?;
    Ok(ApiRequest::new(method, path, scopes))
}

fn judge(response: ApiResponse) -> Result<ApiResponse, DeliveryFailure> {
    let status = response.status().as_u16();
    match status {
        200..=299 => Ok(response),
        408 | 425 | 429 | 500..=599 => {
            let retry_after = response.retry_after();
            Err(DeliveryFailure::Temporary { reason: describe(&response), retry_after })
        }
        _ => Err(DeliveryFailure::permanent(describe(&response))),
    }
}

/// Status, code and correlation id: what the partner's operator needs to find the request.
fn describe(response: &ApiResponse) -> String {
    let mut text = format!("the partner answered {}", response.status().as_u16());
    let code = response.json::<Problem>().ok().and_then(|problem| problem.code);
    if let Some(code) = code {
        text.push(' ');
        text.extend(code.chars().take(64).flat_map(char::escape_debug));
    }
    if let Some(id) = response.correlation_id() {
        text.push_str(", correlation id ");
        text.push_str(&id.to_string());
    }
    text
}

fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
