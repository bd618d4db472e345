use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The largest body of a request. What is larger is refused before or while it is read, never after.
pub(super) const MAX_BODY: usize = 256 * 1024;

/// The body of a request, with a limit to its size, whoever reads it.
pub(super) struct BoundedBody {
    payload: Payload,
    left: usize,
}

impl BoundedBody {
    /// Puts the limit around a body.
    pub(super) fn around(payload: Payload) -> Payload {
        let bounded = Self { payload, left: MAX_BODY };
        Payload::Stream { payload: Box::pin(bounded) }
    }
}

impl Stream for BoundedBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let polled = Pin::new(&mut self.payload).poll_next(context);
        if let Poll::Ready(Some(Ok(chunk))) = &polled {
            match self.left.checked_sub(chunk.len()) {
                Some(left) => self.left = left,
                None => return Poll::Ready(Some(Err(PayloadError::Overflow))),
            }
        }
        polled
    }
}
