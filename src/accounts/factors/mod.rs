//! Second factors: adding and removing one's own, recovery codes, and taking away somebody else's that are lost.

pub mod recovery;
pub mod remove;
pub mod reset;
pub mod totp;
