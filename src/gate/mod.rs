//! What a proxy that asks Portero about a request tells of it, as values. No HTTP, no SQL: who may enter, and what the answer is, is
//! decided elsewhere.

pub mod forwarded;
pub mod headers;
pub mod paths;
pub mod probes;

#[cfg(test)]
mod tests;
