//! When the keys that sign for apps are made, begin to sign, and are let go.

use crate::domain::UnixTime;
use crate::store::signing_keys::{KeyRow, KeyState};

/// How long a key signs for apps, in seconds. Then the next one does, which nobody has to think of.
const SIGNS_FOR: i64 = 90 * DAY;
/// How long before it signs for apps a key can be read by them, in seconds: much longer than they keep the key set.
const ANNOUNCED_FOR: i64 = 2 * DAY;
/// How long after it signed for apps a key is still read, in seconds. Anything that it signed is good for an hour at most; but an app shows an
/// ID token of the session when somebody signs out, and a session lasts for thirty days if nobody has set anything else.
const READ_FOR: i64 = 32 * DAY;
const DAY: i64 = 24 * 60 * 60;

/// What is to be done next with the ring for apps.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Make a key that apps can read and that signs later.
    Announce,
    /// Let the one that has waited longest sign.
    Promote,
    Retire(String),
}

/// The first step that is due. `rows`: each with whether its key can be read.
pub(super) fn due(rows: &[(bool, KeyRow)], now: UnixTime) -> Option<Step> {
    let lost = |(is_readable, row): &&(bool, KeyRow)| !is_readable && row.state != KeyState::Signing;
    if let Some((_, row)) = rows.iter().find(lost) {
        return Some(Step::Retire(row.kid.clone()));
    }
    let waiting = rows.iter().find(|(_, row)| row.state == KeyState::Pending);
    let signs_since = rows.iter().find(|(is_readable, row)| *is_readable && row.state == KeyState::Signing);
    let Some(signs_since) = signs_since.map(|(_, row)| row.since) else {
        return Some(if waiting.is_some() { Step::Promote } else { Step::Announce });
    };
    match waiting {
        None if now >= signs_since.plus(SIGNS_FOR - ANNOUNCED_FOR) => return Some(Step::Announce),
        // Never before apps have had the time to read it, also if the server did not run when it should have been made.
        Some((_, row)) if now >= signs_since.plus(SIGNS_FOR) && now >= row.since.plus(ANNOUNCED_FOR) => {
            return Some(Step::Promote);
        }
        Some(_) | None => {}
    }
    let read_long_enough = |row: &KeyRow| row.state == KeyState::VerifyOnly && now >= row.since.plus(READ_FOR);
    rows.iter().find(|(_, row)| read_long_enough(row)).map(|(_, row)| Step::Retire(row.kid.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::signing_keys::KeyPurpose;

    fn row(state: KeyState, since: i64) -> (bool, KeyRow) {
        let kid = format!("{}{since}", state.as_str());
        let (algorithm, file) = ("ES256".to_owned(), String::new());
        let row = KeyRow {
            purpose: KeyPurpose::Apps,
            kid,
            algorithm,
            state,
            file,
            created_at: UnixTime(0),
            since: UnixTime(since),
        };
        (true, row)
    }

    #[test]
    fn a_key_can_be_read_before_it_signs_and_after() {
        use KeyState::{Pending, Signing, VerifyOnly};
        let at = |rows: &[(bool, KeyRow)], days: i64| due(rows, UnixTime(days * DAY));
        assert_eq!(at(&[], 0), Some(Step::Announce));
        assert_eq!(at(&[row(Pending, 0)], 0), Some(Step::Promote), "nothing was signed so far");
        assert_eq!(at(&[row(Signing, 0)], 87), None);
        assert_eq!(at(&[row(Signing, 0)], 88), Some(Step::Announce));
        let announced = [row(Signing, 0), row(Pending, 88 * DAY)];
        assert_eq!((at(&announced, 89), at(&announced, 90)), (None, Some(Step::Promote)));
        let late = [row(Signing, 0), row(Pending, 200 * DAY)];
        assert_eq!((at(&late, 201), at(&late, 202)), (None, Some(Step::Promote)));
        let rotated = [row(VerifyOnly, 90 * DAY), row(Signing, 90 * DAY)];
        assert_eq!(at(&rotated, 121), None);
        assert_eq!(at(&rotated, 122), Some(Step::Retire(format!("verify_only{}", 90 * DAY))));
    }

    #[test]
    fn a_lost_key_is_replaced() {
        let lost = |(_, row)| (false, row);
        let gone = lost(row(KeyState::Signing, 0));
        assert_eq!(due(std::slice::from_ref(&gone), UnixTime(1)), Some(Step::Announce));
        assert_eq!(due(&[gone, row(KeyState::Pending, 1)], UnixTime(1)), Some(Step::Promote));
        let replaced = [lost(row(KeyState::VerifyOnly, 1)), row(KeyState::Signing, 1)];
        assert_eq!(due(&replaced, UnixTime(1)), Some(Step::Retire("verify_only1".into())));
    }
}
