use super::HEAD;
use super::meter::{Meter, Patience};
use super::stream::{Bytes, Stream};
use crate::config::LimitsConfig;
use bridge_limits::{Line, LineBudget, PeerAddress, Places, Rate};
use bridge_types::Clock;
use rustls::ServerConfig;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// What a quiet connection gets beyond its keep-alive, so that actix, which closes it in better order, is first.
const GRACE: Duration = Duration::from_secs(5);

/// What every connection of one listener passes. All workers share it.
pub(crate) struct Door {
    listener: &'static str,
    tls: Option<TlsAcceptor>,
    places: Arc<Places>,
    keep_alive: Duration,
    refusals: LineBudget<()>,
}

impl Door {
    /// The door of the listener with this name; without `tls` it is plain.
    pub(crate) fn new(
        listener: &'static str,
        tls: Option<&ServerConfig>,
        limits: LimitsConfig,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            listener,
            tls: tls.map(acceptor),
            places: Places::for_each_address(limits.connections_per_address.get()),
            keep_alive: limits.keep_alive.duration(),
            refusals: LineBudget::new(Rate::per_second(1), clock),
        }
    }

    /// Lets a connection in and gives it to `http` until it ends, or has taken longer than it may.
    ///
    /// An address that has all its places is turned away before anything is read: the socket is closed.
    pub(super) async fn serve<F: Future>(&self, socket: TcpStream, http: impl FnOnce(Stream, Option<SocketAddr>) -> F) {
        let peer = socket.peer_addr().ok();
        let Some(_place) = self.places.take(peer.into()) else { return self.refuse(peer.into()) };
        // Without this the kernel holds the last part of an answer back for up to 40 ms. A socket that refuses it serves
        // as well, only slower.
        drop(socket.set_nodelay(true));
        let Some(bytes) = self.open(socket).await else { return };
        let meter = Rc::new(Meter::default());
        let stream = Stream::new(bytes, Rc::clone(&meter));
        let patience = Patience { head: HEAD, quiet: self.keep_alive + GRACE };
        tokio::select! {
            // An error here says that the caller went away.
            _ = http(stream, peer) => {}
            () = meter.overdue(patience) => self.count("overdue"),
        }
    }

    /// The TLS handshake, where there is TLS.
    async fn open(&self, socket: TcpStream) -> Option<Bytes> {
        let Some(tls) = &self.tls else { return Some(Bytes::Plain(socket)) };
        if let Ok(Ok(stream)) = timeout(HANDSHAKE, tls.accept(socket)).await {
            return Some(Bytes::Tls(Box::new(stream)));
        }
        self.count("handshake_failed");
        None
    }

    /// At most one line a second, whatever an address does.
    fn refuse(&self, address: PeerAddress) {
        self.count("refused");
        let suppressed = match self.refusals.line(()) {
            Line::Suppress => return,
            Line::Write => 0,
            Line::WriteAfter(left_out) => left_out,
        };
        tracing::warn!(target: "bridge", event = "connection_refused", outcome = "deny", listener = self.listener,
            peer = %address, suppressed, "this address has as many connections as it may have");
    }

    /// Counts a connection that ended otherwise than by the will of the two sides.
    fn count(&self, reason: &'static str) {
        metrics::counter!("bridge_connections_closed_total", "listener" => self.listener, "reason" => reason)
            .increment(1);
    }
}

/// HTTP/1.1 is all that is offered: an HTTP/2 listener of actix bounds neither streams nor headers nor slow readers.
fn acceptor(config: &ServerConfig) -> TlsAcceptor {
    let mut config = config.clone();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

#[cfg(test)]
mod tests {
    use super::Door;
    use crate::config::LimitsConfig;
    use bridge_types::SystemClock;
    use std::cell::Cell;
    use std::sync::Arc;
    use tokio::net::{TcpListener, TcpStream};

    #[tokio::test]
    async fn sends_small_answers_without_delay() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _caller = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let (socket, _) = listener.accept().await.unwrap();
        assert!(!socket.nodelay().unwrap());
        let door = Door::new("test", None, LimitsConfig::default(), Arc::new(SystemClock::new()));
        let undelayed = Cell::new(false);
        door.serve(socket, async |stream, _| undelayed.set(stream.is_undelayed())).await;
        assert!(undelayed.get());
    }
}
