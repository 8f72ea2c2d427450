//! Every path on one screen. The handlers' parameters say who may do what; the guard here only says which token is read.

use actix_web::dev::HttpServiceFactory;
use actix_web::guard;
use actix_web::http::header::{ACCESS_CONTROL_REQUEST_METHOD, ALLOW};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::from_fn;
use actix_web::web;
use actix_web::{FromRequest, Handler, HttpResponse, Resource, Responder};

use super::answers::{around_route, around_route_at_apps, around_route_from_the_start, outside_routes};
use super::app::App;
use super::browser::browser_session;
use super::hooks::PorteroHooks;
use super::http::answer_counts::{NO_ROUTE, Timed};
use super::http::error::Error;
use super::openapi::{page, show};
use super::rooms::account::{
    account, activity, add_passkey, add_totp, change_password, confirm, end_session, factors, own_address, receipt,
    recovery_codes, remove_factor, rename_factor, story, trusted_browsers,
};
use super::rooms::admin::{
    about, add_group, add_user, app_openid, apps, audit, doctor, edit_app, edit_details, end_sessions, group, groups,
    made_link, nodes, overview, remove_app, remove_group, rename_user, revoked, sessions, test_sign_out, user,
    user_act, user_groups, users,
};
use super::rooms::apps::{callback, check, gate, sign_out, start};
use super::rooms::openid::{authorize, consent, discovery, rp_logout, token, userinfo};
use super::rooms::programs::{
    app_keys, health, introspect, jwks, protected, reflection, refresh, revoke, static_files, status_list, well_known,
    whoami,
};
use super::rooms::signing_in::{
    forgot_password, home, language, link, login, logout, not_me, second_step, setup, sign_in_help,
};
use crate::guards::{CsrfCheck, Guard, shared};

