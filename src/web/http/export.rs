//! The answer that is a file: an export, sent part by part for as long as whoever asked may have it.
//!
//! The next part is looked up when the client has taken the one before, so one who is slow, or stops, keeps no thread and no connection of
//! the database busy. Before each part the mandate is judged again. If it no longer holds, the answer breaks off: the client gets no end
//! of the body but a reset, and so an error instead of a file that looks whole.

use actix_web::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse};
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::ToSchema;

use super::error::Error;
use super::origin;
use crate::accounts::Mandate;
use crate::accounts::export::format::Format;
use crate::accounts::export::parts::Export;
use crate::accounts::export::record::record;
use crate::accounts::export::selection::Selection;
use crate::error_chain::chain;
use crate::web::app::App;

/// The field of the query that is not the list's own.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
pub(in crate::web) struct As {
    /// `csv` or `jsonl`.
    format: String,
}

/// Records the export and answers with it.
pub(in crate::web) async fn answer(
    app: App,
    req: &HttpRequest,
    mandate: Mandate,
    selection: Selection,
    asked: &As,
) -> Result<HttpResponse, Error> {
    // Another site's link must not put an export on record that the admin knows nothing of.
    if origin::is_led_from_elsewhere(req, &app) {
        return Err(Error::ForeignOrigin);
    }
    let format = Format::parse(&asked.format).ok_or_else(|| Error::BadInput("`format` is csv or jsonl".into()))?;
    let now = app.now();
    let moment = Timestamp::from_second(now.0).unwrap_or_default().strftime("%Y-%m-%dT%H%M%SZ");
    let name = format!("attachment; filename=\"portero-{}-{moment}.{}\"", selection.list(), format.as_str());
    let mut response = HttpResponse::build(StatusCode::OK);
    response.insert_header((CONTENT_TYPE, format.media_type())).insert_header((CONTENT_DISPOSITION, name));
    if *req.method() == Method::HEAD {
        return Ok(response.streaming(stream::empty::<Result<Bytes, Error>>()));
    }
    record(&app.accounts, mandate.clone(), selection.clone(), format).everywhere().await?;
    let parts = Parts { app, mandate, export: Export::new(selection, format, now) };
    // The first one before the head: what fails now still gets a status of its own.
    let Some((first, parts)) = parts.next().await? else { return Ok(response.finish()) };
    let rest = stream::try_unfold(parts, |parts| async {
        let list = parts.export.list();
        let next = parts.next().await;
        next.inspect_err(|error| tracing::warn!(event = "export_cut", list, error = %chain(error)))
    });
    Ok(response.streaming(stream::iter([Ok(first)]).chain(rest)))
}

struct Parts {
    app: App,
    mandate: Mandate,
    export: Export,
}

impl Parts {
    /// The next part that has any rows. `None`: there is none.
    async fn next(self) -> Result<Option<(Bytes, Self)>, Error> {
        let Self { app, mut mandate, mut export } = self;
        loop {
            let (now, accounts) = (app.now(), app.accounts.clone());
            let looked_up = app.read(move |conn| {
                let held = mandate.still_holds(conn, now);
                let part = match held {
                    Ok(()) => export.next(conn, &accounts)?,
                    Err(_) => None,
                };
                Ok((held, part, mandate, export))
            });
            let (held, part);
            (held, part, mandate, export) = looked_up.await?;
            held?;
            match part {
                None => return Ok(None),
                // An empty chunk would be the end of the body.
                Some(bytes) if bytes.is_empty() => {}
                Some(bytes) => return Ok(Some((bytes.into(), Self { app, mandate, export }))),
            }
        }
    }
}
