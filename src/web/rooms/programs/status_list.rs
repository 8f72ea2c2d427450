//! `GET /status-lists` and `GET /status-lists/{name}`: which sessions have ended, for apps that check tokens themselves. (Token Status List,
//! draft-ietf-oauth-status-list) Answered from memory; something is signed only if it has changed, or is as old as apps may keep it.

use std::sync::Arc;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use actix_web::web::{Path, Query, ThinData};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::accounts::apps::signed_lists::{ALGORITHM, SignedList};
use crate::accounts::apps::status_list::{TYP, claims};
use crate::domain::StatusListId;
use crate::web::app::App;
use crate::web::http::error::Error;
use crate::web::http::openid::cors;
use crate::web::http::openid::issuer::issuer;

const MEDIA_TYPE: &str = "application/statuslist+jwt";
/// What is kept on the way is asked for again each time: an app counts `ttl` from when it fetched the list.
const CACHING: &str = "public, no-cache";

#[derive(Deserialize)]
pub(in crate::web) struct Asked {
    /// The moment of which the list is wanted.
    time: Option<String>,
}

/// The addresses of all lists. (§9.3)
#[derive(Serialize, ToSchema)]
pub(in crate::web) struct StatusLists {
    status_lists: Vec<String>,
}

pub(in crate::web) async fn all(ThinData(app): ThinData<App>) -> Result<HttpResponse, Error> {
    let issuer = issuer(&app)?;
    let lists = app.accounts.blocklist.status_lists();
    let uris: Vec<String> = lists.into_iter().map(|list| app.accounts.status_list_uri(&issuer, list)).collect();
    let res = HttpResponse::Ok().insert_header((CACHE_CONTROL, CACHING)).json(StatusLists { status_lists: uris });
    Ok(cors::for_all(res))
}

pub(in crate::web) async fn show(
    ThinData(app): ThinData<App>,
    req: HttpRequest,
    name: Path<String>,
    asked: Query<Asked>,
) -> Result<HttpResponse, Error> {
    // Older states are not kept. (§8.4)
    if asked.time.is_some() {
        return Ok(cors::for_all(HttpResponse::NotImplemented().finish()));
    }
    let name = Uuid::parse_str(&name).map_err(|_| Error::NotFound)?;
    let id = app.accounts.status_list_named(name).ok_or(Error::NotFound)?;
    let signed = current(&app, id).await?;
    let is_known = req.headers().get_all(IF_NONE_MATCH).any(|known| {
        known.to_str().is_ok_and(|known| known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == signed.etag))
    });
    let mut res = if is_known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    res.insert_header((ETAG, signed.etag.as_str())).insert_header((CACHE_CONTROL, CACHING));
    let res = match is_known {
        true => res.finish(),
        false => res.insert_header((CONTENT_TYPE, MEDIA_TYPE)).body(signed.text.clone()),
    };
    Ok(cors::for_all(res))
}

/// The list, signed since it last changed.
async fn current(app: &App, id: StatusListId) -> Result<Arc<SignedList>, Error> {
    let accounts = &app.accounts;
    let list = accounts.blocklist.status_list(id).ok_or(Error::NotFound)?;
    if !accounts.blocklist.knows_all_ended() {
        return Err(Error::Unavailable("which sessions have ended is not known at present".into()));
    }
    let (keys, ttl) = (app.keys_for_apps(ALGORITHM)?, app.config().status_list_ttl);
    let kid = keys.signing().kid().to_owned();
    let newest = accounts.signed_lists.newest(id);
    let kept = || newest.current(&list, &kid, ttl, app.now());
    if let Some(signed) = kept() {
        return Ok(signed);
    }
    let _turn = newest.turn.lock().await;
    if let Some(signed) = kept() {
        return Ok(signed);
    }
    let (issuer, now) = (issuer(app)?, app.now());
    let uri = accounts.status_list_uri(&issuer, id);
    // Before it is built: what changes meanwhile is in the next one.
    let (version, built) = (list.version(), Arc::clone(&list));
    let text = app.sign_for_app(keys, TYP, move || claims(&built, &issuer, &uri, ttl, now)).await?;
    let signed = Arc::new(SignedList::new(text, kid.clone(), version, now));
    newest.keep(Arc::clone(&signed));
    Ok(signed)
}
