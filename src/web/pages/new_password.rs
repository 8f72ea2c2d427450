//! A new password as forms ask for it: typed twice.

use super::forms::FieldError;
use super::page::Page;
use crate::domain::{Known, NewPassword, PasswordFault, Username};
use crate::throttle::Try;
use crate::web::app::App;
use crate::web::http::error::Error;

/// What is seen to be wrong at once with a password that was typed twice, before any try of it begins.
pub(in crate::web) fn check_typed(app: &App, page: &Page, typed: &str, again: &str) -> Option<FieldError> {
    if let Err(fault) = app.config().password_rules().check_length(typed) {
        return Some(error(page, fault, typed.is_empty()));
    }
    (typed != again).then(|| page.error("new_password_again", "error-passwords-differ"))
}

/// Judges a password that passed [`check_typed`]. Returns it with the try that had begun; if it is refused, that try counts as a wrong
/// one. `username`: the password must not be guessable from it.
pub(in crate::web) async fn judge(
    app: &App,
    page: &Page,
    begun: Try,
    typed: String,
    username: Option<Username>,
) -> Result<Result<(NewPassword, Try), FieldError>, Error> {
    let (judged, begun) = app.judge(begun, typed, username).await?;
    Ok(match judged {
        Ok(password) => Ok((password, begun)),
        Err(fault) => Err(error(page, fault, false)),
    })
}

fn error(page: &Page, fault: PasswordFault, is_empty: bool) -> FieldError {
    let text = match fault {
        PasswordFault::TooShort(_) if is_empty => page.t("error-new-password-required"),
        PasswordFault::TooShort(least) => page.tn("error-password-too-short", least),
        PasswordFault::TooLong => page.tn("error-password-too-long", NewPassword::MAX_CHARS),
        PasswordFault::Guessable => page.t("error-password-guessable"),
        PasswordFault::Known(Known::UserName) => page.t("error-password-user-name"),
        PasswordFault::Known(Known::SiteWord) => page.t("error-password-site-word"),
        PasswordFault::Known(Known::Phrase) => page.t("error-password-phrase"),
    };
    FieldError { field: "new_password", text }
}
