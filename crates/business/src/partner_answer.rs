use bridge_client::{ApiRequest, ApiResponse, CallError, PartnerApi, Problem};
use bridge_store::DeliveryFailure;
use std::error::Error;

/// Sends a request of the outbox to a partner and decides what its answer means for the message.
///
/// # Errors
/// Temporary while the partner, its network, our issuer or the trust between us is down, because each of these is mended
/// without changing the message; permanent when the partner refuses the message itself.
pub async fn deliver(api: &PartnerApi, request: ApiRequest) -> Result<ApiResponse, DeliveryFailure> {
    match api.send(request).await {
        Ok(response) => judge(response),
        Err(error @ (CallError::Invalid(_) | CallError::AnswerTooLarge { .. })) => {
            Err(DeliveryFailure::permanent(with_causes(&error)))
        }
        Err(
            error @ (CallError::Token(_)
            | CallError::Unauthorized { .. }
            | CallError::Forbidden { .. }
            | CallError::NotSent { .. }
            | CallError::NoAnswer { .. }),
        ) => Err(DeliveryFailure::temporary(with_causes(&error))),
    }
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