pub fn routes(app: &App, config: &mut web::ServiceConfig) {
    config.app_data(web::ThinData(app.clone())).app_data(shared(PorteroHooks(app.clone())));

    let durations = app.answers.durations_here();
    let path = |path| {
        let timed = Timed { answers: app.answers.of_route(path), durations };
        Path { app: app.clone(), timed, resource: web::resource(path), methods: Vec::new() }
    };
    let elsewhere = app.answers.of_route(NO_ROUTE);

    // For programs and for monitoring: no page, and no browser's session.
    config
        .service(path("/protected").get(protected::show).guarded_check(Guard::access()))
        .service(path("/gate/check/nginx").get(check::nginx).open_check())
        .service(path("/gate/check/forward").get(check::forward).open_check())
        .service(path("/gate/check/haproxy").get(check::haproxy).open_check())
        .service(path("/whoami").get(whoami::show).guarded_check(Guard::access()))
        .service(path("/refresh").post(refresh::submit).guarded(Guard::refresh()))
        .service(path("/introspect").post(introspect::submit).open())
        .service(path("/revoke").post(revoke::submit).open())
        .service(path("/.well-known/jwks.json").get(jwks::show).open())
        .service(path("/.well-known/portero/apps.jwks.json").get(app_keys::show).open())
        .service(path("/status-lists").get(status_list::all).open())
        .service(path("/status-lists/{name}").get(status_list::show).open())
        .service(path("/.well-known/openid-configuration").get(discovery::show).open())
        .service(path("/.well-known/oauth-authorization-server").get(discovery::show).open())
        .service(path("/token").post(token::submit).preflight(token::preflight).open_to_other_hosts())
        .service(
            path("/userinfo")
                .get(userinfo::show)
                .post(userinfo::submit)
                .preflight(userinfo::preflight)
                .open_to_other_hosts(),
        )
        .service(path("/.well-known/passkey-endpoints").get(well_known::passkey_endpoints).open())
        .service(path("/.well-known/portero/reflection").get(reflection::show).open())
        .service(path("/openapi.json").get(show::show).open_from_the_start())
        .service(path("/robots.txt").get(well_known::robots).open())
        .service(path("/healthz").get(health::alive).open_from_the_start())
        .service(path("/readyz").get(health::ready).open_from_the_start())
        .service(path("/static/{name}").get(static_files::show).open_from_the_start());

    // At the hosts of apps, whose proxies send what is beneath this path to Portero.
    config
        .service(path("/.portero/start").get(start::lead).open())
        .service(path("/.portero/callback").get(callback::show).open())
        .service(path("/.portero/sign-out").get(sign_out::form).post(sign_out::submit).open_to_other_hosts())
        .service(path("/.portero/static/{name}").get(static_files::show).open_from_the_start());

    let from_page = || Guard::access().csrf(CsrfCheck::Never);
    config.service(
        web::scope("")
            // Paths that never vary come first: each of the others is a regular expression, which a request for a later path goes by.
            .service(path("/").get(home::show).guarded(Guard::access()))
            .service(path("/login").get(login::form).post(login::submit).guarded(from_page()))
            .service(path("/confirm").get(confirm::form).post(confirm::submit).guarded(Guard::access()))
            .service(
                path("/change-password")
                    .get(change_password::form)
                    .post(change_password::submit)
                    .guarded(Guard::access()),
            )
            .service(path("/login/factor").get(second_step::form).post(second_step::submit).guarded(from_page()))
            .service(path("/account/factors").get(factors::show).guarded(Guard::access()))
            .service(
                path("/account/factors/passkey")
                    .get(add_passkey::form)
                    .post(add_passkey::submit)
                    .guarded(Guard::access()),
            )
            .service(path("/account/factors/totp").get(add_totp::form).post(add_totp::start).guarded(Guard::access()))
            .service(
                path("/account/factors/recovery-codes")
                    .get(recovery_codes::form)
                    .post(recovery_codes::submit)
                    .guarded(Guard::access()),
            )
            .service(path("/account").get(account::show).guarded(Guard::access()))
            .service(path("/account/mail").get(own_address::form).post(own_address::submit).guarded(Guard::access()))
            .service(path("/account/activity").get(activity::show).guarded(Guard::access()))
            .service(
                path("/logout")
                    .get(logout::form)
                    .post(logout::submit)
                    .delete(logout::by_token)
                    .guarded(Guard::any_type().csrf(CsrfCheck::Configured)),
            )
            .service(path("/admin").get(overview::show).guarded(Guard::access()))
            .service(path("/admin/sessions").get(sessions::show).guarded(Guard::access()))
            .service(
                path("/admin/sessions/end").get(end_sessions::form).post(end_sessions::submit).guarded(Guard::access()),
            )
            .service(path("/admin/sessions/export").get(sessions::export).guarded(Guard::access()))
            .service(
                path("/forgot-password").get(forgot_password::form).post(forgot_password::submit).guarded(from_page()),
            )
            .service(path("/gate").get(gate::show).guarded(Guard::access()))
            .service(
                path("/authorize")
                    .get(authorize::show)
                    .post(authorize::submit)
                    .guarded_and_open_to_other_hosts(from_page()),
            )
            .service(path("/authorize/consent").post(consent::submit).guarded(Guard::access()))
            .service(
                path("/end-session")
                    .get(rp_logout::show)
                    .post(rp_logout::submit)
                    .guarded_and_open_to_other_hosts(from_page()),
            )
            .service(path("/end-session/confirm").post(rp_logout::confirm).guarded(from_page()))
            .service(path("/sign-in-help").get(sign_in_help::show).open())
            .service(path("/openapi").get(page::page).open())
            .service(path("/admin/users").get(users::show).guarded(Guard::access()))
            .service(path("/admin/users/add").get(add_user::form).post(add_user::submit).guarded(Guard::access()))
            .service(path("/admin/users/export").get(users::export).guarded(Guard::access()))
            .service(path("/admin/groups").get(groups::show).guarded(Guard::access()))
            .service(path("/admin/groups/add").get(add_group::form).post(add_group::submit).guarded(Guard::access()))
            .service(path("/admin/apps").get(apps::show).guarded(Guard::access()))
            .service(path("/admin/apps/add").get(edit_app::add_form).post(edit_app::add).guarded(Guard::access()))
            .service(path("/admin/audit").get(audit::show).guarded(Guard::access()))
            .service(path("/admin/audit/export").get(audit::export).guarded(Guard::access()))
            .service(path("/admin/about").get(about::show).guarded(Guard::access()))
            .service(path("/admin/doctor").get(doctor::show).guarded(Guard::access()))
            .service(path("/admin/nodes").get(nodes::show).guarded(Guard::access()))
            .service(path("/admin/revoked").get(revoked::show).guarded(Guard::access()))
            .service(path("/admin/revoked/export").get(revoked::export).guarded(Guard::access()))
            .service(path("/language").post(language::choose).guarded(from_page()))
            .service(path("/.well-known/change-password").get(well_known::change_password).open())
            // Of one session, user, app, link or whatever else stands in the path.
            .service(path("/setup/{token}").get(setup::form).post(setup::submit).guarded(from_page()))
            .service(
                path("/account/factors/totp/{id}/confirm")
                    .get(add_totp::confirm_form)
                    .post(add_totp::confirm)
                    .guarded(Guard::access()),
            )
            .service(path("/account/factors/{id}").delete(remove_factor::by_program).guarded(Guard::access()))
            .service(
                path("/account/factors/{id}/remove")
                    .get(remove_factor::form)
                    .post(remove_factor::submit)
                    .guarded(Guard::access()),
            )
            .service(path("/account/browsers/{id}/forget").post(trusted_browsers::submit).guarded(Guard::access()))
            .service(
                path("/account/factors/{id}/rename")
                    .get(rename_factor::form)
                    .post(rename_factor::submit)
                    .guarded(Guard::access()),
            )
            .service(
                path("/account/mail/{token}")
                    .get(own_address::confirm_form)
                    .post(own_address::confirm_submit)
                    .guarded(Guard::access()),
            )
            .service(path("/account/sessions/{sid}").get(story::own).guarded(Guard::access()))
            .service(
                path("/account/sessions/{sid}/end")
                    .get(end_session::own_form)
                    .post(end_session::own)
                    .guarded(Guard::access()),
            )
            .service(path("/receipts/{id}").get(receipt::show).guarded(Guard::access()))
            .service(path("/admin/sessions/{sid}").get(story::anybodys).guarded(Guard::access()))
            .service(
                path("/admin/sessions/{sid}/end")
                    .get(end_session::anybodys_form)
                    .post(end_session::anybodys)
                    .guarded(Guard::access()),
            )
            .service(path("/link/{token}").get(link::form).post(link::submit).guarded(from_page()))
            .service(path("/not-me/{token}").get(not_me::form).post(not_me::submit).guarded(from_page()))
            .service(path("/account/apps/{id}/withdraw").post(consent::take_back).guarded(Guard::access()))
            .service(path("/admin/users/{id}").get(user::show).guarded(Guard::access()))
            .service(
                path("/admin/users/{id}/rename")
                    .get(rename_user::form)
                    .post(rename_user::submit)
                    .guarded(Guard::access()),
            )
            .service(path("/admin/users/{id}/made-link").get(made_link::show).guarded(Guard::access()))
            .service(
                path("/admin/users/{id}/details")
                    .get(edit_details::form)
                    .post(edit_details::submit)
                    .guarded(Guard::access()),
            )
            .service(
                path("/admin/users/{id}/reset-factors")
                    .get(user_act::reset_factors_form)
                    .post(user_act::reset_factors_submit)
                    .guarded(Guard::access()),
            )
            .service(
                path("/admin/users/{id}/enrolment-link")
                    .get(user_act::enrolment_link_form)
                    .post(user_act::enrolment_link_submit)
                    .guarded(Guard::access()),
            )
            .service(
                path("/admin/users/{id}/groups")
                    .get(user_groups::form)
                    .post(user_groups::submit)
                    .guarded(Guard::access()),
            )
            .service(
                path("/admin/users/{id}/{act}").get(user_act::form).post(user_act::submit).guarded(Guard::access()),
            )
            .service(path("/admin/groups/{id}").get(group::show).post(group::submit).guarded(Guard::access()))
            .service(
                path("/admin/groups/{id}/remove")
                    .get(remove_group::form)
                    .post(remove_group::submit)
                    .guarded(Guard::access()),
            )
            .service(path("/admin/groups/{id}/people/{user}/remove").post(group::take_out).guarded(Guard::access()))
            .service(path("/admin/apps/{id}").get(edit_app::form).post(edit_app::submit).guarded(Guard::access()))
            .service(
                path("/admin/apps/{id}/openid").get(app_openid::form).post(app_openid::submit).guarded(Guard::access()),
            )
            .service(
                path("/admin/apps/{id}/remove").get(remove_app::form).post(remove_app::submit).guarded(Guard::access()),
            )
            .service(path("/admin/apps/{id}/test-sign-out").post(test_sign_out::submit).guarded(Guard::access()))
            // Guarded, so that the error page knows who is signed in.
            .default_service(
                web::to(move || {
                    elsewhere.note(StatusCode::NOT_FOUND);
                    std::future::ready(Err::<&str, _>(Error::NotFound))
                })
                .wrap(from_page().leave_to_handlers()),
            )
            // The last wrapper is the outermost: an error page has the browser's session too.
            .wrap(from_fn(move |req, next| outside_routes(elsewhere, req, next)))
            .wrap(browser_session::middleware(app))
            .wrap(from_fn(browser_session::without_broken_cookies)),
    );
}

