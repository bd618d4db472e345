use super::meter::Meter;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

/// The bytes of a connection, in the clear or through TLS, and the meter that is told when some arrive.
///
/// One type for both, so that the HTTP machinery is compiled once.
#[derive(Debug)]
pub(super) struct Stream {
    bytes: Bytes,
    meter: Rc<Meter>,
}

#[derive(Debug)]
pub(super) enum Bytes {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Stream {
    pub(super) fn new(bytes: Bytes, meter: Rc<Meter>) -> Self {
        Self { bytes, meter }
    }

    pub(super) fn meter(&self) -> &Rc<Meter> {
        &self.meter
    }
}

#[cfg(test)]
impl Stream {
    pub(super) fn is_undelayed(&self) -> bool {
        match &self.bytes {
            Bytes::Plain(socket) => socket.nodelay().unwrap(),
            Bytes::Tls(stream) => stream.get_ref().0.nodelay().unwrap(),
        }
    }
}

/// Calls the same method of whatever is inside.
macro_rules! inside {
    ($stream:ident.$method:ident($($argument:expr),*)) => {
        match &mut $stream.get_mut().bytes {
            Bytes::Plain(inner) => Pin::new(inner).$method($($argument),*),
            Bytes::Tls(inner) => Pin::new(inner).$method($($argument),*),
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let (before, meter) = (buffer.filled().len(), Rc::clone(&self.meter));
        let read = inside!(self.poll_read(context, buffer));
        if buffer.filled().len() > before {
            meter.received();
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        inside!(self.poll_write(context, bytes))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        inside!(self.poll_flush(context))
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        inside!(self.poll_shutdown(context))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        inside!(self.poll_write_vectored(context, bytes))
    }

    fn is_write_vectored(&self) -> bool {
        match &self.bytes {
            Bytes::Plain(inner) => inner.is_write_vectored(),
            Bytes::Tls(inner) => inner.is_write_vectored(),
        }
    }
}
