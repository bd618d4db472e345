use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The bytes of a request.
pub(crate) fn request(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = if body.is_empty() { String::new() } else { format!("content-length: {}\r\n", body.len()) };
    format!("{method} {path} HTTP/1.1\r\nhost: bench\r\n{headers}{length}\r\n{body}").into_bytes()
}

/// Connections that are kept open; each has one request under way.
pub(crate) struct Connections(Vec<TcpStream>);

impl Connections {
    pub(crate) fn open(address: SocketAddr, count: usize) -> Self {
        let open = |_| {
            let stream = TcpStream::connect(address).unwrap();
            stream.set_nodelay(true).unwrap();
            stream
        };
        Self((0..count).map(open).collect())
    }

    /// Sends the same request over all connections again and again; gives the number of answers.
    pub(crate) fn run_for(&mut self, time: Duration, request: &[u8]) -> u64 {
        let (over, answers) = (AtomicBool::new(false), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for stream in &mut self.0 {
                let (over, answers) = (&over, &answers);
                scope.spawn(move || {
                    let mut buffer = vec![0; 16 * 1024];
                    while !over.load(Ordering::Relaxed) {
                        exchange(stream, request, &mut buffer);
                        answers.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            std::thread::sleep(time);
            over.store(true, Ordering::Relaxed);
        });
        answers.into_inner()
    }

    /// Sends each request once, shared out over all connections.
    pub(crate) fn run_each(&mut self, requests: Vec<Vec<u8>>) {
        let requests = Mutex::new(requests);
        std::thread::scope(|scope| {
            for stream in &mut self.0 {
                scope.spawn(|| {
                    let mut buffer = vec![0; 16 * 1024];
                    loop {
                        let Some(request) = requests.lock().unwrap().pop() else { break };
                        exchange(stream, &request, &mut buffer);
                    }
                });
            }
        });
    }
}

/// Sends one request and reads the whole answer, which must be a success.
fn exchange(stream: &mut TcpStream, request: &[u8], buffer: &mut [u8]) {
    stream.write_all(request).unwrap();
    let mut filled = 0;
    loop {
        filled += stream.read(&mut buffer[filled..]).unwrap();
        let text = std::str::from_utf8(&buffer[..filled]).unwrap();
        assert!(text.starts_with("HTTP/1.1 200"), "{text}");
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split("\r\ncontent-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
            if body.len() >= length.parse::<usize>().unwrap() {
                return;
            }
        }
    }
}
