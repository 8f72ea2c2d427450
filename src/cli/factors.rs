//! `portero user factors` and `portero user reset-factors`.

use std::sync::Arc;

use super::confirm::confirm;
use super::existing_user::existing;
use super::operator::operator;
use super::output::{Failure, base_of_links, moment, sessions};
use crate::accounts::Accounts;
use crate::accounts::factors::enrolment_link::new_enrolment_link;
use crate::accounts::factors::reset::{Reset, reset_factors};
use crate::accounts::people::links::MadeLink;
use crate::config::Config;
use crate::store::{factors, recovery_codes, user_lists};

/// Lists the second factors of a user.
pub(super) fn list(accounts: &Accounts, name: &str) -> Result<(), Failure> {
    let user = existing(accounts, name)?;
    let mut all = accounts.db.read(|conn| factors::of_user(conn, user.id))?;
    all.retain(|factor| factor.active_since.is_some());
    if all.is_empty() {
        println!("{} has no second factor.", user.username);
        return Ok(());
    }
    let width = all.iter().map(|factor| factor.name.chars().count()).max().unwrap_or(0).max(4);
    println!("{:width$}  {:4}  {:20}  LAST USED", "NAME", "KIND", "ADDED");
    for factor in &all {
        println!(
            "{:width$}  {:4}  {:20}  {}",
            factor.name,
            factor.kind.as_str(),
            moment(factor.active_since),
            moment(factor.last_used.as_ref().map(|used| used.at)),
        );
    }
    println!("{} recovery codes are left.", accounts.db.read(|conn| recovery_codes::left(conn, user.id))?);
    Ok(())
}

/// Takes all second factors of a user away. Returns what to say. Where policy asks for one, that is also the link by which they set up
/// another, and once more if they have none yet.
pub(super) fn reset(config: &Config, accounts: &Arc<Accounts>, name: &str, yes: bool) -> Result<String, Failure> {
    let user = existing(accounts, name)?;
    if !yes {
        let open = accounts.db.read(|conn| user_lists::open_sessions(conn, user.id, accounts.now()))?;
        let ends = sessions(usize::try_from(open)?);
        confirm(&format!("Take away the second factor of {}? This ends {ends}.", user.username))?;
    }
    let name = user.username.clone();
    match reset_factors(accounts, operator(), name.clone()).committed()? {
        Reset::Done { sessions_ended, link, .. } => {
            let said = format!("{name} has no second factor any more; {} ended.", sessions(sessions_ended));
            with_link(config, said, link)
        }
        Reset::NoFactors => {
            let link = new_enrolment_link(accounts, operator(), user.id).committed()?;
            with_link(config, format!("{name} had no second factor."), link)
        }
        Reset::NoSuchUser | Reset::Oneself => Err(format!("there is no user {name}").into()),
    }
}

fn with_link(config: &Config, said: String, link: Option<MadeLink>) -> Result<String, Failure> {
    let Some(link) = link else { return Ok(said) };
    let (url, until) = (link.url(base_of_links(config)?.as_ref()), moment(Some(link.expires_at)));
    Ok(format!("{said}\n{url}\nGood once, until {until}. With it and the password they set up another."))
}
