//! Finds the group that a command names.

use super::output::Failure;
use crate::accounts::Accounts;
use crate::domain::GroupName;
use crate::store::groups::{self, Group};

/// The group of this name; an error for the operator if there is none.
pub(super) fn existing_group(accounts: &Accounts, name: &str) -> Result<Group, Failure> {
    let parsed = GroupName::parse(name)?;
    let found = accounts.db.read(|conn| groups::find_by_name(conn, &parsed))?;
    found.ok_or_else(|| format!("there is no group {name}").into())
}
