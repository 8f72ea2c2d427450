//! Finds the user that a command names.

use super::output::Failure;
use crate::accounts::Accounts;
use crate::domain::Username;
use crate::store::users::{self, User};

/// The user of this name; an error for the operator if there is none.
pub(super) fn existing(accounts: &Accounts, name: &str) -> Result<User, Failure> {
    let name = Username::parse(name)?;
    let found = accounts.db.read(|conn| users::find_by_name(conn, &name))?;
    found.ok_or_else(|| format!("there is no user {name}").into())
}
