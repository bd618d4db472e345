use crate::access::{Authorized, RequiredScope};
use actix_web::http::Method;
use actix_web::http::header::ALLOW;
use actix_web::web::{self, ServiceConfig};
use actix_web::{FromRequest, Handler, HttpResponse, Responder, Route};

/// The argument lists whose first member is an [`Authorized`]. Nothing else can be one.
#[diagnostic::on_unimplemented(
    message = "a guarded handler takes `Authorized<S>` as its first argument",
    note = "the scope `S` that the route requires has to stand in the handler's signature"
)]
pub trait ScopeFirst: sealed::Sealed {}

mod sealed {
    pub trait Sealed {}
}

macro_rules! scope_first {
    ($($argument:ident)*) => {
        impl<S: RequiredScope, $($argument),*> sealed::Sealed for (Authorized<S>, $($argument,)*) {}
        impl<S: RequiredScope, $($argument),*> ScopeFirst for (Authorized<S>, $($argument,)*) {}
    };
}

scope_first! {}
scope_first! { A }
scope_first! { A B }
scope_first! { A B C }
scope_first! { A B C D }
scope_first! { A B C D E }
scope_first! { A B C D E F }
scope_first! { A B C D E F G }

/// Gives a handler back unchanged, provided that its first argument is an [`Authorized`]. For routes that are built by
/// hand: `web::post().to(guarded(create_shipment))`.
pub fn guarded<H, Args>(handler: H) -> H
where
    H: Handler<Args>,
    Args: FromRequest + ScopeFirst,
{
    handler
}

/// The routes behind a [`Gate`](super::Gate). A handler without an [`Authorized`] as its first argument does not
/// compile; a known path with another method answers 405 with `Allow`.
#[derive(Default)]
pub struct GuardedRoutes(Vec<(String, Vec<(Method, Route)>)>);

macro_rules! methods {
    ($($name:ident $method:ident),*) => {
        $(
            #[doc = concat!("Adds a `", stringify!($method), "` route.")]
            #[must_use]
            pub fn $name<H, Args>(self, path: &str, handler: H) -> Self
            where
                H: Handler<Args>,
                Args: FromRequest + ScopeFirst + 'static,
                H::Output: Responder + 'static,
            {
                self.route(Method::$method, path, handler)
            }
        )*
    };
}

impl GuardedRoutes {
    /// No routes yet.
    pub fn new() -> Self {
        Self::default()
    }

    methods!(get GET, post POST, put PUT, patch PATCH, delete DELETE);

    fn route<H, Args>(mut self, method: Method, path: &str, handler: H) -> Self
    where
        H: Handler<Args>,
        Args: FromRequest + ScopeFirst + 'static,
        H::Output: Responder + 'static,
    {
        let route = (method.clone(), web::method(method).to(handler));
        match self.0.iter_mut().find(|(known, _)| known == path) {
            Some((_, routes)) => routes.push(route),
            None => self.0.push((path.to_owned(), vec![route])),
        }
        self
    }

    pub(super) fn register(self, config: &mut ServiceConfig) {
        for (path, routes) in self.0 {
            let allowed = routes.iter().map(|(method, _)| method.as_str()).collect::<Vec<_>>().join(", ");
            let refuse = move || {
                let answer = HttpResponse::MethodNotAllowed().insert_header((ALLOW, allowed.clone())).finish();
                async move { answer }
            };
            let resource = web::resource(path).default_service(web::to(refuse));
            config.service(routes.into_iter().fold(resource, |resource, (_, route)| resource.route(route)));
        }
    }
}
