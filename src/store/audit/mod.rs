//! The audit log: what is recorded, what makes it prove itself, and how it is read.

pub mod admin_acts;
pub mod chain;
pub(super) mod end;
pub mod event;
pub mod fit;
pub mod head;
pub mod list;
pub mod operators;
pub mod seal;
pub mod verify;
