//! The byte order mark that some editors and shells put before a text: it is no part of what somebody wrote.

/// The text without a byte order mark before it. (UTF-8's, which is `EF BB BF`)
pub(crate) fn without_bom(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text)
}
