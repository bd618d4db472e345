/// A method and a path.
#[derive(Debug, Clone)]
pub(in crate::attack) struct Route {
    /// The method.
    pub(in crate::attack) method: reqwest::Method,
    /// The path, from the root of the target.
    pub(in crate::attack) path: String,
}

impl Route {
    /// Reads a line such as `GET /orders`.
    pub(in crate::attack) fn parse(line: &str) -> Result<Self, String> {
        let wrong = || format!("expected target.route like \"GET /orders\", found {line:?}");
        let (method, path) = line.split_once(' ').filter(|(_, path)| path.starts_with('/')).ok_or_else(wrong)?;
        if path.contains(['?', '#', ' ']) {
            return Err(wrong());
        }
        Ok(Self { method: method.parse().map_err(|_| wrong())?, path: path.to_owned() })
    }
}
