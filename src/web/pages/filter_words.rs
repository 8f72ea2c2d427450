//! The filters of lists in words: for what was exported, and for a list in which nothing matches.

use serde_json::Value;

use super::page::Page;
use super::session_view;
use crate::domain::{Reason, Role, UnixTime};
use crate::store::audit::event::What;
use crate::store::user_lists::{HasFactor, Imported};

/// A filter of a list, in a few words.
pub(in crate::web) fn in_words(page: &Page, name: &str, value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let by_name = |value: &str| page.t1(&format!("event-filter-{name}"), "value", value);
    match name {
        "what" if What::parse(&text).is_some() => page.tn(&format!("event-{text}"), 1),
        "reason" => Reason::parse(&text).map_or(text, |reason| session_view::reason(page, reason)),
        "from" | "until" => by_name(&value.as_i64().map_or(text, |moment| page.exact(UnixTime(moment)).text)),
        "user" | "by" | "ip" | "session" | "name" => by_name(&text),
        "role" if Role::parse(&text).is_some() => page.t(&format!("role-{text}")),
        "imported" if Imported::parse(&text).is_some() => page.t(&format!("users-imported-{text}")),
        "factor" if HasFactor::parse(&text).is_some() => page.t(&format!("users-factor-{text}")),
        "hashes" => page.t("event-filter-hashes"),
        "state" => match text.as_str() {
            "odd" => page.t("open-only-odd"),
            "session" => page.t("what-session"),
            "token" => page.t("what-token"),
            "enabled" | "invited" | "disabled" | "deleted" => page.t(&format!("users-state-{text}")),
            _ => text,
        },
        _ => format!("{name} {text}"),
    }
}
