use serde_json::Value;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// An application that writes bytes, so that it can write what no library would.
#[derive(Debug, Clone)]
pub(crate) struct Application {
    pub(crate) address: SocketAddr,
    pub(crate) key: String,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Application {
    pub(crate) fn at(address: SocketAddr, key: &str) -> Self {
        Self { address, key: key.to_owned() }
    }

    /// A request: its first line and further header lines, to which Host, caller key and `Connection: close` are added.
    pub(crate) async fn call(&self, head: &str, body: &[u8]) -> Reply {
        let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
        let headers = headers.lines().fold(String::new(), |lines, header| format!("{lines}{}\r\n", header.trim()));
        let Self { address, key } = self;
        let head = format!(
            "{line} HTTP/1.1\r\nhost: {address}\r\nbridge-caller-key: {key}\r\nconnection: close\r\n{headers}\r\n"
        );
        self.send(&[head.as_bytes(), body].concat()).await
    }

    /// Sends bytes as they are and reads until the other side closes.
    pub(crate) async fn send(&self, bytes: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // The other side may answer and close before it has read everything.
        drop(stream.write_all(bytes).await);
        let mut received = Vec::new();
        drop(stream.read_to_end(&mut received).await);
        Reply::read(&received)
    }
}

impl Reply {
    /// Takes one answer apart. A body in chunks is put together; one that is cut off is an error of the test.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(bytes.len());
        let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
        let raw = bytes.get(end + 4..).unwrap_or_default();
        let body = if head.contains("transfer-encoding: chunked") { dechunk(raw) } else { raw.to_vec() };
        Self { status, head, body }
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The code of a problem document of the sidecar.
    pub(crate) fn code(&self) -> String {
        assert!(self.head.contains("proxy-status: bridge-sidecar; error="), "not the sidecar's: {self:?}");
        assert!(self.head.contains("content-type: application/problem+json"), "{self:?}");
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        let correlation_id = problem["correlation_id"].as_str().unwrap();
        assert!(self.head.contains(&format!("x-correlation-id: {correlation_id}")), "{self:?}");
        problem["code"].as_str().unwrap().to_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let line = |line: &'_ str| -> bool { line.split_once(':').is_some_and(|(found, _)| found == name) };
        self.head.lines().find(|found| line(found)).and_then(|found| found.split_once(": ")).map(|(_, value)| value)
    }
}

fn dechunk(mut raw: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    loop {
        let end = raw.windows(2).position(|two| two == b"\r\n").expect("the body in chunks was cut off");
        let size = usize::from_str_radix(std::str::from_utf8(&raw[..end]).unwrap(), 16).unwrap();
        if size == 0 {
            return body;
        }
        body.extend_from_slice(&raw[end + 2..end + 2 + size]);
        raw = &raw[end + 2 + size + 2..];
    }
}
