//! Why a name can't be had, in words.

use super::forms::FieldError;
use super::page::Page;
use crate::store::names::Taken;

/// `field`: the id of the field that the name was typed into.
pub(in crate::web) fn error(page: &Page, field: &'static str, taken: &Taken) -> FieldError {
    let text = match taken {
        Taken::InUse => page.t("error-name-taken"),
        Taken::Deleted(at) => page.t1("error-name-deleted", "when", &page.time(*at).text),
        Taken::LooksLike(other) => page.t1("error-name-lookalike", "user", other.as_str()),
        Taken::Past { now_called, until } => {
            page.t2("error-name-past", ("user", now_called.as_str()), ("when", &page.time(*until).text))
        }
    };
    FieldError { field, text }
}