/// A path with its methods. OPTIONS is answered with a list of them, any other method with 405 and that list.
struct Path {
    app: App,
    timed: Timed,
    resource: Resource,
    methods: Vec<&'static str>,
}

impl Path {
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

    /// What browsers ask before they send the call of another origin's script.
    fn preflight<F, Args>(self, handler: F) -> Self
    where
        F: Handler<Args>,
        Args: FromRequest + 'static,
        F::Output: Responder + 'static,
    {
        let asks = guard::All(guard::Options())
            .and(guard::fn_guard(|context| context.head().headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)));
        self.method(asks, &[], handler)
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

    /// A route that reads no token.
    fn open(self) -> impl HttpServiceFactory {
        let (app, timed) = (self.app.clone(), self.timed);
        self.finish().wrap_fn(move |req, route| around_route(&app, timed, req, route))
    }

    /// The same for a check before each request of an app. A look at the clock would be a good part of its time, so that is not taken.
    fn open_check(self) -> impl HttpServiceFactory {
        let (app, answers) = (self.app.clone(), self.timed.answers);
        self.finish().wrap_fn(move |req, route| around_route(&app, answers, req, route))
    }

    /// A route that reads no token and answers during the start, too. Monitoring and static files are not timed.
    fn open_from_the_start(self) -> impl HttpServiceFactory {
        let answers = self.timed.answers;
        self.finish().wrap_fn(move |req, route| around_route_from_the_start(answers, req, route))
    }

