//! The caller's own account: name, role and dates, and where they are signed in.

use actix_web::http::StatusCode;
use actix_web::web::{Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::json;
use crate::accounts::proof::sign_in_limits::{Account, devices_under_factors};
use crate::accounts::sessions::earlier_sign_in::{EarlierSignIn, earlier_sign_in};
use crate::domain::{DisplayName, Mail, Role, SessionId, Transport, UnixTime, Username};
use crate::guards::AccessToken;
use crate::store::audit::list::AuditFilter;
use crate::store::audit::seal::Seal;
use crate::store::consents::{self, Consent};
use crate::store::list_filter::ListFilter;
use crate::store::passes::{self, Entry};
use crate::store::session_lists::{self, List, ListedSession};
use crate::store::sessions::{self, Session};
use crate::store::trusted_browsers::{self, TrustedBrowser};
use crate::store::users::{self, User};
use crate::store::{Conn, at_one_moment};
use crate::tokens::Fault;
use crate::web::app::App;
use crate::web::browser::device_cookie;
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::signed_in::signed_in;
use crate::web::pages::audit_view::{EventRow, Events, Reader};
use crate::web::pages::consent_page;
use crate::web::pages::list_query::{ListQuery, Pager, cut_to_page};
use crate::web::pages::page::{Message, Page, Tone, html};
use crate::web::pages::session_view::{self, SessionView};
use crate::web::pages::times::Time;
use crate::web::pages::user_view;
use crate::web::pages::whose::Whose;

const PATH: &str = "/account";

#[derive(Template)]
#[template(path = "account.html")]
struct AccountPage {
    page: Page,
    username: String,
    display_name: Option<String>,
    mail: Option<String>,
    /// Whether it is known to be theirs.
    mail_is_verified: bool,
    /// Whether they can change it: Portero sends mail.
    may_change_mail: bool,
    role: String,
    factors: String,
    has_factor: bool,
    /// Whether the rules of this server let people add one.
    may_add_factor: bool,
    member_since: Time,
    earlier: Option<EarlierView>,
    password_changed: Time,
    rows: Vec<Row>,
    /// The browsers that stand in for the second factor.
    trusted: Vec<TrustedRow>,
    /// What the person has agreed to tell apps.
    consents: Vec<ConsentRow>,
    pager: Pager,
    /// Whether there are sessions besides the caller's own, on this page or another.
    has_others: bool,
    cookie_limit: i64,
    /// `None`: the user has no session of a program's.
    bearer_limit: Option<i64>,
    latest: Vec<EventRow>,
}

/// How many of the latest events the page shows.
const LATEST: usize = 5;
/// Of how many odd sessions the page speaks above the list, which marks them all.
const MOST_ODD: usize = 3;

struct Row {
    session: SessionView,
    /// By which its links are told apart from those of other rows.
    place: String,
    is_this: bool,
    /// The apps behind the gate that were entered in it. Empty: none.
    apps: String,
}

/// A browser that stands in for the second factor.
struct TrustedRow {
    browser: String,
    ip: String,
    until: Time,
    used: Time,
    is_this: bool,
    forget: String,
    /// By which the button is told apart from those of other rows.
    forget_words: String,
}

/// An app that may know who the person is, because they agreed.
struct ConsentRow {
    app: String,
    told: String,
    agreed: Time,
    withdraw: String,
    /// By which the button is told apart from those of other rows.
    withdraw_words: String,
}

/// The apps that were entered in the session, in words. Empty: none.
fn apps(page: &Page, entries: &[(SessionId, Entry)], sid: SessionId) -> String {
    let names: Vec<&str> = entries.iter().filter(|(of, _)| *of == sid).map(|(_, entry)| entry.app.as_str()).collect();
    if names.is_empty() { String::new() } else { page.t1("sessions-apps", "apps", &names.join(", ")) }
}

/// The sign-in before the present one.
struct EarlierView {
    at: Time,
    /// Browser and address, as far as they are still known.
    place: String,
}

/// What only people are shown.
#[derive(Default)]
struct Extras {
    earlier: Option<EarlierSignIn>,
    odd: Vec<ListedSession>,
    has_bearer: bool,
    latest: Events,
}

/// `whole`: all open sessions of the user, if they are known.
fn extras(
    conn: &mut Conn,
    seal: Option<&Seal>,
    user: &User,
    own: Option<&Session>,
    whole: Option<&[ListedSession]>,
    now: UnixTime,
) -> Result<Extras, crate::store::Error> {
    let earlier = match own {
        Some(own) => earlier_sign_in(conn, seal.ok_or(crate::store::Error::NoSeal)?, own)?,
        None => None,
    };
    let (odd, has_bearer) = match whole {
        Some(all) => (
            all.iter().filter(|one| one.session.odd).take(MOST_ODD).cloned().collect(),
            all.iter().any(|one| one.session.transport == Transport::Bearer),
        ),
        None => {
            let limit = i64::try_from(MOST_ODD).unwrap_or(i64::MAX);
            let odd = ListFilter { user: Some(user.id), odd: true, limit, ..ListFilter::default() };
            (
                session_lists::page(conn, List::Open(now), &odd)?,
                session_lists::has_open(conn, user.id, Transport::Bearer, now)?,
            )
        }
    };
    let latest = Events::read_about(conn, seal, user, AuditFilter { limit: LATEST, ..AuditFilter::default() })?;
    Ok(Extras { earlier, odd, has_bearer, latest: latest.with_browsers(conn)? })
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::web) struct Paging {
    before: String,
    trail: String,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    AccessToken(caller): AccessToken,
    query: Query<Paging>,
) -> Result<HttpResponse, Error> {
    let (id, now) = (signed_in(&req)?.user, app.now());
    // Of a list's query only the place is taken: nothing here is filtered.
    let Paging { before, trail } = query.into_inner();
    let query = ListQuery { before, trail, ..ListQuery::default() };
    let filter = query.filter(&app.config().time_zone)?;
    // One more, because the caller's own session may be among them and is taken out.
    let filter = ListFilter { user: Some(id), limit: filter.limit + 1, ..filter };
    let (own, is_first) = (caller.claims.sid(), filter.before.is_none());
    let seal = app.accounts.db.seal().cloned();
    let is_page = audience(&req, &app) == Audience::Browser;
    let remember = app.config().second_factor_remember;
    let look = move |conn: &mut Conn| {
        let Some(user) = users::find(conn, id)? else { return Ok(None) };
        let open = session_lists::page(conn, List::Open(now), &filter)?;
        let this = match own {
            Some(own) => match open.iter().find(|one| one.session.sid == own) {
                Some(this) => Some(this.session.clone()),
                None => sessions::find(conn, own)?.filter(|this| this.end.is_none()),
            },
            None => None,
        };
        let is_whole = is_first && i64::try_from(open.len()).is_ok_and(|count| count < filter.limit);
        let extras = match is_page {
            true => extras(conn, seal.as_deref(), &user, this.as_ref(), is_whole.then_some(&open), now)?,
            false => Extras::default(),
        };
        let trusted = match user.factors {
            0 => Vec::new(),
            _ => trusted_browsers::of_user(conn, &user, now.plus(-remember), now)?,
        };
        let sids: Vec<_> = this.iter().chain(open.iter().map(|one| &one.session)).map(|one| one.sid).collect();
        let entries = if is_page { passes::entries(conn, &sids)? } else { Vec::new() };
        let consents = consents::of_user(conn, id)?;
        Ok(Some((user, this, open, extras, trusted, entries, consents)))
    };
    let found = app.read(move |conn| at_one_moment(conn, look)).await?;
    let (user, this, mut open, extras, trusted, entries, consents) =
        found.ok_or_else(|| Fault::UserGone(caller.claims.identity.clone()))?;
    open.retain(|one| Some(one.session.sid) != own);
    let next = cut_to_page(&mut open, |one| (one.session.created_at, one.session.sid.to_string()));
    // The caller's own session comes first, wherever its place among the others would be.
    let listed: Vec<_> = this.iter().filter(|_| is_first).chain(open.iter().map(|one| &one.session)).collect();
    if !is_page {
        return Ok(HttpResponse::Ok().json(AccountShown {
            username: &user.username,
            display_name: user.display_name.as_ref(),
            mail: user.mail.as_ref(),
            mail_verified_at: user.mail_verified_at,
            role: user.role,
            created_at: user.created_at,
            last_login_at: user.last_login_at,
            sessions: listed.iter().map(|one| json::session(&app.accounts, one, None, own)).collect(),
            trusted_browsers: trusted.iter().map(trusted_shown).collect(),
            consents: consents.iter().map(consent_shown).collect(),
            next: next.as_deref(),
        }));
    }
    let mut page = Page::new(&app, &req, Some(&caller));
    let odd: Vec<_> = extras.odd.iter().map(|one| odd(&page, &one.session, own)).collect();
    page.notices.extend(odd);
    let pager = query.pager(PATH, next.as_deref());
    let view = AccountPage {
        has_others: !open.is_empty() || pager.first.is_some(),
        pager,
        rows: listed
            .iter()
            .map(|one| {
                let session = session_view::view(&app, &page, one);
                Row {
                    place: [session.browser.as_str(), &session.ip].join(", "),
                    session,
                    is_this: own == Some(one.sid),
                    apps: apps(&page, &entries, one.sid),
                }
            })
            .collect(),
        consents: consents.iter().map(|one| consent_row(&page, one)).collect(),
        trusted: trusted_rows(&app, &req, &page, &user, &trusted),
        earlier: extras.earlier.map(|earlier| EarlierView {
            at: page.ago(earlier.at),
            place: place(&page, earlier.user_agent.as_deref(), earlier.ip.as_deref()),
        }),
        latest: extras.latest.view(&page, Reader::Themselves),
        cookie_limit: app.config().session.cookie_limit,
        bearer_limit: extras.has_bearer.then_some(app.config().session.bearer_limit),
        factors: user_view::factors(&page, &user),
        has_factor: user.factors > 0,
        may_add_factor: app.config().second_factor.allows_enrolment(),
        username: user.username.to_string(),
        display_name: user.display_name.map(|name| name.as_str().to_owned()),
        mail_is_verified: user.mail_verified_at.is_some(),
        may_change_mail: app.config().mail.is_some(),
        mail: user.mail.map(|mail| mail.as_str().to_owned()),
        role: page.t(&format!("role-{}", user.role.as_str())),
        member_since: page.time(user.created_at),
        password_changed: page.ago(user.password_changed_at.unwrap_or(user.created_at)),
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

fn trusted_rows(app: &App, req: &HttpRequest, page: &Page, user: &User, trusted: &[TrustedBrowser]) -> Vec<TrustedRow> {
    if trusted.is_empty() {
        return Vec::new();
    }
    let cookies = device_cookie::values(app, req);
    let here: Vec<_> = devices_under_factors(&app.accounts, &cookies, Account::of(user), app.now()).collect();
    let row = |one: &TrustedBrowser| {
        let browser = session_view::browser(page, &one.user_agent);
        let ip = session_view::address(page, &one.ip);
        TrustedRow {
            forget_words: page.t2("trusted-forget-of", ("browser", &browser), ("ip", &ip)),
            browser,
            ip,
            until: page.time(one.until),
            used: page.ago(one.used_at),
            is_this: here.contains(&one.device),
            forget: format!("/account/browsers/{}/forget", one.id),
        }
    };
    trusted.iter().map(row).collect()
}

fn consent_row(page: &Page, one: &Consent) -> ConsentRow {
    ConsentRow {
        app: one.name.clone(),
        told: consent_page::told(page, one.scopes).join(" · "),
        agreed: page.time(one.agreed_at),
        withdraw: format!("/account/apps/{}/withdraw", one.app.0),
        withdraw_words: page.t1("consents-withdraw-of", "app", &one.name),
    }
}

/// One's own account.
#[derive(Serialize, ToSchema)]
#[schema(as = Account)]
pub(in crate::web) struct AccountShown<'a> {
    username: &'a Username,
    display_name: Option<&'a DisplayName>,
    mail: Option<&'a Mail>,
    /// When somebody who reads mail at that address said so. Null: nobody has.
    mail_verified_at: Option<UnixTime>,
    role: Role,
    created_at: UnixTime,
    last_login_at: Option<UnixTime>,
    /// The open sessions, the caller's own first.
    sessions: Vec<json::SessionShown<'a>>,
    trusted_browsers: Vec<TrustedBrowserShown<'a>>,
    consents: Vec<ConsentShown<'a>>,
    /// The `before` of the next page. Null: this is the last one.
    next: Option<&'a str>,
}

/// What one has agreed that an app is told.
#[derive(Serialize, ToSchema)]
#[schema(as = Consent)]
struct ConsentShown<'a> {
    /// The app's number.
    id: i64,
    app: &'a str,
    scopes: Vec<&'static str>,
    agreed_at: UnixTime,
}

fn consent_shown(one: &Consent) -> ConsentShown<'_> {
    ConsentShown { id: one.app.0, app: &one.name, scopes: one.scopes.words().collect(), agreed_at: one.agreed_at }
}

