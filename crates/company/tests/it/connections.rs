//! What a stranger can do to a listener with connections alone.

use crate::support::{Directory, Stand};
use bridge_testkit::TestCa;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

const GET: &[u8] = b"GET /openapi.json HTTP/1.1\r\nhost: a\r\n\r\n";

/// A company without TLS and with these limits.
async fn limited(limits: &str) -> Stand {
    Stand::start_in(&TestCa::new(), |directory| {
        directory.without_tls();
        directory.edit("company.toml", "[telemetry]", &format!("[limits]\n{limits}\n[telemetry]"));
    })
    .await
}

/// What arrives until the other side closes, or within the time.
async fn heard(stream: &mut TcpStream, within: Duration) -> (String, bool) {
    let (mut heard, mut buffer) = (Vec::new(), [0; 4096]);
    let closed = timeout(within, async {
        // A reset is an end like any other.
        while let Ok(count @ 1..) = stream.read(&mut buffer).await {
            heard.extend_from_slice(&buffer[..count]);
        }
    })
    .await;
    (String::from_utf8(heard).unwrap(), closed.is_ok())
}

async fn answered(stream: &mut TcpStream) -> bool {
    stream.write_all(GET).await.unwrap();
    let (answer, _) = heard(stream, Duration::from_millis(300)).await;
    answer.starts_with("HTTP/1.1 200 ")
}

async fn connect_from(own: [u8; 4], to: SocketAddr) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::from(own)), 0)).unwrap();
    socket.connect(to).await.unwrap()
}

#[actix_web::test]
async fn an_address_that_has_all_its_connections_is_turned_away_and_another_is_not() {
    let stand = limited("connections_per_address = 2").await;
    let api = stand.addresses().api.address;
    let (mut first, second) = (connect_from([127, 0, 0, 1], api).await, connect_from([127, 0, 0, 1], api).await);
    assert!(answered(&mut first).await);
    let mut third = connect_from([127, 0, 0, 1], api).await;
    assert_eq!(heard(&mut third, Duration::from_secs(2)).await, (String::new(), true));
    assert!(answered(&mut connect_from([127, 0, 0, 2], api).await).await);
    let mut elsewhere = connect_from([127, 0, 0, 1], stand.addresses().issuer.address).await;
    elsewhere.write_all(b"GET /jwks.json HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    assert!(heard(&mut elsewhere, Duration::from_millis(300)).await.0.starts_with("HTTP/1.1 200 "));

    drop(second);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(answered(&mut connect_from([127, 0, 0, 1], api).await).await, "the place was not given back");
    stand.company.stop().await;
}

#[actix_web::test]
async fn the_first_byte_of_a_second_request_does_not_keep_a_connection() {
    let stand = limited("keep_alive = \"10m\"").await;
    let mut stream = TcpStream::connect(stand.addresses().api.address).await.unwrap();
    assert!(answered(&mut stream).await);
    stream.write_all(b"G").await.unwrap();
    let (_, closed) = heard(&mut stream, Duration::from_secs(10)).await;
    assert!(closed, "the connection is kept");
    stand.company.stop().await;
}

#[actix_web::test]
async fn a_connection_without_requests_is_closed_after_its_time() {
    let stand = limited("keep_alive = \"1s\"").await;
    let mut stream = TcpStream::connect(stand.addresses().api.address).await.unwrap();
    assert!(answered(&mut stream).await);
    let (_, closed) = heard(&mut stream, Duration::from_secs(4)).await;
    assert!(closed, "the connection is kept");
    stand.company.stop().await;
}

#[actix_web::test]
async fn a_request_that_takes_longer_than_the_keep_alive_is_answered() {
    let stand = limited("keep_alive = \"1s\"").await;
    let mut stream = TcpStream::connect(stand.addresses().api.address).await.unwrap();
    stream.write_all(b"GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let (answer, _) = heard(&mut stream, Duration::from_secs(12)).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    stand.company.stop().await;
}

#[actix_web::test]
async fn a_body_that_trickles_is_answered_with_408_and_the_connection_closed() {
    let stand = limited("body_time = \"1s\"").await;
    let form = "POST /token HTTP/1.1\r\nhost: a\r\ncontent-type: application/x-www-form-urlencoded";
    let json = "POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json";
    for (address, head) in [(stand.addresses().issuer.address, form), (stand.addresses().api.address, json)] {
        for length in ["content-length: 100", "transfer-encoding: chunked"] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(format!("{head}\r\n{length}\r\n\r\n").as_bytes()).await.unwrap();
            let (mut reading, mut writing) = stream.split();
            let mut answer = String::new();
            let trickle = async {
                while writing.write_all(b"1\r\n \r\n").await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
            };
            let read = async { drop(reading.read_to_string(&mut answer).await) };
            let ended = timeout(Duration::from_secs(5), async {
                tokio::select! { () = read => {}, () = trickle => {} }
            })
            .await;
            assert!(ended.is_ok(), "{head} {length}: the connection is kept");
            assert!(answer.starts_with("HTTP/1.1 408 "), "{head} {length}: {answer:?}");
        }
    }
    stand.company.stop().await;
}

#[actix_web::test]
async fn offers_http_1_1_and_nothing_else() {
    let ca = TestCa::new();
    let stand = Stand::start_in(&ca, |_: &Directory| {}).await;
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.certificate_pem().as_bytes()).unwrap()).unwrap();
    for address in [stand.addresses().api.address, stand.addresses().issuer.address] {
        for (offer, chosen) in [(vec!["h2", "http/1.1"], Some("http/1.1")), (vec!["h2"], None)] {
            let mut config = ClientConfig::builder().with_root_certificates(roots.clone()).with_no_client_auth();
            config.alpn_protocols = offer.iter().map(|name| name.as_bytes().to_vec()).collect();
            let socket = TcpStream::connect(address).await.unwrap();
            let name = ServerName::try_from("127.0.0.1").unwrap();
            let connected = TlsConnector::from(Arc::new(config)).connect(name, socket).await;
            let found = connected.ok().and_then(|tls| Some(tls.get_ref().1.alpn_protocol()?.to_vec()));
            assert_eq!(found.as_deref(), chosen.map(str::as_bytes), "{offer:?}");
        }
    }
    stand.company.stop().await;
}
