use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::HOST;
use actix_web::middleware::Next;
use actix_web::{Error, HttpResponse};
use std::net::IpAddr;

/// Middleware: serves a request only if it names this machine in its one `Host` field.
///
/// A browser on this machine may be made to send requests here by a page from anywhere whose name was pointed at
/// 127.0.0.1 (DNS rebinding); such a request names that page's host. What is refused gets 421 (RFC 9110 §15.5.20).
pub(crate) async fn this_machine_only<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    if names_this_machine(&request) {
        return Ok(next.call(request).await?.map_into_left_body());
    }
    let refusal = HttpResponse::MisdirectedRequest().body("ask for localhost or for a loopback address\n");
    Ok(request.into_response(refusal).map_into_right_body())
}

fn names_this_machine(request: &ServiceRequest) -> bool {
    let mut hosts = request.headers().get_all(HOST);
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    // A target in absolute form counts instead of the field (RFC 9112 §3.2.2); here both have to fit.
    let target = request.uri().authority().map(actix_web::http::uri::Authority::as_str);
    host.to_str().is_ok_and(is_this_machine) && target.is_none_or(is_this_machine)
}

/// True for `localhost` and loopback addresses, with or without a port.
fn is_this_machine(host: &str) -> bool {
    let is_port = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let name = match host.rsplit_once(':') {
        Some((name, port)) if is_port(port) => name,
        _ => host,
    };
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    let bracketed = address.len() != name.len();
    let loopback = |address: IpAddr| address.is_loopback() && address.is_ipv6() == bracketed;
    name.eq_ignore_ascii_case("localhost") || address.parse().is_ok_and(loopback)
}

#[cfg(test)]
mod tests {
    use super::is_this_machine;

    #[test]
    fn this_machine_has_few_names() {
        for host in ["localhost", "LOCALHOST:8443", "127.0.0.1", "127.0.0.1:8443", "127.9.9.9:1", "[::1]", "[::1]:8443"]
        {
            assert!(is_this_machine(host), "{host}");
        }
        for host in [
            "",
            ":8443",
            "evil.example",
            "evil.example:8443",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "localhost@evil.example",
            "localhost:8443:1",
            "localhost:x",
            "10.0.0.1",
            "0.0.0.0",
            "::1",
            "[127.0.0.1]",
            "[::]",
            "[::1",
            "localhost, evil.example",
        ] {
            assert!(!is_this_machine(host), "{host}");
        }
    }
}
