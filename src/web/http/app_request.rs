//! An app's question about a token: which app asks, and about which token. (RFC 6749 §2.3.1, RFC 7662 §2.1, RFC 7009 §2.1)

use actix_web::HttpRequest;
use serde::Deserialize;
use utoipa::ToSchema;

use super::error::{AppFault, Error};
use super::input::Input;
use super::openid::caller::caller;
use crate::accounts::apps::openid::caller::AppCaller;
use crate::web::app::App;

/// Unknown fields are ignored, as RFC 6749 §3.2 wants. `token_type_hint` is one of them, for a token says itself what it is.
#[derive(Deserialize, ToSchema)]
#[schema(as = TokenQuestion)]
pub(in crate::web) struct Fields {
    token: Option<String>,
    /// The app's id, if it is not in the header.
    client_id: Option<String>,
    client_secret: Option<String>,
}

/// The app that asks, and the token that it asks about.
pub(in crate::web) struct Question {
    pub(in crate::web) caller: AppCaller,
    pub(in crate::web) token: String,
}

/// Reads the question of a known app. Anybody else gets [`Error::App`], and so does a question without a token, or that can't be read.
/// (RFC 6749 §5.2)
pub(in crate::web) async fn question(
    app: &App,
    req: &HttpRequest,
    input: Result<Input, Error>,
) -> Result<Question, Error> {
    let fields: Fields = Input::form_of_app(input)?;
    let caller = caller(req, fields.client_id, fields.client_secret)?;
    let shown = caller.clone();
    let is_known = app.read(move |conn| match &shown {
        AppCaller::WithSecret(credentials) => credentials.are_good(conn),
        AppCaller::Public(_) => Ok(shown.app(conn)?.is_some()),
    });
    if !is_known.await? {
        return Err(Error::App(AppFault::InvalidClient));
    }
    let token = fields.token.filter(|token| !token.is_empty()).ok_or(Error::App(AppFault::InvalidRequest))?;
    Ok(Question { caller, token })
}
