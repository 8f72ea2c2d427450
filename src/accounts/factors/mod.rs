//! Second factors: adding, renaming and removing one's own, recovery codes, and taking away somebody else's that are lost.

pub mod added;
pub mod passkey;
pub mod recovery;
pub mod remove;
pub mod rename;
pub mod reset;
pub mod totp;
