//! A new password as forms ask for it: typed twice.

use super::forms::FieldError;
use super::page::Page;
use crate::domain::{NewPassword, PasswordFault, Username};
use crate::web::app::App;

/// Returns a password that was typed twice, or what is wrong with it. `username`: the password must not be guessable from it.
pub(in crate::web) fn read(
    app: &App,
    page: &Page,
    typed: &str,
    again: &str,
    username: Option<&Username>,
) -> Result<NewPassword, Vec<FieldError>> {
    let rules = app.config().password_rules();
    let fault = match NewPassword::parse(typed.to_owned(), username, rules) {
        Ok(_) if typed != again => return Err(vec![page.error("new_password_again", "error-passwords-differ")]),
        Ok(password) => return Ok(password),
        Err(fault) => fault,
    };
    let text = match fault {
        PasswordFault::TooShort(_) if typed.is_empty() => page.t("error-new-password-required"),
        PasswordFault::TooShort(least) => page.tn("error-password-too-short", least),
        PasswordFault::TooLong => page.tn("error-password-too-long", NewPassword::MAX_CHARS),
        PasswordFault::Guessable => page.t("error-password-guessable"),
    };
    Err(vec![FieldError { field: "new_password", text }])
}
