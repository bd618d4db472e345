//! The real binary: guards, signals, users, memory.

use crate::support::{Application, Issuer, Partner, Reply, Running, Server, Settings, answer, eventually};
use bridge_process::Exit;
use bridge_testkit::Outsider;
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MIB: usize = 1024 * 1024;

async fn world() -> (Issuer, Partner) {
    (Issuer::start().await, Partner::friendly().await)
}

fn blocking<T>(work: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(work)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_of_the_same_user_reads_nothing_of_the_sidecar() {
    let (issuer, partner) = world().await;
    let settings = blocking(|| Settings::new(&issuer.url(), &partner.url()));
    let outsider = Outsider::new();
    let program = outsider.copy(Path::new(env!("CARGO_BIN_EXE_bridge-sidecar")), settings.path());
    outsider.own(settings.path());
    let running = blocking(|| Running::spawn(&mut outsider.command(program), &settings.file()));
    assert_eq!(running.application().call("GET /company-b/a", b"").await.status, 200);
    blocking(|| outsider.assert_guarded(running.id()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_lets_requests_end_and_leaves_nothing_behind() {
    let slow = Server::start(|_| {
        Box::pin(async {
            tokio::time::sleep(Duration::from_millis(800)).await;
            answer(200, &[], "in time")
        })
    });
    let (issuer, partner) = (Issuer::start().await, slow.await);
    let file = "[[token_files]]\npartner = \"company-b\"\nscopes = [\"a\"]\nfile = \"token\"";
    let settings = blocking(|| Settings::new(&issuer.url(), &partner.url()).with(file));
    let running = blocking(|| Running::start(&settings));
    let application = running.application();
    eventually("the token file", async || settings.path().join("token").exists().then_some(())).await;
    let under_way = tokio::spawn({
        let application = application.clone();
        async move { application.call("GET /company-b/a", b"").await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let (status, stdout, log) = blocking(|| running.stop());
    let reply: Reply = under_way.await.unwrap();
    assert_eq!((reply.status, reply.text()), (200, "in time"));
    assert_eq!((status.code(), stdout.as_str()), (Some(0), ""), "{log}");
    assert!(TcpStream::connect(application.address).await.is_err());
    for name in ["token", "caller-key"] {
        assert!(!settings.path().join(name).exists(), "{name} was left behind");
    }
    assert!(log.lines().all(|line| line.starts_with('{') && line.contains("\"sidecar\":\"test\"")), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_is_for_the_configured_users_as_the_system_knows_them() {
    let (issuer, partner) = world().await;
    let own = rustix::process::geteuid().as_raw();
    let curl = |user: Option<u32>, socket: &Path| {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--unix-socket"]).arg(socket).arg("http://localhost/company-b/a");
        if let Some(user) = user {
            std::os::unix::process::CommandExt::uid(&mut curl, user);
        }
        String::from_utf8(curl.output().unwrap().stdout).unwrap()
    };
    for (allowed, expected) in [(format!("[{own}]"), "hello"), (format!("[{}]", own + 1), "caller_not_allowed")] {
        let listen = format!("socket = \"api.sock\"\nallow_uids = {allowed}");
        let settings = blocking(|| Settings::new(&issuer.url(), &partner.url()).listen(listen));
        let running = blocking(|| Running::start(&settings));
        let socket = settings.path().join("api.sock");
        assert_eq!(running.announced["listen"]["socket"], socket.to_str().unwrap());
        let said = blocking(|| curl(None, &socket));
        assert!(said.contains(expected), "{allowed}: {said}");
        if own == 0 {
            // The directory is the test's; the user id is what must keep others out, not the mode of a directory.
            std::fs::set_permissions(settings.path(), std::os::unix::fs::PermissionsExt::from_mode(0o711)).unwrap();
            std::fs::set_permissions(&socket, std::os::unix::fs::PermissionsExt::from_mode(0o666)).unwrap();
            let said = blocking(|| curl(Some(65_534), &socket));
            assert!(said.contains("caller_not_allowed") && said.contains("user id 65534"), "{said}");
        }
        drop(blocking(|| running.stop()));
        assert!(!socket.exists(), "the socket was left behind");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_a_killed_sidecar_left_behind_is_no_obstacle_and_a_used_one_is() {
    let (issuer, partner) = world().await;
    let settings = blocking(|| Settings::new(&issuer.url(), &partner.url()).listen("socket = \"api.sock\""));
    let killed = blocking(|| Running::start(&settings));
    blocking(|| drop(killed));
    assert!(settings.path().join("api.sock").exists());
    drop(blocking(|| Running::start(&settings).stop()));
    let used = std::os::unix::net::UnixListener::bind(settings.path().join("api.sock")).unwrap();
    let complaint = refused(&settings);
    assert!(complaint.contains("a socket at which somebody listens"), "{complaint}");
    drop(used);
}

/// What a sidecar says that does not start because of its configuration.
fn refused(settings: &Settings) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bridge-sidecar"));
    command.args(["serve", "--config"]).arg(settings.file()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    for _ in 0..500 {
        if child.try_wait().unwrap().is_some() {
            break;
        }
        blocking(|| std::thread::sleep(Duration::from_millis(10)));
    }
    // One that serves all the same is ended here, and its status says so.
    drop(child.kill());
    let ended = blocking(|| child.wait_with_output().unwrap());
    assert_eq!(ended.status.code(), Some(2), "{:?}", ended.status);
    String::from_utf8(ended.stderr).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_sidecar_takes_nothing_from_the_first() {
    let (issuer, partner) = world().await;
    let file = "[[token_files]]\npartner = \"company-b\"\nscopes = [\"a\"]\nfile = \"token\"";
    let settings = blocking(|| Settings::new(&issuer.url(), &partner.url()).with(file));
    let first = blocking(|| Running::start(&settings));
    eventually("the token file", async || settings.path().join("token").exists().then_some(())).await;
    let complaint = refused(&settings);
    assert!(complaint.contains("a directory that another sidecar uses"), "{complaint}");
    assert!(settings.path().join("token").exists());
    assert_eq!(first.application().call("GET /company-b/a", b"").await.status, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_root_hands_over_to_a_group_is_taken_and_one_that_others_read_is_not() {
    use std::os::unix::fs::{PermissionsExt, chown};
    use std::os::unix::process::CommandExt;
    if !rustix::process::geteuid().is_root() {
        // Only root can hand something over; as anybody else there is nothing to see.
        return;
    }
    let (issuer, partner) = world().await;
    let settings = blocking(|| Settings::new(&issuer.url(), &partner.url()));
    let outsider = Outsider::new();
    let program = outsider.copy(Path::new(env!("CARGO_BIN_EXE_bridge-sidecar")), settings.path());
    std::fs::set_permissions(settings.path(), PermissionsExt::from_mode(0o755)).unwrap();
    chown(settings.key_file(), Some(0), Some(4321)).unwrap();
    for (mode, taken) in [(0o440, true), (0o640, true), (0o460, false), (0o444, false), (0o450, false)] {
        std::fs::set_permissions(settings.key_file(), PermissionsExt::from_mode(mode)).unwrap();
        let mut command = Command::new(&program);
        command.args(["register", "--config"]).arg(settings.file()).uid(65_534).gid(4321);
        let ended = blocking(|| command.output().unwrap());
        assert_eq!(ended.status.success(), taken, "{mode:o}: {}", String::from_utf8_lossy(&ended.stderr));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn health_asks_the_sidecar_that_runs() {
    let (issuer, partner) = world().await;
    let settings = blocking(|| Settings::new(&issuer.url(), &partner.url()));
    let (exit, _, complaint) = blocking(|| settings.command(&["health"]));
    assert_eq!(exit, Exit::Failed);
    assert!(complaint.contains("port is 0"), "{complaint}");
    let running = blocking(|| Running::start(&settings));
    let address = running.announced["operations"]["address"].as_str().unwrap();
    let text = std::fs::read_to_string(settings.file()).unwrap();
    let fixed =
        text.replace("[operations]\nlisten = \"127.0.0.1:0\"", &format!("[operations]\nlisten = \"{address}\""));
    std::fs::write(settings.file(), fixed).unwrap();
    let (exit, said, _) = blocking(|| settings.command(&["health"]));
    assert_eq!(exit, Exit::Done);
    assert!(said.contains("\"status\":\"ready\""), "{said}");
    drop(blocking(|| running.stop()));
    assert_eq!(blocking(|| settings.command(&["health"])).0, Exit::Failed);
}

/// A server that swallows what it gets and answers with so many MiB.
async fn bulk(mib: usize) -> Server {
    Server::start(move |request| {
        Box::pin(async move {
            let mut body = request.into_body().into_data_stream();
            let mut received = 0;
            while let Some(piece) = body.next().await {
                received += piece.unwrap().len();
            }
            let piece = Bytes::from(vec![b'y'; MIB]);
            let pieces = stream::iter((0..mib).map(move |_| Ok::<_, std::io::Error>(Frame::data(piece.clone()))));
            let mut answer = http::Response::new(StreamBody::new(pieces).boxed_unsync());
            answer.headers_mut().insert("x-received", received.into());
            answer
        })
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_any_size_take_no_memory_to_speak_of() {
    const SIZE: usize = 256;
    let (issuer, partner) = (Issuer::start().await, bulk(SIZE).await);
    let settings = blocking(|| Settings::new(&issuer.url(), &partner.url()));
    let running = blocking(|| Running::start(&settings));
    let application = running.application();
    assert_eq!(application.call("GET /company-b/warm\nconnection: close", b"").await.status, 200);
    let before = running.peak_kib();
    let Application { address, key } = &application;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /company-b/a HTTP/1.1\r\nhost: {address}\r\nbridge-caller-key: {key}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        SIZE * MIB
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let piece = vec![b'x'; MIB];
    for _ in 0..SIZE {
        stream.write_all(&piece).await.unwrap();
    }
    let (mut received, mut buffer) = (0, vec![0; MIB]);
    let read = stream.read(&mut buffer).await.unwrap();
    let head = String::from_utf8_lossy(&buffer[..read.min(1000)]).into_owned();
    assert!(head.contains(&format!("x-received: {}", SIZE * MIB)), "{head}");
    received += read;
    loop {
        let read = stream.read(&mut buffer).await.unwrap();
        if read == 0 {
            break;
        }
        // An application that reads slowly: what it has not taken yet must wait at the partner.
        if received < 4 * MIB {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        received += read;
    }
    assert!(received >= SIZE * MIB, "{received}");
    let grown = running.peak_kib().saturating_sub(before);
    assert!(grown < 16 * 1024, "{grown} KiB more for {SIZE} MiB each way");
    let (_, _, log) = blocking(|| running.stop());
    let handed = log.lines().filter(|line| line.contains("\"event\":\"handed_on\""));
    let bytes = format!("\"request_bytes\":{},\"response_bytes\":{}", SIZE * MIB, SIZE * MIB);
    let whole: Vec<&str> = handed.filter(|line| line.contains(&bytes) && line.contains("\"outcome\":\"ok\"")).collect();
    assert_eq!(whole.len(), 1, "{log}");
}
