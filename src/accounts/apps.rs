//! The apps beside us that may ask about tokens: OAuth's clients, each with a secret of its own.

use uuid::Uuid;

use super::{Accounts, Error, bearer_secret};
use crate::domain::UnixTime;
use crate::store::audit::{self, What};
use crate::store::clients::{self, Client};
use crate::store::{self, Conn};

/// What an app signs its questions with. The secret is told once and only its hash kept.
pub struct AppCredentials {
    pub id: String,
    pub secret: String,
}

/// `None`: there is an app of that name.
pub fn add_app(at: &Accounts, name: String, now: UnixTime) -> Result<Option<AppCredentials>, Error> {
    let credentials = AppCredentials { id: Uuid::new_v4().to_string(), secret: bearer_secret::random()? };
    let client = Client { id: credentials.id.clone(), name, created_at: now };
    let hash = bearer_secret::hash_of(&credentials.secret);
    let added = at.db.write(move |tx| {
        if !clients::add(tx.conn, &client, &hash)? {
            return Ok::<_, Error>(false);
        }
        note(tx.conn, What::ClientAdded, &client.name, now)?;
        Ok(true)
    })?;
    Ok(added.then_some(credentials))
}

/// `false`: there is none of that name.
pub fn remove_app(at: &Accounts, name: String, now: UnixTime) -> Result<bool, Error> {
    at.db.write(move |tx| {
        if !clients::remove(tx.conn, &name)? {
            return Ok(false);
        }
        note(tx.conn, What::ClientRemoved, &name, now)?;
        Ok(true)
    })
}

/// Whether these are the credentials of an app.
pub fn is_app(conn: &mut Conn, given: &AppCredentials) -> Result<bool, store::Error> {
    let expected = clients::secret_hash(conn, &given.id)?;
    let shown = bearer_secret::hash_of(&given.secret);
    Ok(expected.is_some_and(|expected| {
        aws_lc_rs::constant_time::verify_slices_are_equal(expected.as_bytes(), shown.as_bytes()).is_ok()
    }))
}

fn note(conn: &mut Conn, what: What, name: &str, now: UnixTime) -> Result<(), store::Error> {
    let event = audit::Event { at: now, what, user: None, by: None, sid: None, ip: None, details: Some(name) };
    audit::add(conn, &event)
}
