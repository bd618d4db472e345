use super::http::Answer;
use crate::stage::Unmet;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long an application waits.
const PATIENCE: Duration = Duration::from_secs(10);

/// An application in no language in particular, beside a sidecar: it writes plain HTTP, and has no token, no client's
/// key and no certificate.
#[derive(Debug)]
pub(crate) struct Application {
    /// Where its sidecar is.
    pub(crate) sidecar: SocketAddr,
    /// What it shows as the caller key, if anything.
    pub(crate) key: Option<String>,
}

/// A request whose body is still on its way.
#[derive(Debug)]
pub(crate) struct UnderWay(TcpStream);

impl Application {
    /// Sends a request without a body, written like `GET /company-b/shipments`, and reads the answer.
    pub(crate) async fn call(&self, line: &str) -> Result<Answer, Unmet> {
        let mut stream = TcpStream::connect(self.sidecar).await?;
        stream.write_all(self.head(line, "content-length: 0").as_bytes()).await?;
        answer(stream).await
    }

    /// Sends the head of a request with a body of two bytes, and waits until the sidecar asks for them (RFC 9110 §10.1.1).
    pub(crate) async fn begin(&self, line: &str) -> Result<UnderWay, Unmet> {
        let mut stream = TcpStream::connect(self.sidecar).await?;
        let headers = "content-type: application/json\r\ncontent-length: 2\r\nexpect: 100-continue";
        stream.write_all(self.head(line, headers).as_bytes()).await?;
        let mut interim = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
        timeout(PATIENCE, stream.read_exact(&mut interim)).await??;
        let interim = String::from_utf8_lossy(&interim);
        if interim.starts_with("HTTP/1.1 100 ") {
            return Ok(UnderWay(stream));
        }
        Err(Unmet::new("interim answer of the sidecar", "100", interim))
    }

    fn head(&self, line: &str, more: &str) -> String {
        let key = self.key.as_ref().map_or_else(String::new, |key| format!("bridge-caller-key: {key}\r\n"));
        format!("{line} HTTP/1.1\r\nhost: {}\r\n{key}connection: close\r\n{more}\r\n\r\n", self.sidecar)
    }
}

impl UnderWay {
    /// Sends the body, an empty JSON object, and reads the answer.
    pub(crate) async fn finish(mut self) -> Result<Answer, Unmet> {
        self.0.write_all(b"{}").await?;
        answer(self.0).await
    }
}

/// Reads an answer after which the connection is closed. Of its headers, the ones with values in ASCII.
async fn answer(mut stream: TcpStream) -> Result<Answer, Unmet> {
    let mut bytes = Vec::new();
    timeout(PATIENCE, stream.read_to_end(&mut bytes)).await??;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| Unmet::new("answer", "a status", format_args!("{} bytes", bytes.len())))?;
    let header = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        Some((name.parse::<HeaderName>().ok()?, value.parse::<HeaderValue>().ok()?))
    };
    let headers: HeaderMap = head.lines().filter_map(header).collect();
    let body = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()));
    Ok(Answer::of(status, headers, body))
}