    /// A route whose forms may come from the hosts of apps: if that matters, it looks itself where they come from.
    fn open_to_other_hosts(self) -> impl HttpServiceFactory {
        let (app, timed) = (self.app.clone(), self.timed);
        self.finish().wrap_fn(move |req, route| around_route_at_apps(&app, timed, req, route))
    }

    /// A route whose token the guard reads and renews; it is the handlers' extractors that refuse.
    fn guarded(self, guard: Guard) -> impl HttpServiceFactory {
        let (app, timed) = (self.app.clone(), self.timed);
        self.finish().wrap(guard.leave_to_handlers()).wrap_fn(move |req, route| around_route(&app, timed, req, route))
    }

    /// The same where another site's form may lead to. Its handler may not do anything for it, then.
    fn guarded_and_open_to_other_hosts(self, guard: Guard) -> impl HttpServiceFactory {
        let (app, timed) = (self.app.clone(), self.timed);
        self.finish()
            .wrap(guard.leave_to_handlers())
            .wrap_fn(move |req, route| around_route_at_apps(&app, timed, req, route))
    }

    /// A guarded route that checks a token and does nothing else; it is not timed.
    fn guarded_check(self, guard: Guard) -> impl HttpServiceFactory {
        let (app, answers) = (self.app.clone(), self.timed.answers);
        self.finish().wrap(guard.leave_to_handlers()).wrap_fn(move |req, route| around_route(&app, answers, req, route))
    }

    fn finish(mut self) -> Resource {
        self.methods.push("OPTIONS");
        // Leaked once per start and Actix worker: the header wants text that lives as long as the program.
        let allow: &'static str = Box::leak(self.methods.join(", ").into_boxed_str());
        self.resource.default_service(web::to(move |method: Method| {
            std::future::ready(match method {
                // Also what a browser asks before it sends the call of another origin's script. The answer has no CORS header, so
                // the browser does not send it.
                Method::OPTIONS => Ok(HttpResponse::NoContent().insert_header((ALLOW, allow)).finish()),
                _ => Err(Error::MethodNotAllowed(allow)),
            })
        }))
    }
}
