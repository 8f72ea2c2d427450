//! The language a person has chosen, kept with the user.

use std::sync::Arc;

use crate::accounts::authority::Mandate;
use crate::accounts::context::{Accounts, Pending};
use crate::store::users;

/// `tag`: of a catalogue that there is.
pub fn set_locale(accounts: &Arc<Accounts>, mandate: Mandate, tag: String) -> Pending<()> {
    accounts.write(mandate, move |tx, _, acting| Ok(users::set_locale(tx.conn, acting.user.id, &tag)?))
}
