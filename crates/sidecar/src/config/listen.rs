use bridge_process::config::{ConfigError, Located, LoopbackAddr, Source};
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;
use toml::Spanned;

/// Where the application calls, and how it is known to be the application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A port on loopback. Callers show a key that the sidecar makes at each start and keeps in a 0600 file.
    Tcp {
        /// The address; port 0 lets the system choose.
        address: SocketAddr,
        /// The file of the key, below the runtime directory unless the path is absolute.
        caller_key_file: PathBuf,
    },
    /// A Unix socket. The system says which user calls (`SO_PEERCRED`).
    Socket {
        /// The path, below the runtime directory unless it is absolute.
        path: PathBuf,
        /// Who may call; the user that the sidecar runs as when absent.
        allow_uids: Option<Vec<u32>>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListenSection {
    tcp: Option<LoopbackAddr>,
    caller_key_file: Option<PathBuf>,
    socket: Option<PathBuf>,
    allow_uids: Option<Vec<u32>>,
}

pub(super) fn listen(source: &Source, section: Spanned<ListenSection>) -> Result<Located<Listen>, ConfigError> {
    let Located { value: section, place } = source.locate(section);
    let value = match section {
        ListenSection { tcp: Some(LoopbackAddr(address)), caller_key_file, socket: None, allow_uids: None } => {
            let caller_key_file = caller_key_file.unwrap_or_else(|| PathBuf::from("caller-key"));
            Listen::Tcp { address, caller_key_file }
        }
        ListenSection { tcp: None, caller_key_file: None, socket: Some(path), allow_uids } => {
            if allow_uids.as_ref().is_some_and(Vec::is_empty) {
                return Err(ConfigError::new(place, "a socket that nobody may use")
                    .expected("at least one user id in `allow_uids`")
                    .found("an empty list")
                    .remedy("name the user that the application runs as"));
            }
            Listen::Socket { path, allow_uids }
        }
        _ => {
            return Err(ConfigError::new(place, "not one way to listen")
                .expected("`tcp`, with `caller_key_file` if you like, or else `socket`, with `allow_uids` if you like")
                .found("none of them, both, or keys of one with the other")
                .remedy("keep one of the two"));
        }
    };
    Ok(Located { value, place })
}
