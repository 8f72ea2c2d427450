//! What programs may call, as an OpenAPI document and as a page. The table has one entry for each operation that answers programs; the
//! types of bodies and answers stand beside the handlers that read and give them. `tests/web/promises/openapi.rs` compares the table with
//! the routes, and every answer that any test gets with the document.

mod access;
pub(in crate::web) mod document;
mod operation;
pub(in crate::web) mod page;
mod schemas;
pub(in crate::web) mod show;
mod standards;
mod table;
