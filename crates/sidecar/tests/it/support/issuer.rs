use super::server::{Answer, Server, answer};
use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::json;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

/// How an issuer is disposed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It grants what is asked, for so many seconds.
    Granting(u64),
    /// It does not know the client.
    Refusing,
    /// It cannot answer now.
    Failing,
}

/// An own issuer that grants `token-1`, `token-2` and so on without asking who asks.
pub(crate) struct Issuer {
    server: Server,
    state: Arc<Mutex<State>>,
}

struct State {
    mood: Mood,
    forms: Vec<HashMap<String, String>>,
    granted: usize,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let state = Arc::new(Mutex::new(State { mood: Mood::Granting(300), forms: Vec::new(), granted: 0 }));
        let (known, url) = (Arc::clone(&state), Arc::new(OnceLock::<String>::new()));
        let own = Arc::clone(&url);
        let server = Server::start(move |request| {
            let (state, own) = (Arc::clone(&known), Arc::clone(&own));
            Box::pin(async move { respond(request, &state, own.get().unwrap()).await })
        })
        .await;
        url.set(server.url()).unwrap();
        Self { server, state }
    }

    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    pub(crate) fn be(&self, mood: Mood) {
        self.state.lock().unwrap().mood = mood;
    }

    /// The forms of all token requests so far.
    pub(crate) fn asked(&self) -> Vec<HashMap<String, String>> {
        self.state.lock().unwrap().forms.clone()
    }
}

async fn respond(request: Request<Incoming>, state: &Mutex<State>, own: &str) -> Answer {
    let json_type = [("content-type", "application/json")];
    if request.uri().path() == "/.well-known/oauth-authorization-server" {
        let metadata = json!({"issuer": own, "token_endpoint": format!("{own}/token")});
        return answer(200, &json_type, metadata.to_string());
    }
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let form: HashMap<String, String> = url::form_urlencoded::parse(&body).into_owned().collect();
    let mut state = state.lock().unwrap();
    state.forms.push(form.clone());
    match state.mood {
        Mood::Granting(seconds) => {
            state.granted += 1;
            let token = format!("token-{}", state.granted);
            let grant =
                json!({"access_token": token, "token_type": "Bearer", "expires_in": seconds, "scope": form["scope"]});
            answer(200, &json_type, grant.to_string())
        }
        Mood::Refusing => answer(401, &json_type, json!({"error": "invalid_client"}).to_string()),
        Mood::Failing => answer(503, &[], ""),
    }
}
