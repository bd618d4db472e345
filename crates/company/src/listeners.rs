use crate::config::{CompanyConfig, ConfigError, Located};
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};

/// The three sockets of a company, bound and not yet served.
///
/// All are bound before anything else is started: a port in use is found out before a key is made or a partner called, and
/// the addresses are known even when the configuration says port 0.
#[derive(Debug)]
pub(crate) struct Listeners {
    pub(crate) issuer: Listener,
    pub(crate) api: Listener,
    pub(crate) operations: Listener,
}

/// A bound socket.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) socket: TcpListener,
    pub(crate) address: SocketAddr,
}

impl Listeners {
    /// Binds all three.
    ///
    /// # Errors
    /// When one cannot be bound; the others are closed again then.
    pub(crate) fn bind(config: &CompanyConfig) -> Result<Self, ConfigError> {
        Ok(Self {
            issuer: Listener::bind(&config.issuer.listen)?,
            api: Listener::bind(&config.api.listen)?,
            operations: Listener::bind(&config.operations)?,
        })
    }
}

impl Listener {
    fn bind(listen: &Located<SocketAddr>) -> Result<Self, ConfigError> {
        let bound = TcpListener::bind(listen.value).and_then(|socket| Ok((socket.local_addr()?, socket)));
        let (address, socket) = bound.map_err(|error| refused(listen, &error))?;
        Ok(Self { socket, address })
    }
}

fn refused(listen: &Located<SocketAddr>, error: &std::io::Error) -> ConfigError {
    let (found, remedy) = match error.kind() {
        ErrorKind::AddrInUse => {
            ("a port in use", "stop what listens there (is this company already running?), or choose another port")
        }
        ErrorKind::AddrNotAvailable => {
            ("an address that this machine does not have", "choose an address of this machine")
        }
        ErrorKind::PermissionDenied => ("a port that needs privileges", "choose a port above 1023"),
        _ => ("an error of the system", "choose another address"),
    };
    ConfigError::new(listen.place.clone(), format!("cannot listen on {}", listen.value))
        .expected("a free port of this machine")
        .found(format!("{found} ({error})"))
        .remedy(remedy)
}
