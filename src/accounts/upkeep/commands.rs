//! Tells the server's log what was done at the command line. A command runs in a process of its own, whose log nobody keeps.

use serde_json::Value;

use crate::store::audit::chain::newest;
use crate::store::audit::operators::{OperatorEvent, by_operators};
use crate::store::{Conn, Error};

/// Tells each act once.
#[derive(Debug, Default)]
pub struct Commands {
    /// The newest event when this last looked. `None`: it has not looked yet.
    told_up_to: Option<i64>,
}

impl Commands {
    /// Logs what operators did since the last call; the first call only notes where to begin. After an error the next call
    /// tells them.
    pub fn tell_new(&mut self, conn: &mut Conn) -> Result<(), Error> {
        let newest = newest(conn)?;
        if let Some(after) = self.told_up_to {
            by_operators(conn, after, newest)?.iter().for_each(tell);
        }
        self.told_up_to = Some(newest);
        Ok(())
    }
}

/// Which details of a user changed.
fn fields(event: &OperatorEvent) -> Option<String> {
    let fields = event.details.get("fields")?.as_array()?.iter().filter_map(Value::as_str);
    Some(fields.collect::<Vec<_>>().join(","))
}

fn tell(event: &OperatorEvent) {
    let text = |key: &str| event.details.get(key).and_then(Value::as_str);
    let number = |key: &str| event.details.get(key).and_then(Value::as_u64);
    tracing::info!(
        event = "command_acted",
        act = event.what,
        user = event.user,
        session = event.sid.map(|sid| sid.short()),
        by = text("operator").map(|operator| format!("operator {operator}")),
        role = text("role"),
        purpose = text("purpose"),
        before = text("from"),
        fields = fields(event),
        reason = text("reason"),
        sessions = number("sessions"),
        receipt = text("receipt"),
        app = text("app"),
        group = text("group"),
        key = text("kid"),
    );
}
