//! What programs may call, as an OpenAPI document and as a page. The table has one entry for each operation that answers programs; the
//! types of bodies and answers stand beside the handlers that read and give them. `tests/web/promises/openapi.rs` compares the table with
//! the routes, and every answer that any test gets with the document.

mod access;
mod document;
mod operation;
mod page;
mod schemas;
mod show;
mod standards;
mod table;

pub use document::document;
pub(in crate::web) use page::page;
pub(in crate::web) use show::show;
