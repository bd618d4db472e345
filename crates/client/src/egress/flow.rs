use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::future::{Future, pending};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::sleep;

/// Whose turn it is while a request with a flowing body is under way: the caller's, who owes more of the body, or the
/// partner's, who owes room for it or an answer.
#[derive(Debug, Default)]
pub(super) struct Turn {
    callers: AtomicBool,
    changed: Notify,
}

impl Turn {
    /// Waits for an answer, and gives up when it was the partner's turn for `patience` on end. The caller may take as
    /// long as it likes for its body.
    pub(super) async fn wait_for<T>(&self, patience: Duration, answer: impl Future<Output = T>) -> Option<T> {
        let mut answer = pin!(answer);
        loop {
            let patience_ends = async {
                if self.callers.load(Ordering::Acquire) {
                    pending::<()>().await;
                }
                sleep(patience).await;
            };
            tokio::select! {
                biased;
                answer = &mut answer => return Some(answer),
                () = self.changed.notified() => {}
                () = patience_ends => return None,
            }
        }
    }

    fn pass(&self, to_caller: bool) {
        self.callers.store(to_caller, Ordering::Release);
        self.changed.notify_one();
    }
}

/// A body on its way from a caller to a partner: data alone, because a trailer field could be read as a header that
/// this crate has refused.
#[derive(Debug)]
pub(super) struct Flowing<B> {
    body: B,
    turn: Arc<Turn>,
}

impl<B> Flowing<B> {
    pub(super) fn new(body: B, turn: Arc<Turn>) -> Self {
        Self { body, turn }
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for Flowing<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        loop {
            let frame = Pin::new(&mut self.body).poll_frame(context);
            self.turn.pass(frame.is_pending());
            match frame {
                Poll::Ready(Some(Ok(frame))) if !frame.is_data() => {}
                other => return other,
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
