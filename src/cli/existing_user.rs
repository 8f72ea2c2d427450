//! Finds the user that a command names, or says what became of them.

use super::output::{Failure, moment, shell_word};
use crate::accounts::Accounts;
use crate::domain::Username;
use crate::store::names::{self, Taken};
use crate::store::users::{self, User};

/// The user of this name; an error for the operator if there is none.
pub(super) fn existing(accounts: &Accounts, name: &str) -> Result<User, Failure> {
    let name = Username::parse(name)?;
    if let Some(user) = accounts.db.read(|conn| users::find_by_name(conn, &name))? {
        return Ok(user);
    }
    Err(match accounts.db.read(|conn| names::taken(conn, &name, None))? {
        Some(taken @ (Taken::Deleted(_) | Taken::Past { .. })) => why_taken(&name, &taken).into(),
        Some(Taken::InUse | Taken::LooksLike(_)) | None => format!("there is no user {name}").into(),
    })
}

/// The user of this name, who was deleted; an error for the operator if there is none.
pub(super) fn deleted(accounts: &Accounts, name: &str) -> Result<User, Failure> {
    let parsed = Username::parse(name)?;
    match accounts.db.read(|conn| users::find_deleted(conn, &parsed))? {
        Some(user) => Ok(user),
        None => Err(format!("{} is not deleted", existing(accounts, name)?.username).into()),
    }
}

/// Why nobody new can have the name, for the operator.
pub(super) fn why_taken(name: &Username, taken: &Taken) -> String {
    match taken {
        Taken::InUse => format!("there is a user {name} already"),
        Taken::Deleted(at) => format!(
            "{name} was deleted on {}, and the name stays taken; `portero user restore {}` brings the account back",
            moment(Some(*at)),
            shell_word(name)
        ),
        Taken::LooksLike(other) => {
            format!(
                "{name} looks like {other}, and one could be mistaken for the other; choose a name that differs more"
            )
        }
        Taken::Past { now_called, until } => {
            format!("{now_called} had the name {name} until {}, and it stays theirs", moment(Some(*until)))
        }
    }
}
