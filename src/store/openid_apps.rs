//! How apps sign people in by OpenID Connect (tables `app_openid`, `app_uris`): a part of what `apps.rs` keeps of an app.

use diesel::{ExpressionMethods, QueryDsl, RunQueryDsl};

use super::connection::{Conn, Error, known};
use super::schema::{app_openid, app_uris};
use super::text_order::sorted;
use crate::domain::{AppAlgorithm, AppId, AppUri, OpenIdRules};

const REDIRECT: &str = "redirect";
const POST_LOGOUT: &str = "post_logout";

/// Those of all apps that do.
pub(super) fn all(conn: &mut Conn) -> Result<Vec<(AppId, OpenIdRules)>, Error> {
    type Columns = (i64, bool, bool, bool, String, bool, bool);
    let rows: Vec<Columns> = app_openid::table.order(app_openid::app_id).load(conn)?;
    let uris: Vec<(i64, String, String)> = sorted(app_uris::table.load(conn)?);
    rows.into_iter()
        .map(|(id, is_public, is_trusted, needs_pkce, algorithm, tells_in_id_token, reads_status_list)| {
            let of_kind = |wanted: &str| {
                let own = uris.iter().filter(|(app, kind, _)| *app == id && kind == wanted);
                own.map(|(_, _, uri)| AppUri::stored(uri.clone())).collect()
            };
            let rules = OpenIdRules {
                redirect_uris: of_kind(REDIRECT),
                post_logout_uris: of_kind(POST_LOGOUT),
                is_public,
                is_trusted,
                needs_pkce,
                algorithm: known(AppAlgorithm::parse(&algorithm), "algorithm of an app", &algorithm)?,
                tells_in_id_token,
                reads_status_list,
            };
            Ok((AppId(id), rules))
        })
        .collect()
}

/// Replaces what is kept of an app.
pub(super) fn set(conn: &mut Conn, id: AppId, rules: &OpenIdRules) -> Result<(), Error> {
    remove(conn, id)?;
    if *rules == OpenIdRules::default() {
        return Ok(());
    }
    diesel::insert_into(app_openid::table)
        .values((
            app_openid::app_id.eq(id.0),
            app_openid::is_public.eq(rules.is_public),
            app_openid::is_trusted.eq(rules.is_trusted),
            app_openid::needs_pkce.eq(rules.needs_pkce),
            app_openid::algorithm.eq(rules.algorithm.as_str()),
            app_openid::tells_in_id_token.eq(rules.tells_in_id_token),
            app_openid::reads_status_list.eq(rules.reads_status_list),
        ))
        .execute(conn)?;
    for (kind, uris) in [(REDIRECT, &rules.redirect_uris), (POST_LOGOUT, &rules.post_logout_uris)] {
        for uri in uris {
            let row = (app_uris::app_id.eq(id.0), app_uris::kind.eq(kind), app_uris::uri.eq(uri.as_str()));
            diesel::insert_into(app_uris::table).values(row).execute(conn)?;
        }
    }
    Ok(())
}

pub(super) fn remove(conn: &mut Conn, id: AppId) -> Result<(), Error> {
    diesel::delete(app_uris::table.filter(app_uris::app_id.eq(id.0))).execute(conn)?;
    diesel::delete(app_openid::table.find(id.0)).execute(conn)?;
    Ok(())
}
