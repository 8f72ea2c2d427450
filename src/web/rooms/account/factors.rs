//! The second factors of whoever is signed in.

use actix_web::http::StatusCode;
use actix_web::web::ThinData;
use actix_web::{HttpRequest, HttpResponse};
use askama::Template;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::factors::enrolment_link::may_enrol;
use crate::domain::{FactorKind, UnixTime};
use crate::guards::AccessToken;
use crate::store::factors::{self, Factor};
use crate::store::passkeys::{self, Passkey};
use crate::store::users::{self, User};
use crate::store::{at_one_moment, recovery_codes};
use crate::web::app::App;
use crate::web::browser::browser_session::{self, BrowserSession};
use crate::web::http::audience::{Audience, audience};
use crate::web::http::error::Error;
use crate::web::http::passkeys_here::passkeys_here;
use crate::web::http::signed_in::signed_in;
use crate::web::pages::page::{Page, html};
use crate::web::pages::session_view;
use crate::web::pages::times::Time;

#[derive(Template)]
#[template(path = "factors.html")]
struct FactorsPage {
    page: Page,
    rows: Vec<Row>,
    codes_left: i64,
    /// Whether few enough are left that somebody should make new ones.
    few_codes: bool,
    /// Whether the rules of this server let people add one.
    may_add: bool,
    /// Why no passkey can be added here. `None`: one can.
    elsewhere: Option<String>,
    /// What the browser's password manager is told. JSON.
    signal: Option<String>,
    /// Whether they ask for one, and this person has none.
    must_add: bool,
    /// Whether an admin has to hand over a link first.
    needs_link: bool,
}

/// So few recovery codes are worth a word.
const FEW: i64 = 3;

struct Row {
    name: String,
    kind: String,
    added: Time,
    last_used: Option<Time>,
    /// Browser and address of the last use.
    place: String,
    /// Of a passkey: whether it is copied to other devices.
    copies: Option<String>,
    /// Of a passkey: the host that it was made for, if that is another one.
    other_host: Option<String>,
    /// When it was shown with a count that had gone back.
    marked: Option<Time>,
    rename: String,
    remove: String,
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    browser: BrowserSession,
    AccessToken(caller): AccessToken,
) -> Result<HttpResponse, Error> {
    let standing = signed_in(&req)?;
    let (user, accounts, now) = (standing.user, app.accounts.clone(), app.now());
    let link = browser_session::enrolment_link(&browser);
    let look = move |conn: &mut crate::store::Conn| {
        let person = users::find(conn, user)?;
        let may_enrol = match &person {
            Some(person) => may_enrol(&accounts, conn, person, link.as_deref(), now)?,
            None => false,
        };
        Ok::<_, crate::store::Error>(Found {
            factors: factors::of_user(conn, user)?,
            passkeys: passkeys::of_user(conn, user)?,
            codes_left: recovery_codes::left(conn, user)?,
            user: person,
            may_enrol,
        })
    };
    let Found { factors: mut all, passkeys, codes_left, user, may_enrol } =
        app.read(move |conn| at_one_moment(conn, look)).await?;
    let with_passkey = |factor: &Factor| passkeys.iter().find(|passkey| passkey.factor == factor.id).cloned();
    all.retain(|factor| factor.active_since.is_some());
    if audience(&req, &app) == Audience::Program {
        let factors = all.iter().map(|factor| shown(factor, with_passkey(factor))).collect();
        return Ok(HttpResponse::Ok().json(Factors { factors, recovery_codes_left: codes_left }));
    }
    let policy = app.config().second_factor;
    let page = Page::new(&app, &req, Some(&caller));
    let view = FactorsPage {
        rows: all.iter().map(|factor| row(&page, &app, factor, with_passkey(factor))).collect(),
        elsewhere: passkeys_here(&app, &req).err().map(|why| page.passkeys_elsewhere(&why)),
        signal: user.and_then(|user| signal(&app, &user, &passkeys)),
        few_codes: !all.is_empty() && codes_left <= FEW,
        codes_left,
        may_add: policy.allows_enrolment() && may_enrol,
        needs_link: !may_enrol,
        must_add: all.is_empty() && policy.asks(standing.role, app.now()),
        page,
    };
    Ok(html(StatusCode::OK, &view))
}

