use super::file::no_scopes;
use bridge_process::config::{ConfigError, Place, Source};
use bridge_types::ScopeSet;
use http::Method;
use serde::Deserialize;
use std::str::FromStr;
use toml::Spanned;

/// Which scopes the token of a request to a partner has: those of the first route that fits, else those of the partner,
/// else none and the request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Routes {
    routes: Vec<Route>,
    others: Option<ScopeSet>,
}

impl Routes {
    /// The scopes for a request; `None` when the configuration has none for it.
    pub fn scopes(&self, method: &Method, path: &str) -> Option<&ScopeSet> {
        let route = self.routes.iter().find(|route| route.fits(method, path));
        route.map(|route| &route.scopes).or(self.others.as_ref())
    }

    /// Every set of scopes that some request needs, each once.
    pub fn all_scopes(&self) -> Vec<&ScopeSet> {
        let mut all: Vec<_> = self.routes.iter().map(|route| &route.scopes).chain(&self.others).collect();
        all.sort();
        all.dedup();
        all
    }
}

/// The scopes for some methods of some paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    methods: Vec<Method>,
    path: Pattern,
    scopes: ScopeSet,
}

impl Route {
    fn fits(&self, method: &Method, path: &str) -> bool {
        self.methods.contains(method) && self.path.fits(path)
    }
}

/// A path: literal segments, `*` for any one segment, and `**` at the end for everything below.
///
/// Literal segments are compared byte for byte with what the application sends. Another spelling of the same path
/// (`%73` for `s`) fits no literal, so it gets no more than the configuration gives to unknown paths.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    segments: Vec<String>,
    open: bool,
}

impl Pattern {
    fn fits(&self, path: &str) -> bool {
        let Some(path) = path.strip_prefix('/') else { return false };
        let mut found = path.split('/');
        let fits = self.segments.iter().all(|expected| {
            found.next().is_some_and(|segment| if expected == "*" { !segment.is_empty() } else { segment == expected })
        });
        fits && if self.open { found.next().is_some() } else { found.next().is_none() }
    }
}

/// The text is not the path of a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("invalid path: expected /, then literal segments or * separated by /, ** only at the end, found another form")]
pub struct RouteInvalid;

impl FromStr for Pattern {
    type Err = RouteInvalid;

