//! Exports: lists as files, in parts, so that neither memory nor the database has to hold all of one.

pub mod format;
pub mod parts;
pub mod record;
mod rows;
pub mod selection;
