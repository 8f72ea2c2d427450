//! The apps beside Portero: their credentials, what they have revoked, who may enter those that stand behind the gate, and what those are
//! given that sign people in by OpenID Connect.

pub mod assertion;
pub mod check;
pub mod credentials;
pub mod drill;
pub mod entry;
pub mod exactness;
pub mod kept_assertions;
pub mod keys;
pub mod manage;
pub mod openid;
pub mod revoke;
pub mod sign_outs;
pub mod signed_lists;
pub mod status_list;