    fn from_str(text: &str) -> Result<Self, RouteInvalid> {
        let mut segments: Vec<String> =
            text.strip_prefix('/').ok_or(RouteInvalid)?.split('/').map(str::to_owned).collect();
        let open = segments.last().is_some_and(|last| last == "**");
        if open {
            segments.pop();
        }
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~!$&'()+,;=:@%".contains(&b);
        let sound = |segment: &String| {
            let literal = segment.bytes().all(legal) && segment != "." && segment != "..";
            segment == "*" || literal
        };
        if segments.iter().all(sound) { Ok(Self { segments, open }) } else { Err(RouteInvalid) }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RouteSection {
    methods: Spanned<Vec<String>>,
    path: Spanned<String>,
    scopes: Spanned<ScopeSet>,
}

/// The routes of one partner, whose section stands at `partner`.
pub(super) fn routes(
    source: &Source,
    partner: Place,
    others: Option<Spanned<ScopeSet>>,
    sections: Vec<RouteSection>,
) -> Result<Routes, ConfigError> {
    if others.is_none() && sections.is_empty() {
        return Err(ConfigError::new(partner, "a partner without scopes")
            .expected(
                "`scopes` for all requests, or [[partners.NAME.routes]] with `methods`, `path` and `scopes`, or both",
            )
            .found("neither")
            .remedy("name the least scopes that the partner's routes require"));
    }
    let scopes = |scopes: Spanned<ScopeSet>| {
        let scopes = source.locate(scopes);
        if scopes.value.is_empty() { Err(no_scopes(scopes.place)) } else { Ok(scopes.value) }
    };
    let route = |section: RouteSection| {
        Ok(Route {
            methods: methods(source, section.methods)?,
            path: pattern(source, section.path)?,
            scopes: scopes(section.scopes)?,
        })
    };
    let others = others.map(scopes).transpose()?;
    Ok(Routes { routes: sections.into_iter().map(route).collect::<Result<_, ConfigError>>()?, others })
}

fn methods(source: &Source, words: Spanned<Vec<String>>) -> Result<Vec<Method>, ConfigError> {
    let words = source.locate(words);
    let known = [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::OPTIONS];
    let methods: Option<Vec<Method>> =
        words.value.iter().map(|word| known.iter().find(|method| method.as_str() == word).cloned()).collect();
    methods.filter(|methods| !methods.is_empty()).ok_or_else(|| {
        ConfigError::new(words.place, "methods that cannot be used")
            .expected("at least one of GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
            .found(format!("{:?}", words.value))
            .remedy("correct the list")
    })
}

fn pattern(source: &Source, path: Spanned<String>) -> Result<Pattern, ConfigError> {
    let path = source.locate(path);
    path.value.parse().map_err(|RouteInvalid| {
        ConfigError::new(path.place, "a path that cannot be used")
            .expected(
                "/, then literal segments or * separated by /, and ** only at the end, such as /shipments/*/events",
            )
            .found(format!("\"{}\"", path.value))
            .remedy("correct the path")
    })
}

#[cfg(test)]
mod tests {
    use super::{Pattern, Route, Routes};
    use http::Method;

    fn fits(pattern: &str, path: &str) -> bool {
        pattern.parse::<Pattern>().unwrap().fits(path)
    }

    #[test]
    fn a_pattern_fits_segment_by_segment() {
        for (pattern, path) in [
            ("/", "/"),
            ("/shipments", "/shipments"),
            ("/shipments/*", "/shipments/1"),
            ("/shipments/*/events", "/shipments/1/events"),
            ("/shipments/**", "/shipments/1/events"),
            ("/shipments/**", "/shipments/"),
            ("/**", "/"),
            ("/**", "/a//b"),
            ("/a%20b", "/a%20b"),
        ] {
            assert!(fits(pattern, path), "{pattern} does not fit {path}");
        }
    }

    #[test]
    fn another_spelling_of_a_path_fits_no_literal() {
        for (pattern, path) in [
            ("/", "/a"),
            ("/shipments", "/shipments/"),
            ("/shipments", "//shipments"),
            ("/shipments", "/%73hipments"),
            ("/shipments", "/SHIPMENTS"),
            ("/shipments", "/shipments;a=b"),
            ("/shipments/*", "/shipments"),
            ("/shipments/*", "/shipments/"),
            ("/shipments/*", "/shipments/1/2"),
            ("/shipments/*/events", "/shipments//events"),
            ("/shipments/**", "/shipments"),
            ("/a/*", "a/b"),
        ] {
            assert!(!fits(pattern, path), "{pattern} fits {path}");
        }
    }

    #[test]
    fn refuses_what_is_no_path() {
        for text in ["", "shipments", "/a/**/b", "/a b", "/a?b", "/a/../b", "/.", "/*a", "/a#b", "/{id}", "/\\a"] {
            assert!(text.parse::<Pattern>().is_err(), "accepted {text:?}");
        }
    }

    #[test]
    fn the_first_route_that_fits_says_the_scopes() {
        let route = |method: Method, path: &str, scopes: &str| Route {
            methods: vec![method],
            path: path.parse().unwrap(),
            scopes: scopes.parse().unwrap(),
        };
        let listed = vec![route(Method::POST, "/a", "a:write"), route(Method::POST, "/**", "b:write")];
        let mut routes = Routes { routes: listed, others: None };
        let scopes = |routes: &Routes, method, path| routes.scopes(&method, path).map(ToString::to_string);
        assert_eq!(scopes(&routes, Method::POST, "/a").as_deref(), Some("a:write"));
        assert_eq!(scopes(&routes, Method::POST, "/b").as_deref(), Some("b:write"));
        assert_eq!(scopes(&routes, Method::GET, "/a"), None);
        routes.others = Some("a:read".parse().unwrap());
        assert_eq!(scopes(&routes, Method::GET, "/a").as_deref(), Some("a:read"));
        assert_eq!(routes.all_scopes().len(), 3);
    }
}
