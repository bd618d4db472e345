use crate::request::Request;
use crate::{VaultAddress, VaultError};
use bridge_jose::parse_strict;
use reqwest::header::{CONTENT_ENCODING, HeaderValue};
use reqwest::{Client, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::error::Error;
use zeroize::Zeroizing;

/// No answer that is used here is larger than a few KiB.
const MAX_ANSWER: usize = 64 * 1024;
/// How much of what OpenBao says goes into an error.
const MAX_SAID: usize = 200;

/// The body of an answer, overwritten when it is dropped: it may hold a token or a password.
pub(crate) struct Answer {
    operation: &'static str,
    body: Zeroizing<Vec<u8>>,
}

/// Sends one request and gives the body of a good answer.
pub(crate) async fn exchange(
    client: &Client,
    address: &VaultAddress,
    request: &Request,
    namespace: Option<&HeaderValue>,
    token: Option<&HeaderValue>,
) -> Result<Answer, VaultError> {
    let Request { operation, method, path, body, .. } = request;
    let url = address.endpoint(path);
    // OpenBao refuses requests without this header when it is told to: it keeps forged requests of browsers out.
    let mut builder = client.request(method.clone(), url.clone()).header("X-Vault-Request", "true");
    if let Some(token) = token {
        builder = builder.header("X-Vault-Token", token);
    }
    if let Some(namespace) = namespace {
        builder = builder.header("X-Vault-Namespace", namespace);
    }
    if let Some(body) = body {
        builder = builder.header("Content-Type", "application/json").body(body.clone());
    }
    let response = builder.send().await.map_err(|error| unreachable(address, &error))?;
    if response.url() != &url {
        return Err(VaultError::unexpected(operation, "no redirect", "another address"));
    }
    let status = response.status();
    let body = read(operation, address, response).await?;
    if status == StatusCode::OK || status == StatusCode::NO_CONTENT {
        return Ok(Answer { operation, body });
    }
    Err(refusal(address, request, status, said(&body, request, token)))
}

impl Answer {
    /// The answer as a type. Members that are not known are passed over, because each version of OpenBao adds some;
    /// those that are known must be there, of their type, and once.
    pub(crate) fn parse<T: DeserializeOwned>(&self) -> Result<T, VaultError> {
        let expected = "one JSON object";
        match parse_strict(&self.body) {
            Ok(Ok(parsed)) => Ok(parsed),
            // serde's own text may quote the value, which may be secret.
            Ok(Err(error)) => Err(VaultError::unexpected(
                self.operation,
                "every member of its type",
                format!("another form at line {} column {}", error.line(), error.column()),
            )),
            Err(error) => Err(VaultError::unexpected(self.operation, expected, error.to_string())),
        }
    }

    /// The member `data` of the answer.
    pub(crate) fn data<T: DeserializeOwned>(&self) -> Result<T, VaultError> {
        #[derive(Deserialize)]
        struct Envelope<T> {
            data: T,
        }
        self.parse().map(|Envelope { data }| data)
    }
}

async fn read(
    operation: &'static str,
    address: &VaultAddress,
    mut response: Response,
) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let unexpected = |expected, found| VaultError::unexpected(operation, expected, found);
    if response.headers().contains_key(CONTENT_ENCODING) {
        return Err(unexpected("a body that is not compressed", "a content encoding"));
    }
    let length = response.content_length().unwrap_or(MAX_ANSWER as u64);
    let capacity = usize::try_from(length).unwrap_or(usize::MAX);
    if capacity > MAX_ANSWER {
        return Err(unexpected("at most 64 KiB", "more"));
    }
    // As large as it will get: a buffer that grows leaves copies behind.
    let mut body = Zeroizing::new(Vec::with_capacity(capacity));
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(address, &error))? {
        if body.len() + chunk.len() > capacity {
            return Err(unexpected("at most 64 KiB", "more"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// What OpenBao says is wrong, in one line. An answer that repeats what was sent to it in confidence is not quoted.
fn said(body: &[u8], request: &Request, token: Option<&HeaderValue>) -> String {
    #[derive(Deserialize)]
    struct Errors {
        errors: Vec<String>,
    }
    let Ok(Ok(Errors { errors })) = parse_strict(body) else { return "nothing that could be read".to_owned() };
    let said: String = errors.join("; ").split_whitespace().collect::<Vec<_>>().join(" ");
    let sent = request.body.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
    let token = token.and_then(|token| token.to_str().ok()).unwrap_or_default();
    let confidential = sent.split('"').chain([token]).filter(|text| text.len() >= 16);
    if said.is_empty() || confidential.into_iter().any(|text| said.contains(text)) || looks_secret(&said) {
        return "nothing that could be quoted".to_owned();
    }
    said.chars().take(MAX_SAID).flat_map(char::escape_debug).collect()
}

/// Tokens of OpenBao and of JOSE, by how they begin.
fn looks_secret(said: &str) -> bool {
    said.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))).any(|word| {
        word.len() >= 20
            && ["s.", "b.", "r.", "hvs.", "hvb.", "hvr.", "sbs.", "eyJ"].iter().any(|start| word.starts_with(start))
    })
}

fn refusal(address: &VaultAddress, request: &Request, status: StatusCode, said: String) -> VaultError {
    let Request { operation, path, .. } = request;
    let status_code = status.as_u16();
    match status_code {
        403 => VaultError::Denied { operation, path: path.clone() },
        429 | 472 | 473 | 502 | 503 | 504 => VaultError::NotInService { address: address.clone(), status: status_code },
        400..600 => VaultError::Refused { operation, path: path.clone(), status: status_code, said },
        _ => VaultError::unexpected(operation, "status 200 or 204", status_code.to_string()),
    }
}

fn unreachable(address: &VaultAddress, error: &reqwest::Error) -> VaultError {
    VaultError::Unreachable { address: address.clone(), reason: causes(error) }
}

/// What led to an error, without its own text: that repeats the address.
pub(crate) fn causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |error: &&dyn Error| (*error).source()).map(ToString::to_string);
    let causes = causes.collect::<Vec<_>>().join(": ");
    if causes.is_empty() { "the connection failed".to_owned() } else { causes }
}
