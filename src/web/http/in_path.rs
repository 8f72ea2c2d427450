//! What the id in a path stands for. Where it stands for nothing, there is no page.

use super::error::Error;
use crate::domain::{App as RegisteredApp, AppId, GroupId};
use crate::store::apps;
use crate::store::groups::{self, Group};
use crate::web::app::App;

pub(in crate::web) async fn registered_app(app: &App, id: &str) -> Result<RegisteredApp, Error> {
    let id = AppId(id.parse().map_err(|_| Error::NotFound)?);
    app.read(move |conn| apps::find(conn, id)).await?.ok_or(Error::NotFound)
}

/// A group, and the names of the apps that let it in.
pub(in crate::web) async fn group(app: &App, id: &str) -> Result<(Group, Vec<String>), Error> {
    let id = GroupId(id.parse().map_err(|_| Error::NotFound)?);
    let found = app.read(move |conn| {
        let Some(group) = groups::find(conn, id)? else { return Ok(None) };
        let apps = apps::that_let_in(conn, &group.name)?;
        Ok(Some((group, apps)))
    });
    found.await?.ok_or(Error::NotFound)
}
