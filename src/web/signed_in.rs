//! Who is signed in, as the guard left it with the token it admitted; the access rule of the admin's rooms; and whose sessions
//! a room shows.

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::web::ThinData;
use actix_web::{FromRequest, HttpRequest};

use super::App;
use super::error::Error;
use crate::blocklist::Standing;
use crate::domain::{Reason, Role, SessionId, UserId};
use crate::guards::{AccessToken, Caller};

/// The user of the token that the guard admitted.
pub(super) fn signed_in(req: &HttpRequest) -> Result<Arc<Standing>, Error> {
    found(req).ok_or_else(|| Error::Internal("a guard admitted a token without its user".into()))
}

/// The same where nobody need be signed in: for what is shown beside the answer.
pub(super) fn found(req: &HttpRequest) -> Option<Arc<Standing>> {
    crate::guards::found(req)?.user()
}

/// How recently an admin must have proved who they are to change something. Seconds.
const ADMIN_MAX_AGE: i64 = 5 * 60;

/// A good access token of somebody who is an admin now: the role stands in no token.
pub(super) struct Admin(pub(super) Caller);

impl FromRequest for Admin {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let token = AccessToken::from_request(req, payload).into_inner();
        ready(token.and_then(|AccessToken(caller)| match signed_in(req)?.role {
            Role::Admin => Ok(Self(caller)),
            Role::User => Err(Error::NotAdmin.into()),
        }))
    }
}

/// The same, and the admin has proved who they are of late.
pub(super) struct FreshAdmin(pub(super) Caller);

impl FromRequest for FreshAdmin {
    type Error = actix_web::Error;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let admin = Admin::from_request(req, payload).into_inner();
        ready(admin.and_then(|Admin(caller)| {
            let app = req.app_data::<ThinData<App>>();
            let ThinData(app) = app.ok_or_else(|| Error::Internal("App is not registered".into()))?;
            let max_age = ADMIN_MAX_AGE.min(app.accounts.rules.fresh_for);
            caller.claims.require_fresh(max_age, app.now()).map_err(Error::from)?;
            Ok(Self(caller))
        }))
    }
}

/// Whose sessions a room is about: one's own, or, in the admin's, anybody's.
#[derive(Clone, Copy)]
pub(super) enum Whose {
    Own(UserId),
    Anybodys,
}

impl Whose {
    /// Where these are listed.
    pub(super) fn list(self) -> &'static str {
        match self {
            Self::Own(_) => "/account",
            Self::Anybodys => "/admin/sessions",
        }
    }

    /// Where one of them can be ended.
    pub(super) fn end_path(self, sid: SessionId) -> String {
        let sessions = match self {
            Self::Own(_) => "/account/sessions",
            Self::Anybodys => "/admin/sessions",
        };
        format!("{sessions}/{sid}/end")
    }

    /// Why one of them ends here.
    pub(super) fn end_reason(self) -> Reason {
        match self {
            Self::Own(_) => Reason::EndedByUser,
            Self::Anybodys => Reason::EndedByAdmin,
        }
    }
}
