use super::failure::Failure;
use super::output::Console;
use bridge_client::{ApiResponse, Problem, Refusal};
use serde::Serialize;
use std::fmt::{self, Display};

/// What a partner answered, and what an operator should know about it when it is an error.
pub(super) struct Answered {
    response: ApiResponse,
    explanation: Option<Explanation>,
}

/// Why a call was not done, as far as the partner says.
#[derive(Debug, Serialize)]
struct Explanation {
    status: u16,
    code: Option<String>,
    detail: Option<String>,
    required_scope: Option<String>,
    correlation_id: Option<String>,
}

impl Answered {
    /// An answer that is not about the token; it may be an error all the same.
    pub(super) fn answer(response: ApiResponse) -> Self {
        let status = response.status();
        let is_error = status.is_client_error() || status.is_server_error();
        let explanation = is_error.then(|| {
            let problem: Problem = response.json().unwrap_or_default();
            let correlation_id = response.correlation_id().map(|id| id.to_string());
            Explanation {
                status: status.as_u16(),
                code: problem.code,
                detail: problem.detail,
                required_scope: problem.required_scope,
                correlation_id,
            }
        });
        Self { response, explanation }
    }

    /// The partner refused the token or the client.
    pub(super) fn refusal(refusal: &Refusal) -> Self {
        let explanation = Explanation {
            status: refusal.response().status().as_u16(),
            code: refusal.code().map(str::to_owned),
            detail: refusal.problem().and_then(|problem| problem.detail.clone()),
            required_scope: refusal.scope().map(str::to_owned),
            correlation_id: refusal.correlation_id().map(|id| id.to_string()),
        };
        Self { response: refusal.response().clone(), explanation: Some(explanation) }
    }

    /// Prints the answer on standard output and the explanation on standard error.
    pub(super) fn print(self, console: &mut Console, include: bool) -> Result<(), Failure> {
        if console.is_json() {
            console.print(&self)?;
        } else {
            if include {
                console.bytes(self.head().as_bytes())?;
            }
            console.bytes(self.response.body())?;
        }
        let Some(explanation) = self.explanation else { return Ok(()) };
        console.complain(explanation);
        Err(Failure::Found)
    }

    fn head(&self) -> String {
        let status = format!("{}\n", self.response.status());
        let field = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
            format!("{name}: {}\n", String::from_utf8_lossy(value.as_bytes()))
        };
        let fields: String = self.response.headers().iter().map(field).collect();
        format!("{status}{fields}\n")
    }
}

impl Serialize for Answered {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("status", &self.response.status().as_u16())?;
        let field = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
            (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        };
        object.serialize_entry("headers", &self.response.headers().iter().map(field).collect::<Vec<_>>())?;
        match self.response.json::<serde_json::Value>() {
            Ok(body) => object.serialize_entry("body", &body)?,
            Err(_) => object.serialize_entry("body", &String::from_utf8_lossy(self.response.body()))?,
        }
        object.serialize_entry("refused", &self.explanation)?;
        object.end()
    }
}

impl Display for Answered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.response.body()))
    }
}

impl Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: the partner answered {}", self.status)?;
        let line = |f: &mut fmt::Formatter<'_>, name: &str, value: &Option<String>| match value {
            // The partner's words; escaped, because a terminal obeys control characters.
            Some(value) => write!(f, "\n  {name}: {}", value.escape_debug()),
            None => Ok(()),
        };
        line(f, "code", &self.code)?;
        line(f, "detail", &self.detail)?;
        line(f, "required scope", &self.required_scope)?;
        line(f, "correlation id", &self.correlation_id)
    }
}
