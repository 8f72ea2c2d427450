//! Second factors: adding, renaming and removing one's own, recovery codes, taking away somebody else's that are lost, and forgetting
//! browsers that stand in for them.

pub mod added;
pub mod enrolment_link;
pub mod passkey;
pub mod recovery;
pub mod remove;
pub mod rename;
pub mod reset;
pub mod totp;
pub mod trusted_browsers;
