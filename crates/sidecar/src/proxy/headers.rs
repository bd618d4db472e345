use super::refusal::Refusal;
use bridge_client::TraceParent;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};

/// The header in which a caller shows the caller key. Its own name, so that it is never taken for the `Authorization` of
/// the partner, and never sent on.
pub(crate) const CALLER_KEY: HeaderName = HeaderName::from_static("bridge-caller-key");
/// Who answered, when it was not the partner (RFC 9209).
pub(crate) const PROXY_STATUS: HeaderName = HeaderName::from_static("proxy-status");
/// The header in which an API names the request in its logs.
pub(crate) const CORRELATION_ID: HeaderName = HeaderName::from_static("x-correlation-id");

const TRACE_PARENT: HeaderName = HeaderName::from_static("traceparent");
const TRACE_STATE: HeaderName = HeaderName::from_static("tracestate");

/// Headers that are about one connection (RFC 9110 §7.6.1), whether or not `Connection` names them.
const HOP_BY_HOP: [HeaderName; 9] = [
    header::CONNECTION,
    HeaderName::from_static("keep-alive"),
    header::PROXY_AUTHENTICATE,
    header::PROXY_AUTHORIZATION,
    HeaderName::from_static("proxy-connection"),
    header::TE,
    header::TRAILER,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
];
/// What the sidecar, or its connection to the partner, says anew. Names of hosts, addresses and certificates (RFC 9440)
/// would be taken for a proxy's word by a partner that trusts one.
const REPLACED: [HeaderName; 7] = [
    header::HOST,
    header::CONTENT_LENGTH,
    header::EXPECT,
    header::FORWARDED,
    HeaderName::from_static("x-real-ip"),
    HeaderName::from_static("client-cert"),
    HeaderName::from_static("client-cert-chain"),
];
/// How all the other names of a proxy's word begin.
const FORWARDED: &str = "x-forwarded-";
/// What a partner must not say to the application: how the sidecar did, and what the application would keep for the
/// sidecar's host, which is the same for every partner. A cookie of one would be sent to all, and `https` is not spoken
/// there.
const NOT_FOR_THE_APPLICATION: [HeaderName; 4] =
    [PROXY_STATUS, header::ALT_SVC, header::SET_COOKIE, header::STRICT_TRANSPORT_SECURITY];
/// Headers with which a request would prove something to the partner, and what they are called.
const CREDENTIALS: [(HeaderName, &str); 4] = [
    (header::AUTHORIZATION, "the header Authorization"),
    (header::PROXY_AUTHORIZATION, "the header Proxy-Authorization"),
    (HeaderName::from_static("dpop"), "the header DPoP"),
    // No partner has set one, because none of theirs gets here: it was set by another program at the same host.
    (header::COOKIE, "the header Cookie"),
];

/// Refuses a request that brings credentials of its own, in a header or in the query (RFC 6750 §2.3).
pub(super) fn refuse_credentials(headers: &HeaderMap, query: Option<&str>) -> Result<(), Refusal> {
    if let Some((_, found)) = CREDENTIALS.iter().find(|(name, _)| headers.contains_key(name)) {
        return Err(Refusal::OwnCredentials { found });
    }
    let mut names = query.into_iter().flat_map(|query| url::form_urlencoded::parse(query.as_bytes()));
    if names.any(|(name, _)| name == "access_token") {
        return Err(Refusal::OwnCredentials { found: "the query parameter access_token" });
    }
    Ok(())
}

/// The trace that a request belongs to, or a new one.
pub(super) fn trace(headers: &HeaderMap) -> TraceParent {
    let mut given = headers.get_all(TRACE_PARENT).iter().filter_map(|value| value.to_str().ok()?.parse().ok());
    match (given.next(), given.next()) {
        (Some(trace), None) => trace,
        _ => TraceParent::new(),
    }
}

/// The headers of a request as they go to the partner, in this trace.
pub(super) fn outbound(mut headers: HeaderMap, trace: TraceParent) -> HeaderMap {
    let forwarded = headers.get(TRACE_PARENT).is_some_and(|given| *given == *trace.to_string());
    remove_hop_by_hop(&mut headers);
    let said: Vec<HeaderName> = headers.keys().filter(|name| name.as_str().starts_with(FORWARDED)).cloned().collect();
    for name in REPLACED.iter().chain([&CALLER_KEY, &TRACE_PARENT]).chain(&said) {
        headers.remove(name);
    }
    if !forwarded {
        // It belongs to the `traceparent` that it came with (W3C Trace Context §3.3).
        headers.remove(TRACE_STATE);
    }
    if let Ok(value) = HeaderValue::try_from(trace.to_string()) {
        headers.insert(TRACE_PARENT, value);
    }
    headers
}

