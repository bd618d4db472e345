use bytes::Bytes;
use reqwest::Method;

/// One request to OpenBao.
#[derive(Debug)]
pub(crate) struct Request {
    /// What it is for: a verb with its object, in errors; and what metrics name it.
    pub(crate) operation: &'static str,
    pub(crate) label: &'static str,
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) body: Option<Bytes>,
}

impl Request {
    pub(crate) fn get(label: &'static str, operation: &'static str, path: String) -> Self {
        Self { operation, label, method: Method::GET, path, body: None }
    }

    pub(crate) fn post(label: &'static str, operation: &'static str, path: String, body: Bytes) -> Self {
        Self { operation, label, method: Method::POST, path, body: Some(body) }
    }

    pub(crate) fn delete(label: &'static str, operation: &'static str, path: String) -> Self {
        Self { operation, label, method: Method::DELETE, path, body: None }
    }
}