/// A browser that stands in for the second factor.
#[derive(Serialize, ToSchema)]
#[schema(as = TrustedBrowser)]
struct TrustedBrowserShown<'a> {
    id: i64,
    ip: &'a str,
    user_agent: &'a str,
    since: UnixTime,
    until: UnixTime,
    last_used_at: UnixTime,
}

fn trusted_shown(one: &TrustedBrowser) -> TrustedBrowserShown<'_> {
    TrustedBrowserShown {
        id: one.id,
        ip: &one.ip,
        user_agent: &one.user_agent,
        since: one.since,
        until: one.until,
        last_used_at: one.used_at,
    }
}

/// Browser and address in one line, those that are known.
fn place(page: &Page, user_agent: Option<&str>, ip: Option<&str>) -> String {
    let browser = user_agent.map(|user_agent| session_view::browser(page, user_agent));
    let address = ip.map(|ip| session_view::address(page, ip));
    browser.into_iter().chain(address).collect::<Vec<_>>().join(", ")
}

/// The notice of a session that more than one browser has used, with its story and what to do about it.
fn odd(page: &Page, session: &Session, own: Option<SessionId>) -> Message {
    let whose = Whose::Own(session.user);
    let browser = session_view::browser(page, &session.user_agent);
    let ip = session_view::address(page, &session.ip);
    let end = match own == Some(session.sid) {
        true => page.link("sign-out", "/logout".into()),
        false => page.link("notice-end-session", whose.end_path(session.sid)),
    };
    Message {
        text: page.t2("notice-odd-session", ("browser", &browser), ("ip", &ip)),
        tone: Tone::Alarm,
        links: vec![
            page.link("notice-see-story", whose.path(session.sid)),
            end,
            page.link("account-change-password", "/change-password".into()),
        ],
    }
}
