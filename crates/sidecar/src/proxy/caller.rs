use super::headers::CALLER_KEY;
use super::refusal::Refusal;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bridge_types::Secret;
use http::header::{HOST, HeaderMap, ORIGIN};
use std::net::SocketAddr;
use zeroize::Zeroizing;

/// Who is at the other end of a connection, as the system says.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Peer {
    /// Somebody on this machine.
    Loopback,
    /// A process of this user (`SO_PEERCRED`).
    User(u32),
}

/// Who may call.
#[derive(Debug)]
pub(crate) enum Admission {
    /// Whoever shows the key, at this address.
    Key { key: CallerKey, address: SocketAddr },
    /// Processes of these users.
    Users(Vec<u32>),
}

impl Admission {
    /// Lets a request in or says why not. Before anything else, so that whoever may not call learns nothing else.
    pub(crate) fn admit(&self, peer: Peer, headers: &HeaderMap) -> Result<(), Refusal> {
        refuse_browsers(headers)?;
        match (self, peer) {
            (Self::Key { key, address }, Peer::Loopback) => {
                check_host(headers, *address)?;
                key.check(headers)
            }
            (Self::Users(allowed), Peer::User(uid)) if allowed.contains(&uid) => Ok(()),
            (_, Peer::User(uid)) => Err(Refusal::CallerNotAllowed { uid }),
            (Self::Users(_), Peer::Loopback) => Err(Refusal::CallerUnknown),
        }
    }
}

/// What a caller shows to be let in: 256 random bits, made anew at each start.
#[derive(Debug)]
pub(crate) struct CallerKey(Secret<String>);

impl CallerKey {
    /// A new key; `None` when the system has no randomness to give.
    pub(crate) fn generate() -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        rand::fill(&mut *bytes).ok()?;
        Some(Self(Secret::new(URL_SAFE_NO_PAD.encode(*bytes))))
    }

    /// The key, for its file alone.
    pub(crate) fn expose(&self) -> &str {
        self.0.expose()
    }

    fn check(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let mut shown = headers.get_all(CALLER_KEY).iter();
        let (Some(key), None) = (shown.next(), shown.next()) else { return Err(Refusal::CallerUnknown) };
        verify_slices_are_equal(key.as_bytes(), self.expose().as_bytes()).map_err(|_| Refusal::CallerUnknown)
    }
}

/// A page in a browser on this machine can send requests here, even without being able to read the answers. Browsers say
/// so in headers that pages cannot forge.
pub(crate) fn refuse_browsers(headers: &HeaderMap) -> Result<(), Refusal> {
    let from_browser =
        headers.contains_key(ORIGIN) || headers.keys().any(|name| name.as_str().starts_with("sec-fetch-"));
    if from_browser { Err(Refusal::Browser) } else { Ok(()) }
}

/// A name that an attacker's name server resolves to 127.0.0.1 (DNS rebinding) is not one of ours.
pub(crate) fn check_host(headers: &HeaderMap, address: SocketAddr) -> Result<(), Refusal> {
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return Err(Refusal::Host) };
    let ours = [address.to_string(), format!("localhost:{}", address.port())];
    let host = host.to_str().map_err(|_| Refusal::Host)?;
    if ours.iter().any(|own| host.eq_ignore_ascii_case(own)) { Ok(()) } else { Err(Refusal::Host) }
}

#[cfg(test)]
mod tests {
    use super::{Admission, CallerKey, Peer, Refusal};
    use http::{HeaderMap, HeaderName, HeaderValue};

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn loopback(port: u16) -> (Admission, String) {
        let key = CallerKey::generate().unwrap();
        let shown = key.expose().to_owned();
        (Admission::Key { key, address: ([127, 0, 0, 1], port).into() }, shown)
    }

    #[test]
    fn whoever_shows_the_key_at_our_address_is_let_in() {
        let (admission, key) = loopback(8470);
        for host in ["127.0.0.1:8470", "localhost:8470", "LOCALHOST:8470"] {
            admission.admit(Peer::Loopback, &headers(&[("host", host), ("bridge-caller-key", &key)])).unwrap();
        }
    }

    #[test]
    fn nobody_else_is_let_in() {
        let (admission, key) = loopback(8470);
        let other = CallerKey::generate().unwrap();
        let host = ("host", "127.0.0.1:8470");
        for wrong in [
            vec![host],
            vec![host, ("bridge-caller-key", "")],
            vec![host, ("bridge-caller-key", other.expose())],
            vec![host, ("bridge-caller-key", &key[1..])],
            vec![host, ("bridge-caller-key", &key), ("bridge-caller-key", &key)],
            vec![host, ("authorization", &key)],
        ] {
            let refused = admission.admit(Peer::Loopback, &headers(&wrong));
            assert!(matches!(refused, Err(Refusal::CallerUnknown)), "{wrong:?}");
        }
    }

    #[test]
    fn a_rebound_name_is_not_ours() {
        let (admission, key) = loopback(8470);
        let key = ("bridge-caller-key", key.as_str());
        for hosts in [
            vec![key],
            vec![key, ("host", "evil.example")],
            vec![key, ("host", "evil.example:8470")],
            vec![key, ("host", "127.0.0.1")],
            vec![key, ("host", "127.0.0.1:8471")],
            vec![key, ("host", "localhost.evil.example:8470")],
            vec![key, ("host", "127.0.0.1:8470"), ("host", "127.0.0.1:8470")],
        ] {
            assert!(matches!(admission.admit(Peer::Loopback, &headers(&hosts)), Err(Refusal::Host)), "{hosts:?}");
        }
    }

    #[test]
    fn a_browser_is_refused_even_with_the_key() {
        let (admission, key) = loopback(8470);
        for from_browser in ["origin", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest"] {
            let headers = headers(&[("host", "127.0.0.1:8470"), ("bridge-caller-key", &key), (from_browser, "null")]);
            assert!(matches!(admission.admit(Peer::Loopback, &headers), Err(Refusal::Browser)), "{from_browser}");
        }
    }

    #[test]
    fn a_socket_is_for_the_users_in_the_list() {
        let admission = Admission::Users(vec![1000, 1001]);
        admission.admit(Peer::User(1001), &HeaderMap::new()).unwrap();
        for peer in [Peer::User(0), Peer::User(1002), Peer::Loopback] {
            assert!(admission.admit(peer, &HeaderMap::new()).is_err(), "{peer:?}");
        }
        assert!(admission.admit(Peer::User(1000), &headers(&[("origin", "null")])).is_err());
    }
}
