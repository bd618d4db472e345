use super::Tester;
use crate::error::CannotRun;
use crate::side::Side;
use crate::stage::Unmet;
use crate::stand::{DIRECT, Stand, tls_files};
use actix_web::dev::ServerHandle;
use actix_web::web::{self, Data};
use actix_web::{App, HttpResponse, HttpServer};
use bridge_jose::{EncodedStatusList, StatusListClaims, Typ, sign};
use bridge_types::StatusListUri;
use jiff::{SignedDuration, Timestamp};
use std::net::TcpListener;
use std::num::NonZeroU64;
use std::sync::{Arc, Mutex, PoisonError};

/// How many tokens the list has room for.
const SIZE: usize = 1024;

/// The status list of the tester's own issuer, served on this machine until dropped. It lives as short as a scenario
/// wants, which no list of a company does.
#[derive(Debug)]
pub(crate) struct Lists {
    /// Where the list is.
    pub(crate) uri: StatusListUri,
    /// What is served; nothing while the lists are down.
    served: Arc<Mutex<Option<String>>>,
    handle: ServerHandle,
}

impl Lists {
    /// Serves on a port of its own, under a name of this company and with its certificate: the company knows where that
    /// name leads. There is no list yet.
    pub(crate) fn start(stand: &Stand, name_of: Side) -> Result<Self, Unmet> {
        let tls = tls_files::server_config(&stand.tls_file(name_of, "cert.pem"), &stand.tls_file(name_of, "key.pem"))?;
        let listener = TcpListener::bind((DIRECT, 0)).map_err(CannotRun::system("bind a port"))?;
        let (host, port) = (&stand.plan.parties[name_of].issuer.host, listener.local_addr()?.port());
        let uri = format!("https://{host}:{port}/status-lists/1").parse()?;
        let served = Arc::<Mutex<Option<String>>>::default();
        let page = Data::from(Arc::clone(&served));
        let app = move || App::new().app_data(page.clone()).route("/status-lists/1", web::get().to(list));
        let http = HttpServer::new(app).workers(1).disable_signals().listen_rustls_0_23(listener, tls);
        let http = http.map_err(CannotRun::system("serve a status list"))?.run();
        let handle = http.handle();
        tokio::spawn(http);
        Ok(Self { uri, served, handle })
    }

    /// Publishes a list in which nothing is revoked.
    pub(crate) fn publish(&self, tester: &Tester, now: Timestamp, seconds: i64) -> Result<(), Unmet> {
        let claims = StatusListClaims {
            iss: None,
            sub: self.uri.clone(),
            iat: now.into(),
            exp: Some(now.saturating_add(SignedDuration::from_secs(seconds))?.into()),
            ttl: NonZeroU64::new(1),
            status_list: EncodedStatusList::of_bits(&[0; SIZE / 8]),
        };
        self.serve(Some(sign(&tester.issuer, Typ::StatusList, &claims)?));
        Ok(())
    }

    /// Answers 503 from now on.
    pub(crate) fn take_down(&self) {
        self.serve(None);
    }

    fn serve(&self, list: Option<String>) {
        *self.served.lock().unwrap_or_else(PoisonError::into_inner) = list;
    }
}

impl Drop for Lists {
    fn drop(&mut self) {
        // The future has done its work once it exists: the command to stop is sent at once.
        drop(self.handle.stop(false));
    }
}

async fn list(served: Data<Mutex<Option<String>>>) -> HttpResponse {
    match served.lock().unwrap_or_else(PoisonError::into_inner).clone() {
        Some(list) => HttpResponse::Ok().content_type("application/statuslist+jwt").body(list),
        None => HttpResponse::ServiceUnavailable().finish(),
    }
}
