//! The apps beside Portero: their credentials, what they have revoked, and who may enter those that stand behind the gate.

pub mod check;
pub mod credentials;
pub mod entry;
pub mod manage;
pub mod revoke;
