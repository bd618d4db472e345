use crate::error::CannotRun;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// The line between a company's public port and its partner. It passes bytes through without looking at them, counts
/// connections, and can be cut: then every connection ends and new ones are closed at once. Or it is diverted: then it ends
/// somewhere else.
///
/// The company itself does not use this line, so its own clients notice nothing.
#[derive(Debug)]
pub(crate) struct Forwarder {
    line: Arc<Line>,
    target: SocketAddr,
    task: JoinHandle<()>,
}

#[derive(Debug)]
struct Line {
    /// Where it ends.
    target: Mutex<SocketAddr>,
    cut: AtomicBool,
    attempts: AtomicU64,
    ended: Notify,
}

impl Forwarder {
    /// Listens on one address and forwards to the other, until dropped.
    pub(crate) async fn start(listen: SocketAddr, target: SocketAddr) -> Result<Self, CannotRun> {
        let listener = TcpListener::bind(listen).await.map_err(CannotRun::system(format!("listen on {listen}")))?;
        let line = Arc::new(Line {
            target: Mutex::new(target),
            cut: AtomicBool::default(),
            attempts: AtomicU64::default(),
            ended: Notify::new(),
        });
        let task = tokio::spawn(accept(listener, Arc::clone(&line)));
        Ok(Self { line, target, task })
    }

    /// A line that is cut from the start and leads nowhere: it only counts who tries.
    pub(crate) async fn nowhere(listen: SocketAddr) -> Result<Self, CannotRun> {
        let line = Self::start(listen, listen).await?;
        line.cut();
        Ok(line)
    }

    /// Ends every connection and lets no new one through.
    pub(crate) fn cut(&self) {
        self.line.cut.store(true, Ordering::SeqCst);
        self.line.ended.notify_waiters();
    }

    /// Ends every connection and leads new ones to another address.
    pub(crate) fn divert(&self, target: SocketAddr) {
        self.line.lead_to(target);
        self.line.ended.notify_waiters();
    }

    /// Lets connections through again, to where they always led.
    pub(crate) fn mend(&self) {
        if self.line.target() != self.target {
            self.divert(self.target);
        }
        self.line.cut.store(false, Ordering::SeqCst);
    }

    /// How often somebody has tried to connect, whether it was let through or not.
    pub(crate) fn attempts(&self) -> u64 {
        self.line.attempts.load(Ordering::SeqCst)
    }
}

impl Drop for Forwarder {
    fn drop(&mut self) {
        self.cut();
        self.task.abort();
    }
}

impl Line {
    fn target(&self) -> SocketAddr {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lead_to(&self, target: SocketAddr) {
        *self.target.lock().unwrap_or_else(PoisonError::into_inner) = target;
    }
}

async fn accept(listener: TcpListener, line: Arc<Line>) {
    while let Ok((incoming, _)) = listener.accept().await {
        line.attempts.fetch_add(1, Ordering::SeqCst);
        tokio::spawn(forward(incoming, Arc::clone(&line)));
    }
}

async fn forward(mut incoming: TcpStream, line: Arc<Line>) {
    let ended = line.ended.notified();
    if line.cut.load(Ordering::SeqCst) {
        return;
    }
    let pass = async {
        let mut outgoing = TcpStream::connect(line.target()).await?;
        copy_bidirectional(&mut incoming, &mut outgoing).await
    };
    // How a connection ends is the business of its two ends, not of the line.
    tokio::select! {
        _ = pass => {}
        () = ended => {}
    }
}

#[cfg(test)]
mod tests {
    use super::Forwarder;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};

    async fn echo() -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = stream.split();
                    tokio::io::copy(&mut read, &mut write).await
                });
            }
        });
        address
    }

    async fn passes(stream: &mut TcpStream) -> bool {
        let mut answer = [0; 4];
        stream.write_all(b"ping").await.is_ok() && stream.read_exact(&mut answer).await.is_ok()
    }

    #[tokio::test]
    async fn a_cut_line_ends_old_connections_and_takes_no_new_ones() {
        let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let forwarder = Forwarder::start(listen, echo().await).await.unwrap();
        let mut before = TcpStream::connect(listen).await.unwrap();
        assert!(passes(&mut before).await);
        forwarder.cut();
        assert!(!passes(&mut before).await, "an old connection goes on");
        let mut during = TcpStream::connect(listen).await.unwrap();
        assert!(!passes(&mut during).await, "a new connection is let through");
        forwarder.mend();
        let mut after = TcpStream::connect(listen).await.unwrap();
        assert!(passes(&mut after).await, "a mended line does not pass");
        assert_eq!(forwarder.attempts(), 3);
    }

    #[tokio::test]
    async fn a_diverted_line_leads_elsewhere_until_it_is_mended() {
        let listen = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let forwarder = Forwarder::start(listen, echo().await).await.unwrap();
        let mut before = TcpStream::connect(listen).await.unwrap();
        assert!(passes(&mut before).await);
        let elsewhere = TcpListener::bind("127.0.0.1:0").await.unwrap();
        forwarder.divert(elsewhere.local_addr().unwrap());
        assert!(!passes(&mut before).await, "an old connection goes on");
        let _during = TcpStream::connect(listen).await.unwrap();
        let (mut diverted, _) = elsewhere.accept().await.unwrap();
        forwarder.mend();
        assert_eq!(diverted.read(&mut [0; 4]).await.unwrap(), 0, "the way elsewhere is still open");
        let mut after = TcpStream::connect(listen).await.unwrap();
        assert!(passes(&mut after).await, "a mended line does not lead back");
    }
}
