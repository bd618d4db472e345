use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage};
use futures_util::Stream;
use std::cell::RefCell;
use std::io::ErrorKind;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

/// Keeps the body of a request until its answer is written, and bounds the time that it may take to arrive.
///
/// A body that is late reads as `PayloadError::Io` with `TimedOut`, whoever reads it.
///
/// An answer may go out before the body was read, as every refusal does. If the body is dropped by then, actix-http 3.20
/// goes on reading it with no time-out, so that a stranger could hold connections for ever by never ending a
/// chunked body. If it is still there, the connection is closed after the answer.
pub(crate) async fn linger<B: MessageBody + 'static>(
    body_time: Duration,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let headers = request.headers();
    if !headers.contains_key(CONTENT_LENGTH) && !headers.contains_key(TRANSFER_ENCODING) {
        return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
    }
    let kept = Rc::new(RefCell::new(request.take_payload()));
    let timed = Timed { body: Rc::clone(&kept), deadline: Box::pin(sleep(body_time)) };
    request.set_payload(Payload::Stream { payload: Box::pin(timed) });
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| BoxBody::new(Lingering { body: body.boxed(), _kept: kept })))
}

/// The body as the handler reads it.
struct Timed {
    body: Rc<RefCell<Payload>>,
    deadline: Pin<Box<Sleep>>,
}

impl Stream for Timed {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.deadline.as_mut().poll(context).is_ready() {
            return Poll::Ready(Some(Err(PayloadError::Io(ErrorKind::TimedOut.into()))));
        }
        Pin::new(&mut *self.body.borrow_mut()).poll_next(context)
    }
}

/// The body of the answer, holding on to that of the request.
struct Lingering {
    body: BoxBody,
    _kept: Rc<RefCell<Payload>>,
}

impl MessageBody for Lingering {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(context)
    }
}
