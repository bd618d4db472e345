use bridge_jose::Algorithm;

/// What the target was told about the issuer that the attacker holds, and about its own route. What each case deserves
/// follows from it.
#[derive(Debug, Clone)]
pub struct Policy {
    /// The issuer that the target trusts, byte for byte.
    pub issuer: String,
    /// The audience that it demands.
    pub audience: String,
    /// The algorithms that it accepts from this issuer.
    pub algorithms: Vec<Algorithm>,
    /// The client that it admits.
    pub client: String,
    /// What this client may have at most. Holds `required_scope`.
    pub scopes: Vec<String>,
    /// Another client of the issuer, admitted with the ceiling `scopes` but for `required_scope`.
    pub limited_client: Option<String>,
    /// The scope that the route demands.
    pub required_scope: String,
    /// How far clocks may differ, in seconds.
    pub leeway: i64,
    /// The longest life of a token, in seconds, if there is a limit.
    pub max_lifetime: Option<i64>,
    /// The status list of the issuer, if the target takes no token that refers to none on its host.
    pub status_list: Option<String>,
    /// Another issuer that the target trusts, with another client. It has no status list.
    pub foreign: Option<Foreign>,
}

/// The other trusted issuer.
#[derive(Debug, Clone)]
pub struct Foreign {
    /// Its identifier.
    pub issuer: String,
    /// A client that is admitted from it, and from it alone.
    pub client: String,
}

impl Policy {
    /// A scope of the ceiling that the route does not demand.
    pub fn other_scope(&self) -> Option<&str> {
        self.scopes.iter().map(String::as_str).find(|scope| *scope != self.required_scope)
    }
}
