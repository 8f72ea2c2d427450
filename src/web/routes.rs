//! Every path on one screen. Who may do what stands in the handlers' parameters; the guard here says which token is read.

use actix_web::dev::HttpServiceFactory;
use actix_web::guard;
use actix_web::http::Method;
use actix_web::middleware::from_fn;
use actix_web::web;
use actix_web::{FromRequest, Handler, Resource, Responder};

use super::edge::{answers, edge};
use super::error::Error;
use super::hooks::PorteroHooks;
use super::{
    App, about, account, add_user, browser_session, change_password, confirm, end_session, end_sessions, health, home,
    introspect, jwks, language, link, login, logout, protected, receipt, refresh, revoke, revoked, sessions, setup,
    sign_in_help, static_files, story, user, user_act, users, well_known, whoami,
};
use crate::guards::{CsrfCheck, Guard, shared};

pub fn routes(app: &App, config: &mut web::ServiceConfig) {
    config.app_data(web::ThinData(app.clone())).app_data(shared(PorteroHooks(app.clone())));

    // For programs, and for what watches over us: no page, no browser's session.
    config
        .service(at("/protected").get(protected::show).guarded(Guard::access()))
        .service(at("/whoami").get(whoami::show).guarded(Guard::access()))
        .service(at("/refresh").post(refresh::submit).guarded(Guard::refresh()))
        .service(at("/introspect").post(introspect::submit).open())
        .service(at("/revoke").post(revoke::submit).open())
        .service(at("/.well-known/jwks.json").get(jwks::show).open())
        .service(at("/robots.txt").get(well_known::robots).open())
        .service(at("/healthz").get(health::alive).open())
        .service(at("/readyz").get(health::ready).open())
        .service(at("/static/{name}").get(static_files::show).open());

    let from_page = || Guard::access().csrf(CsrfCheck::Never);
    config.service(
        web::scope("")
            .service(at("/").get(home::show).guarded(Guard::access()))
            .service(at("/setup/{token}").get(setup::form).post(setup::submit).open())
            .service(at("/login").get(login::form).post(login::submit).guarded(from_page()))
            .service(at("/confirm").get(confirm::form).post(confirm::submit).guarded(Guard::access()))
            .service(
                at("/change-password")
                    .get(change_password::form)
                    .post(change_password::submit)
                    .guarded(Guard::access()),
            )
            .service(at("/account").get(account::show).guarded(Guard::access()))
            .service(
                at("/logout")
                    .get(logout::form)
                    .post(logout::submit)
                    .delete(logout::by_token)
                    .guarded(Guard::any_type().csrf(CsrfCheck::Configured)),
            )
            .service(at("/account/sessions/{sid}").get(story::own).guarded(Guard::access()))
            .service(
                at("/account/sessions/{sid}/end")
                    .get(end_session::own_form)
                    .post(end_session::own)
                    .guarded(Guard::access()),
            )
            .service(at("/receipts/{id}").get(receipt::show).guarded(Guard::access()))
            .service(at("/admin/sessions").get(sessions::show).guarded(Guard::access()))
            .service(
                at("/admin/sessions/end").get(end_sessions::form).post(end_sessions::submit).guarded(Guard::access()),
            )
            .service(at("/admin/sessions/{sid}").get(story::anybodys).guarded(Guard::access()))
            .service(
                at("/admin/sessions/{sid}/end")
                    .get(end_session::anybodys_form)
                    .post(end_session::anybodys)
                    .guarded(Guard::access()),
            )
            .service(at("/link/{token}").get(link::form).post(link::submit).open())
            .service(at("/sign-in-help").get(sign_in_help::show).open())
            .service(at("/admin/users").get(users::show).guarded(Guard::access()))
            .service(at("/admin/users/add").get(add_user::form).post(add_user::submit).guarded(Guard::access()))
            .service(at("/admin/users/{id}").get(user::show).guarded(Guard::access()))
            .service(at("/admin/users/{id}/{act}").get(user_act::form).post(user_act::submit).guarded(Guard::access()))
            .service(at("/admin/about").get(about::show).guarded(Guard::access()))
            .service(at("/admin/revoked").get(revoked::show).guarded(Guard::access()))
            .service(at("/language").post(language::choose).guarded(from_page()))
            .service(at("/.well-known/change-password").get(well_known::change_password).open())
            .default_service(web::to(|| std::future::ready(Err::<&str, _>(Error::NotFound))))
            // The last is the outermost: the browser's session is there even for an error's page.
            .wrap(from_fn(answers))
            .wrap(browser_session::middleware(app))
            .wrap(from_fn(browser_session::without_broken_cookies)),
    );
}

fn at(path: &'static str) -> At {
    At { resource: web::resource(path), methods: Vec::new() }
}

/// A path with its methods; any other method is answered with those that there are.
struct At {
    resource: Resource,
    methods: Vec<&'static str>,
}

impl At {
    fn get<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        // HEAD is GET without the body, which Actix leaves out by itself.
        let reads = guard::fn_guard(|context| matches!(context.head().method, Method::GET | Method::HEAD));
        self.method(reads, &["GET", "HEAD"], handler)
    }

    fn post<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.method(guard::Post(), &["POST"], handler)
    }

    fn delete<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.method(guard::Delete(), &["DELETE"], handler)
    }

    fn method<F, Args>(mut self, guard: impl guard::Guard + 'static, names: &[&'static str], handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        self.resource = self.resource.route(web::route().guard(guard).to(handler));
        self.methods.extend(names);
        self
    }

    /// A route without a token.
    fn open(self) -> impl HttpServiceFactory {
        self.finish().wrap(from_fn(edge))
    }

    /// A route whose token the guard reads and renews.
    fn guarded(self, guard: Guard) -> impl HttpServiceFactory {
        self.finish().wrap(guard.leave_to_handlers()).wrap(from_fn(edge))
    }

    fn finish(self) -> Resource {
        // Once per start and worker, and as long-lived as the program: the header wants a constant.
        let allow: &'static str = Box::leak(self.methods.join(", ").into_boxed_str());
        self.resource
            .default_service(web::to(move || std::future::ready(Err::<&str, _>(Error::MethodNotAllowed(allow)))))
    }
}
