//! The HTTP of Portero: `http` has what every request and answer needs, `browser` what a browser carries, `pages`
//! what pages are made of, and `rooms` the pages and endpoints themselves, one file each. `routes` lists every path;
//! `app` is what handlers work with; `openapi` tells programs what they may call.

mod answers;
mod app;
mod browser;
mod hooks;
mod http;
mod openapi;
mod pages;
mod rooms;
mod routes;

pub use app::{App, Shared};
pub use http::answer_counts::AnswerCounts;
pub use http::headers::put_headers;
pub use openapi::document::document as openapi_document;
pub use routes::routes;
