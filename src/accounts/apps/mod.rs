//! The apps beside Portero: their credentials, what they have revoked, and who may enter those that stand behind the gate.

pub mod assertion;
pub mod bell;
pub mod check;
pub mod credentials;
pub mod entry;
pub mod kept_assertions;
pub mod keys;
pub mod manage;
pub mod revoke;
pub mod sign_outs;
