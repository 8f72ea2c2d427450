//! Makes the code by which an app learns who is signed in.

use std::sync::Arc;

use crate::accounts::apps::check::{may_enter, require_session};
use crate::accounts::authority::Mandate;
use crate::accounts::context::{Accounts, Pending};
use crate::accounts::proof::secrets;
use crate::domain::{AppId, AppUri, Scopes};
use crate::store::grants::{self, NewGrant};
use crate::store::{apps, consents, groups};
use crate::tokens::Fault;

/// What an app asks for, for whoever acts.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub app: AppId,
    /// Where the code goes.
    pub redirect_uri: String,
    pub challenge: Option<String>,
    pub nonce: Option<String>,
    pub scopes: Scopes,
}

/// By what right the app is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Agreement {
    /// The app is trusted, or the person has agreed before.
    Before,
    /// The person has just agreed; that is noted.
    Now,
}

pub enum Authorized {
    Code(String),
    /// This person may not enter the app.
    Denied,
    /// They have not agreed to that yet.
    NotAgreed,
    /// There is no such app any more, or it is no longer at that address.
    NoSuchApp,
}

pub fn authorize(
    accounts: &Arc<Accounts>,
    mandate: Mandate,
    wanted: Wanted,
    agreement: Agreement,
) -> Pending<Authorized> {
    let code = match secrets::random() {
        Ok(code) => code,
        Err(error) => return Pending::known(Err(error)),
    };
    accounts.write(mandate, move |tx, _, acting| {
        let session = acting.session.ok_or(Fault::Revoked)?;
        let user = acting.user;
        let is_there = |uri: &AppUri, is_native| uri.is_meant_by(&wanted.redirect_uri, is_native);
        let found = apps::find(tx.conn, wanted.app)?.filter(|app| {
            let openid = &app.rules.openid;
            openid.redirect_uris.iter().any(|uri| is_there(uri, openid.is_public))
        });
        let Some(app) = found else { return Ok(Authorized::NoSuchApp) };
        let groups = groups::names_of(tx.conn, user.id)?;
        if !may_enter(&app, user.id, user.role, &groups) {
            let (app, user) = (app.name.to_string(), user.username);
            tx.after_commit(move || tracing::info!(event = "app_denied", app, user = %user));
            return Ok(Authorized::Denied);
        }
        require_session(&app, &session, tx.now)?;
        if !app.rules.openid.is_trusted {
            let agreed = consents::find(tx.conn, user.id, app.id)?;
            let has_agreed = agreed.is_some_and(|agreed| agreed.include(wanted.scopes));
            match agreement {
                Agreement::Before if !has_agreed => return Ok(Authorized::NotAgreed),
                Agreement::Now if !has_agreed => {
                    let all = agreed.unwrap_or_default().and(wanted.scopes);
                    consents::set(tx.conn, user.id, app.id, all, tx.now)?;
                    let (app, user, scopes) = (app.name.to_string(), user.username.clone(), all.to_string());
                    tx.after_commit(move || tracing::info!(event = "consent_given", app, user = %user, scopes));
                }
                Agreement::Before | Agreement::Now => {}
            }
        }
        let grant = NewGrant {
            code_hash: secrets::hash(&code),
            sid: session.sid,
            app: app.id,
            redirect_uri: wanted.redirect_uri,
            challenge: wanted.challenge,
            nonce: wanted.nonce,
            scopes: wanted.scopes,
            methods: session.methods,
            auth_time: session.auth_time,
            factor_time: session.factor_time,
        };
        grants::add(tx.conn, &grant, tx.now)?;
        Ok(Authorized::Code(code))
    })
}
