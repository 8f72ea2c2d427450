//! The style sheet, scripts and icon, which are part of the binary.

use std::sync::LazyLock;

use aws_lc_rs::digest;

/// A file, and what is sent along with it.
pub(in crate::web) struct File {
    name: &'static str,
    pub(in crate::web) content_type: &'static str,
    pub(in crate::web) content: &'static [u8],
    /// The beginning of the content's hash.
    pub(in crate::web) version: String,
}

static FILES: LazyLock<[File; 5]> = LazyLock::new(|| {
    [
        file(
            "style.css",
            "text/css; charset=utf-8",
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/static/style.css")),
        ),
        file(
            "portero.js",
            "text/javascript; charset=utf-8",
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/static/portero.js")),
        ),
        file(
            "passkeys.js",
            "text/javascript; charset=utf-8",
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/static/passkeys.js")),
        ),
        file(
            "send.js",
            "text/javascript; charset=utf-8",
            include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/static/send.js")),
        ),
        file("icon.svg", "image/svg+xml", include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/static/icon.svg"))),
    ]
});

fn file(name: &'static str, content_type: &'static str, content: &'static [u8]) -> File {
    let hash = digest::digest(&digest::SHA256, content);
    let version = hex::encode(hash.as_ref()).chars().take(12).collect();
    File { name, content_type, content, version }
}

pub(in crate::web) fn find(name: &str) -> Option<&'static File> {
    FILES.iter().find(|file| file.name == name)
}

/// The file's address, which changes with its content.
pub(in crate::web) fn url(name: &str) -> String {
    find(name).map_or_else(String::new, |file| format!("/static/{name}?v={}", file.version))
}
