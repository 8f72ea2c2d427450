//! Second factors: adding and removing one's own, recovery codes, taking away somebody else's that are lost, and forgetting browsers
//! that stand in for them.

pub mod enrolment_link;
pub mod recovery;
pub mod remove;
pub mod reset;
pub mod totp;
pub mod trusted_browsers;
