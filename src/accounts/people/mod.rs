//! People: adding, inviting and setting up, passwords and links, states and roles.

pub mod add;
pub mod after_restore;
pub mod change_password;
pub mod details;
pub mod forgotten_password;
pub mod groups;
pub mod import;
pub mod links;
pub mod locale;
pub mod own_address;
pub mod rename;
pub mod report;
pub mod restore;
pub mod set_password;
pub mod set_up;
pub mod state;
pub mod use_link;
