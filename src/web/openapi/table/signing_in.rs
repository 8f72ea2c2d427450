//! Tokens: getting, renewing and giving them up.

use serde_json::json;

use super::A_TOKEN;
use crate::web::http::replies::{LoggedInAs, Message, NewAccessToken, Tokens};
use crate::web::openapi::access::Access;
use crate::web::openapi::operation::{Operation, Shape, delete, get, post};
use crate::web::rooms::account::confirm::ConfirmJson;
use crate::web::rooms::programs::refresh::Refreshed;
use crate::web::rooms::signing_in::login::{LoginJson, SecondFactorNeeded};
use crate::web::rooms::signing_in::logout::{self, LogoutJson, SessionsEnded};
use crate::web::rooms::signing_in::second_step::SecondStepJson;

pub(in crate::web::openapi) fn operations() -> Vec<Operation> {
    vec![
        post("/login", "login", "Sign in")
            .takes::<LoginJson>()
            .example(json!({ "username": "ana", "password": "correct horse battery" }))
            .answers::<Tokens<'_>>(200, "The tokens of a new session. The access token is fresh.")
            .such_as(json!({ "access_token": A_TOKEN, "refresh_token": A_TOKEN }))
            .answers_one_of(
                401,
                "The name or the password is wrong, or the user has a second factor to give.",
                vec![Shape::of::<SecondFactorNeeded<'_>>(), Shape::of::<Message<'_>>()],
            )
            .errors(&[429])
            .and_browsers(),
        post("/login/factor", "login_factor", "Give the second factor")
            .takes::<SecondStepJson>()
            .answers::<Tokens<'_>>(200, "The tokens of a new session. The access token is fresh.")
            .errors(&[401, 429])
            .and_browsers(),
        get("/protected", "protected", "Who calls")
            .by(Access::USER)
            .answers::<LoggedInAs<'_>>(200, "The name of the caller.")
            .outside_pages(),
        get("/whoami", "whoami", "Who calls, if anybody is signed in")
            .by(Access::OPTIONAL)
            .answers::<LoggedInAs<'_>>(200, "The name of the caller, or `anonymous user`.")
            .outside_pages(),
        post("/refresh", "refresh", "Renew the access token")
            .by(Access::REFRESH)
            .more("With `session.rotate = \"always\"` there is a new refresh token, too. A spent one that is shown again ends the session.")
            .answers_one_of(
                200,
                "A new access token, which is not fresh. For cookies: new cookies.",
                vec![Shape::of::<Tokens<'_>>(), Shape::of::<NewAccessToken<'_>>(), Shape::of::<Refreshed>()],
            )
            .outside_pages(),
        post("/confirm", "confirm", "Prove again who one is")
            .by(Access::USER)
            .more("The access token sent with the call is refused from then on; the refresh token stays good.")
            .takes::<ConfirmJson>()
            .example(json!({ "password": "correct horse battery" }))
            .answers_one_of(
                200,
                "A fresh access token. For cookies: a new cookie.",
                vec![Shape::of::<NewAccessToken<'_>>(), Shape::of::<Message<'_>>()],
            )
            .such_as(json!({ "access_token": A_TOKEN }))
            .errors(&[429])
            .and_browsers(),
        delete("/logout", "logout", "Sign out, by either token")
            .by(Access::EITHER)
            .more("Both tokens of the session are refused from then on. With a `scope`, which needs a fresh access token, other sessions end, too.")
            .query::<logout::Asked>(&["scope"])
            .answers_one_of(200, "Signed out.", vec![Shape::of::<SessionsEnded<'_>>(), Shape::of::<Message<'_>>()]),
        post("/logout", "logout_elsewhere", "Sign out here, elsewhere or everywhere")
            .by(Access::EITHER)
            .more("More than the caller's own session ends only by a fresh access token.")
            .may_take::<LogoutJson>(&[])
            .example(json!({ "scope": "others" }))
            .answers_one_of(200, "Signed out.", vec![Shape::of::<SessionsEnded<'_>>(), Shape::of::<Message<'_>>()])
            .such_as(json!({ "msg": "logout successful", "sessions_ended": 2, "receipt": "0b9ee4f2-7d02-4b43-9c36-5e0f8c1d7a11" }))
            .and_browsers(),
    ]
}
