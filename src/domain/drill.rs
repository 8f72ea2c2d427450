//! What a drill at an app has come to.

use super::spelled;

/// Whether an app refuses a session that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DrillOutcome {
    /// It does, at once or some time later.
    Refused,
    /// It did not for as long as it was asked.
    StillLetIn,
}

spelled!(DrillOutcome { Refused = "refused", StillLetIn = "still_let_in" });
