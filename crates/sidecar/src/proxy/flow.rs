use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use std::error::Error;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};

/// How a body has gone so far; whoever holds it sees it while the body flows elsewhere.
#[derive(Debug, Default)]
pub(super) struct Meter {
    bytes: AtomicU64,
    state: AtomicU8,
}

/// How a body ended, if it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum End {
    /// It flows, or nobody read it to its end.
    Open = 0,
    /// Whole.
    Whole = 1,
    /// It broke off.
    Broken = 2,
    /// It was larger than allowed.
    TooLarge = 3,
    /// It made no progress for too long.
    TooSlow = 4,
}

impl Meter {
    /// How many bytes have come.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    pub(super) fn end(&self) -> End {
        let known = [End::Whole, End::Broken, End::TooLarge, End::TooSlow];
        let state = self.state.load(Ordering::Acquire);
        known.into_iter().find(|end| *end as u8 == state).unwrap_or(End::Open)
    }

    fn set(&self, end: End) {
        self.state.store(end as u8, Ordering::Release);
    }
}

/// Why a body does not go on. What the transport said is its source.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Interrupted {
    #[error("the body is larger than allowed")]
    TooLarge,
    #[error("the body made no progress")]
    TooSlow,
    #[error("the body broke off")]
    Broken(#[source] Box<dyn Error + Send + Sync>),
}

/// What a body may take.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bounds {
    pub(super) bytes: Option<u64>,
    pub(super) idle: Option<Duration>,
}

/// A body on its way, measured and bounded. Nothing of it is kept. Trailer fields are dropped.
#[derive(Debug)]
pub(super) struct Metered<B> {
    body: B,
    meter: Arc<Meter>,
    limit: Option<u64>,
    idle: Option<(Duration, Pin<Box<Sleep>>)>,
}

impl<B: Body> Metered<B> {
    /// Must be called inside a runtime when `bounds` has an idle time.
    pub(super) fn new(body: B, bounds: Bounds) -> Self {
        let idle = bounds.idle.map(|idle| (idle, Box::pin(sleep(idle))));
        let metered = Self { body, meter: Arc::default(), limit: bounds.bytes, idle };
        metered.note_end();
        metered
    }

    /// Whoever reads a body of known length does not ask once more when it has all.
    fn note_end(&self) {
        if self.body.is_end_stream() {
            self.meter.set(End::Whole);
        }
    }

    pub(super) fn meter(&self) -> Arc<Meter> {
        Arc::clone(&self.meter)
    }

    fn interrupted(&self, end: End, why: Interrupted) -> Poll<Option<Result<Frame<Bytes>, Interrupted>>> {
        self.meter.set(end);
        Poll::Ready(Some(Err(why)))
    }

    /// Ready when the body has made no progress for too long.
    fn poll_idle(&mut self, context: &mut Context<'_>) -> Poll<()> {
        match &mut self.idle {
            Some((_, patience)) => patience.as_mut().poll(context),
            None => Poll::Pending,
        }
    }

    fn progress(&mut self, bytes: usize) -> u64 {
        if let Some((idle, patience)) = &mut self.idle {
            patience.as_mut().reset(Instant::now() + *idle);
        }
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.meter.bytes.fetch_add(bytes, Ordering::Relaxed).saturating_add(bytes)
    }
}

impl<B> Body for Metered<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = Interrupted;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Interrupted>>> {
        loop {
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Pending => {
                    ready!(self.poll_idle(context));
                    return self.interrupted(End::TooSlow, Interrupted::TooSlow);
                }
                Poll::Ready(None) => {
                    self.meter.set(End::Whole);
                    return Poll::Ready(None);
                }
                Poll::Ready(Some(Err(error))) => {
                    return self.interrupted(End::Broken, Interrupted::Broken(error.into()));
                }
                Poll::Ready(Some(Ok(frame))) => {
                    let Some(data) = frame.data_ref() else { continue };
                    let total = self.progress(data.len());
                    if self.limit.is_some_and(|limit| total > limit) {
                        return self.interrupted(End::TooLarge, Interrupted::TooLarge);
                    }
                    self.note_end();
                    return Poll::Ready(Some(Ok(frame)));
                }
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
