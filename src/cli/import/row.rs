//! One user as a file has them, and what is wrong with that.

use crate::accounts::people::import::Newcomer;
use crate::domain::{DetailFault, DisplayName, GroupName, Mail, Role, Username};
use crate::passwords::{BroughtHash, HashFault, MovedPepper, Passwords};

/// One user, in the words of the file.
#[derive(Clone, Default)]
pub(super) struct Row {
    /// Where in the file they are, such as `line 7`.
    pub place: String,
    pub username: String,
    pub display_name: String,
    pub mail: String,
    /// Empty: no.
    pub mail_verified: String,
    pub groups: Vec<String>,
    /// Empty: a user.
    pub role: String,
    /// Empty: enabled.
    pub state: String,
    /// Empty: none.
    pub hash: String,
}

/// What becomes of a hash of a kind that is not taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum UnknownHashes {
    /// It is a fault.
    AreFaults,
    /// The user comes without a password.
    AreDropped,
}

/// How hashes are taken over.
pub(super) struct Hashes<'a> {
    pub passwords: &'a Passwords,
    /// Those of other installations whose hashes may be in the file.
    pub peppers: Vec<MovedPepper>,
    pub unknown: UnknownHashes,
}

impl Hashes<'_> {
    fn take_over(&self, text: &str) -> Result<BroughtHash, HashFault> {
        self.passwords.take_over(text, &self.peppers)
    }
}

impl Row {
    /// All that is wrong with the row, or the user.
    pub(super) fn newcomer(&self, hashes: &Hashes<'_>) -> Result<Newcomer, Vec<String>> {
        let mut faults = Vec::new();
        let username = noted(
            Username::parse(&self.username).map_err(|fault| format!("{:?}: {fault}", self.username)),
            &mut faults,
        );
        let display_name =
            noted(DisplayName::parse(&self.display_name).map_err(|fault| detail("display name", fault)), &mut faults);
        let mail = noted(Mail::parse(&self.mail).map_err(|fault| detail("mail address", fault)), &mut faults);
        let mail_is_verified = noted(is_verified(&self.mail_verified), &mut faults);
        let groups: Option<Vec<GroupName>> = self
            .groups
            .iter()
            .map(|name| noted(GroupName::parse(name).map_err(|fault| format!("{name:?}: {fault}")), &mut faults))
            .collect();
        let role = noted(role(&self.role), &mut faults);
        let is_disabled = noted(is_disabled(&self.state), &mut faults);
        let hash = match (self.hash.trim(), hashes.unknown) {
            ("", _) => Some(None),
            (text, UnknownHashes::AreFaults) => {
                noted(hashes.take_over(text).map(Some).map_err(|fault| fault.to_string()), &mut faults)
            }
            (text, UnknownHashes::AreDropped) => Some(hashes.take_over(text).ok()),
        };
        let whole = || {
            Some(Newcomer {
                username: username?,
                display_name: display_name?,
                mail: mail?,
                mail_is_verified: mail_is_verified?,
                groups: groups?,
                role: role?,
                is_disabled: is_disabled?,
                hash: hash?,
            })
        };
        whole().ok_or(faults)
    }

    pub(super) fn has_unknown_hash(&self, hashes: &Hashes<'_>) -> bool {
        let text = self.hash.trim();
        !text.is_empty() && hashes.take_over(text).is_err()
    }
}

fn noted<T>(result: Result<T, String>, faults: &mut Vec<String>) -> Option<T> {
    result.map_err(|fault| faults.push(fault)).ok()
}

fn detail(what: &str, fault: DetailFault) -> String {
    match fault {
        DetailFault::Length => format!("the {what} is too long"),
        DetailFault::Form => format!("this is no {what}"),
    }
}

fn role(text: &str) -> Result<Role, String> {
    let text = text.trim().to_lowercase();
    if text.is_empty() {
        Ok(Role::User)
    } else {
        Role::parse(&text).ok_or_else(|| format!("{text:?} is no role: user or admin"))
    }
}

fn is_disabled(text: &str) -> Result<bool, String> {
    match text.trim().to_lowercase().as_str() {
        "" | "enabled" | "active" | "invited" => Ok(false),
        "disabled" | "inactive" => Ok(true),
        "deleted" => Err("a deleted user is not imported".into()),
        other => Err(format!("{other:?} is no state: enabled or disabled")),
    }
}

/// A date, as in Portero's own export, says since when.
fn is_verified(text: &str) -> Result<bool, String> {
    match text.trim().to_lowercase().as_str() {
        "" | "false" | "no" | "0" | "null" => Ok(false),
        "true" | "yes" | "1" => Ok(true),
        date if date.parse::<jiff::Timestamp>().is_ok() => Ok(true),
        other => Err(format!("{other:?} does not say whether the mail address is verified: true or false")),
    }
}
