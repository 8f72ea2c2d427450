//! Records that somebody takes a list with them.

use std::sync::Arc;

use super::format::Format;
use super::selection::Selection;
use crate::accounts::authority::Administrator;
use crate::accounts::context::{Accounts, Pending};
use crate::store::audit::event::{Details, Event, What};

/// To be done before the first row goes out: then nobody gets one without a record of it.
pub fn record(
    accounts: &Arc<Accounts>,
    by: impl Into<Administrator>,
    selection: Selection,
    format: Format,
) -> Pending<()> {
    accounts.write(by.into(), move |tx, _, actor| {
        let (list, format) = (selection.list(), format.as_str());
        let filters = selection.filters(tx.conn)?;
        Event::new(What::Exported, &actor.by).details(Details::Exported { list, format, filters }).record(tx)?;
        let (by, ip) = actor.for_log();
        tx.after_commit(move || tracing::info!(event = "exported", list, format, by, ip));
        Ok(())
    })
}
