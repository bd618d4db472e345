use crate::config::Listen;
use crate::error::StartError;
use crate::proxy::{Admission, CallerKey, Peer};
use crate::runtime::{Kept, RuntimeDirectory, SecretFile};
use crate::sidecar::ListenAddress;
use bridge_process::config::{ConfigError, Located};
use hyper_util::rt::TokioIo;
use rustix::process::geteuid;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::Path;
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// A bound socket, and what is removed when it closes.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: Socket,
    _removed_at_exit: Option<SecretFile>,
}

/// A listener for applications.
pub(crate) struct Bound {
    pub(crate) listener: Listener,
    pub(crate) address: ListenAddress,
    pub(crate) admission: Admission,
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpListener),
    Unix(UnixListener),
}

/// One connection.
#[derive(Debug)]
pub(crate) enum Connection {
    Tcp(TokioIo<TcpStream>),
    Unix(TokioIo<UnixStream>),
}

impl Listener {
    /// Binds where the configuration says, and says who may call there.
    ///
    /// # Errors
    /// When the port or the path cannot be used.
    pub(crate) fn bind(listen: &Located<Listen>, runtime: &RuntimeDirectory) -> Result<Bound, StartError> {
        match &listen.value {
            Listen::Tcp { address, caller_key_file } => {
                let (socket, address) = bind_tcp(&Located { value: *address, place: listen.place.clone() })?;
                let key = CallerKey::generate()
                    .ok_or_else(|| StartError::system("no caller key can be made", "the system has no randomness"))?;
                let path =
                    runtime.secret(caller_key_file).map_err(|error| unwritable(listen, caller_key_file, &error))?;
                let file = SecretFile::new(path, Kept::UntilExit);
                file.replace(key.expose().as_bytes()).map_err(|error| unwritable(listen, file.path(), &error))?;
                let known = ListenAddress::Tcp { address, caller_key_file: file.path().to_owned() };
                let listener = Self { socket: Socket::Tcp(socket), _removed_at_exit: Some(file) };
                Ok(Bound { listener, address: known, admission: Admission::Key { key, address } })
            }
            Listen::Socket { path, allow_uids } => {
                let own = geteuid().as_raw();
                let users = allow_uids.clone().unwrap_or_else(|| vec![own]);
                let path = runtime.socket(path).map_err(|error| unusable_path(listen, path, &error))?;
                // Who may connect is decided by the user id of each connection; the mode only spares others the attempt.
                let mode = if users == [own] { 0o600 } else { 0o666 };
                let socket = bind_unix(listen, &path, mode)?;
                let file = SecretFile::new(path.clone(), Kept::UntilExit);
                let address = ListenAddress::Socket { socket: path };
                let listener = Self { socket: Socket::Unix(socket), _removed_at_exit: Some(file) };
                Ok(Bound { listener, address, admission: Admission::Users(users) })
            }
        }
    }

    /// A port without a caller key: for the operations pages.
    ///
    /// # Errors
    /// When the port cannot be used.
    pub(crate) fn bind_open(listen: &Located<SocketAddr>) -> Result<(Self, SocketAddr), StartError> {
        let (socket, address) = bind_tcp(listen)?;
        Ok((Self { socket: Socket::Tcp(socket), _removed_at_exit: None }, address))
    }

    /// The next connection, and who is at its other end.
    pub(crate) async fn accept(&self) -> io::Result<(Connection, Peer)> {
        match &self.socket {
            Socket::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                Ok((Connection::Tcp(TokioIo::new(stream)), Peer::Loopback))
            }
            Socket::Unix(listener) => {
                let (stream, _) = listener.accept().await?;
                let uid = stream.peer_cred()?.uid();
                Ok((Connection::Unix(TokioIo::new(stream)), Peer::User(uid)))
            }
        }
    }
}

fn bind_tcp(listen: &Located<SocketAddr>) -> Result<(TcpListener, SocketAddr), ConfigError> {
    let bind = || {
        let socket = std::net::TcpListener::bind(listen.value)?;
        socket.set_nonblocking(true)?;
        let address = socket.local_addr()?;
        Ok((TcpListener::from_std(socket)?, address))
    };
    bind().map_err(|error: io::Error| {
        ConfigError::new(listen.place.clone(), format!("cannot listen on {}", listen.value))
            .expected("a free port of this machine")
            .found(error.to_string())
            .remedy("stop what listens there (is this sidecar running already?), or choose another port")
    })
}

fn bind_unix(listen: &Located<Listen>, path: &Path, mode: u32) -> Result<UnixListener, ConfigError> {
    let bind = || {
        remove_stale(path)?;
        let socket = UnixListener::bind(path)?;
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode))?;
        Ok(socket)
    };
    bind().map_err(|error: io::Error| unusable_path(listen, path, &error))
}

fn unusable_path(listen: &Located<Listen>, path: &Path, error: &io::Error) -> ConfigError {
    ConfigError::new(listen.place.clone(), format!("cannot listen at {}", path.display()))
        .expected("a path of at most 100 bytes in a directory of ours, at which nobody listens")
        .found(error.to_string())
        .remedy("stop what listens there (is this sidecar running already?), or choose another path")
}

/// Removes the socket of a process that was killed. Never one at which somebody listens, and nothing else.
fn remove_stale(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(data) if !data.file_type().is_socket() => return Err(io::Error::other("something that is not a socket")),
        Ok(_) => {}
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => std::fs::remove_file(path),
        Err(error) => Err(error),
        Ok(_) => Err(io::Error::other("a socket at which somebody listens")),
    }
}

fn unwritable(listen: &Located<Listen>, path: &Path, error: &io::Error) -> ConfigError {
    ConfigError::new(listen.place.clone(), format!("the file {} cannot be written", path.display()))
        .expected("a path in a directory that is ours alone, in memory unless `on_disk` in [runtime] is true")
        .found(error.to_string())
        .remedy("correct `caller_key_file`, or the owner and mode of the directory")
}