/// The headers of an answer as they go to the application, with this as where it leads.
pub(super) fn inbound(mut headers: HeaderMap, location: Option<HeaderValue>) -> HeaderMap {
    remove_hop_by_hop(&mut headers);
    for name in NOT_FOR_THE_APPLICATION.iter().chain([&header::LOCATION]) {
        headers.remove(name);
    }
    if let Some(location) = location {
        headers.insert(header::LOCATION, location);
    }
    headers
}

/// Removes what is about one connection: the known names, and those that `Connection` lists.
fn remove_hop_by_hop(headers: &mut HeaderMap) {
    let lists = headers.get_all(header::CONNECTION).iter().map(HeaderValue::as_bytes);
    let names = lists.flat_map(|list| list.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    let listed: Vec<HeaderName> = names.filter_map(|name| HeaderName::from_bytes(name).ok()).collect();
    for name in HOP_BY_HOP.iter().chain(&listed) {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::{Refusal, inbound, outbound, refuse_credentials, trace};
    use bridge_client::TraceParent;
    use http::{HeaderMap, HeaderName, HeaderValue};

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).fold(HeaderMap::new(), |mut headers, (name, value)| {
            headers.append(name, value);
            headers
        })
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        headers.keys().map(HeaderName::as_str).collect()
    }

    #[test]
    fn what_is_about_one_connection_is_not_handed_on() {
        let given = headers(&[
            ("connection", "close, X-Once"),
            ("connection", "x y, x-twice , ,\t"),
            ("x-once", "1"),
            ("x-twice", "1"),
            ("keep-alive", "timeout=5"),
            ("te", "trailers"),
            ("trailer", "x"),
            ("transfer-encoding", "chunked"),
            ("upgrade", "websocket"),
            ("x-kept", "1"),
        ]);
        assert_eq!(names(&outbound(given.clone(), TraceParent::new())), ["x-kept", "traceparent"]);
        assert_eq!(names(&inbound(given, None)), ["x-kept"]);
    }

    #[test]
    fn what_only_the_sidecar_may_say_is_not_handed_on() {
        let given = headers(&[
            ("host", "evil.example"),
            ("content-length", "5"),
            ("expect", "100-continue"),
            ("bridge-caller-key", "key"),
            ("forwarded", "for=1.2.3.4"),
            ("x-forwarded-for", "1.2.3.4"),
            ("x-forwarded-client-cert", "Hash=0"),
            ("x-real-ip", "1.2.3.4"),
            ("client-cert", ":MIIB:"),
            ("accept", "*/*"),
        ]);
        assert_eq!(names(&outbound(given, TraceParent::new())), ["accept", "traceparent"]);
    }

    #[test]
    fn what_would_stick_to_the_host_of_the_sidecar_is_not_handed_back() {
        let given = headers(&[
            ("proxy-status", "x"),
            ("alt-svc", "y"),
            ("set-cookie", "a=b"),
            ("set-cookie", "c=d"),
            ("strict-transport-security", "max-age=1"),
            ("location", "/a"),
            ("etag", "z"),
        ]);
        assert_eq!(names(&inbound(given.clone(), None)), ["etag"]);
        let led = inbound(given, Some(HeaderValue::from_static("/company-b/a")));
        assert_eq!(led["location"], "/company-b/a");
    }

    #[test]
    fn a_trace_is_forwarded_with_its_state_or_made_without() {
        const GIVEN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
        let given = headers(&[("traceparent", GIVEN), ("tracestate", "a=b")]);
        let sent = outbound(given.clone(), trace(&given));
        assert_eq!(
            (&sent["traceparent"], &sent["tracestate"]),
            (&HeaderValue::from_static(GIVEN), &HeaderValue::from_static("a=b"))
        );
        for bad in [
            &[("tracestate", "a=b")][..],
            &[("traceparent", "00-0-0-0"), ("tracestate", "a=b")],
            &[("traceparent", GIVEN), ("traceparent", GIVEN), ("tracestate", "a=b")],
        ] {
            let given = headers(bad);
            let sent = outbound(given.clone(), trace(&given));
            assert_eq!(sent.get_all("traceparent").iter().count(), 1);
            assert!(!sent.contains_key("tracestate") && sent["traceparent"] != GIVEN, "{bad:?}");
        }
    }

    #[test]
    fn credentials_of_the_application_are_refused_wherever_they_are() {
        for name in ["authorization", "proxy-authorization", "dpop", "cookie"] {
            let refused = refuse_credentials(&headers(&[(name, "x")]), None);
            assert!(matches!(refused, Err(Refusal::OwnCredentials { .. })), "{name}");
        }
        for query in ["access_token=x", "a=b&access_token=", "access%5Ftoken=x", "a=b&%61ccess_token"] {
            assert!(refuse_credentials(&HeaderMap::new(), Some(query)).is_err(), "{query}");
        }
        for query in ["", "a=access_token", "xaccess_token=1", "access_token2=1"] {
            assert!(refuse_credentials(&HeaderMap::new(), Some(query)).is_ok(), "{query}");
        }
    }
}
