//! The apps beside Portero: their credentials, and what they have revoked.

pub mod credentials;
pub mod revoke;
