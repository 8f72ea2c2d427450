//! New recovery codes, shown this once.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use askama::Template;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::domain::FactorKind;
use crate::web::pages::page::{Page, html};

#[derive(Template)]
#[template(path = "recovery_codes.html")]
struct RecoveryCodesPage {
    page: Page,
    /// What was added just now. `None`: nothing.
    added: Option<FactorKind>,
    codes: Vec<String>,
    /// How many other sessions the person has, which began without it.
    others: i64,
    /// The codes as a text to keep: a `data:` address.
    file: String,
}

/// `added`: what was added just now, and how many other sessions the person has; `None`: nothing was.
/// `codes`: empty if the account has some that stay good.
pub(in crate::web) fn show(page: Page, codes: Vec<String>, added: Option<(FactorKind, i64)>) -> HttpResponse {
    let text = format!(
        "{}\n{}\n\n{}\n",
        page.t1("recovery-file-title", "site", &page.site_name),
        page.user.as_deref().unwrap_or_default(),
        codes.join("\n")
    );
    let file = format!("data:text/plain;charset=utf-8,{}", utf8_percent_encode(&text, NON_ALPHANUMERIC));
    let (added, others) = added.map_or((None, 0), |(kind, others)| (Some(kind), others));
    html(StatusCode::OK, &RecoveryCodesPage { page, added, others, codes, file })
}