/// What the page shows.
struct Found {
    factors: Vec<Factor>,
    passkeys: Vec<Passkey>,
    codes_left: i64,
    user: Option<User>,
    may_enrol: bool,
}

/// Which passkeys are still good here, and what their person is called. A password manager forgets the others.
fn signal(app: &App, user: &User, passkeys: &[Passkey]) -> Option<String> {
    let here = app.passkeys.as_ref().ok()?;
    // Who never had one tells nothing about it.
    if user.factors_version == 0 {
        return None;
    }
    let handle = URL_SAFE_NO_PAD.encode(Uuid::try_parse(&user.uid).ok()?.as_bytes());
    let good: Vec<_> = passkeys.iter().filter(|one| one.host == here.host()).map(|one| &one.credential_id).collect();
    let name = user.username.as_str();
    let display_name = user.display_name.as_ref().map_or(name, |shown| shown.as_str());
    let signal = json!({
        "accepted": { "rpId": here.host(), "userId": handle, "allAcceptedCredentialIds": good },
        "details": { "rpId": here.host(), "userId": handle, "name": name, "displayName": display_name },
    });
    Some(signal.to_string())
}

fn row(page: &Page, app: &App, factor: &Factor, passkey: Option<Passkey>) -> Row {
    let place = factor
        .last_used
        .as_ref()
        .map(|used| [session_view::browser(page, &used.user_agent), session_view::address(page, &used.ip)].join(", "));
    Row {
        name: factor.name.clone(),
        kind: page.t(&format!("factor-kind-{}", factor.kind.as_str())),
        added: page.ago(factor.active_since.unwrap_or(factor.created_at)),
        last_used: factor.last_used.as_ref().map(|used| page.ago(used.at)),
        place: place.unwrap_or_default(),
        copies: passkey.as_ref().map(|passkey| page.t(copies_key(passkey))),
        marked: passkey.as_ref().and_then(|passkey| passkey.marked_at).map(|at| page.ago(at)),
        other_host: passkey.map(|passkey| passkey.host).filter(|host| !is_ours(app, host)),
        rename: format!("/account/factors/{}/rename", factor.id),
        remove: format!("/account/factors/{}/remove", factor.id),
    }
}

fn is_ours(app: &App, host: &str) -> bool {
    app.passkeys.as_ref().is_ok_and(|here| here.host() == host)
}

fn copies_key(passkey: &Passkey) -> &'static str {
    match (passkey.backed_up, passkey.may_be_copied) {
        (true, _) => "passkey-synced",
        (false, true) => "passkey-not-synced-yet",
        (false, false) => "passkey-on-one-device",
    }
}

/// One's own second factors.
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct Factors<'a> {
    factors: Vec<FactorShown<'a>>,
    recovery_codes_left: i64,
}

/// A second factor.
#[derive(Serialize, ToSchema)]
#[schema(as = Factor)]
struct FactorShown<'a> {
    id: i64,
    kind: FactorKind,
    name: &'a str,
    created_at: UnixTime,
    last_used_at: Option<UnixTime>,
    /// Of a passkey: whether it is in more places than one device.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    synced: Option<bool>,
    /// Of a passkey: the host that it is good at.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    host: Option<String>,
    /// Of a passkey: when its count went back, which a copy of it would do. Null: never.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<UnixTime>)]
    count_went_back_at: Option<Option<UnixTime>>,
}

fn shown(factor: &Factor, passkey: Option<Passkey>) -> FactorShown<'_> {
    FactorShown {
        id: factor.id.0,
        kind: factor.kind,
        name: &factor.name,
        created_at: factor.active_since.unwrap_or(factor.created_at),
        last_used_at: factor.last_used.as_ref().map(|used| used.at),
        synced: passkey.as_ref().map(|passkey| passkey.backed_up),
        count_went_back_at: passkey.as_ref().map(|passkey| passkey.marked_at),
        host: passkey.map(|passkey| passkey.host),
    }
}
