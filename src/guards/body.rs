//! Reading a request's body, bounded in size and time, and putting it back for the handler.

use std::time::Duration;

use actix_web::HttpMessage;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::stream;

/// How many bytes a body may have by default. No form or JSON body of Portero's comes near this.
pub const MAX_BODY_BYTES: usize = 16 * 1024;
/// A body that trickles longer than this is an attack or a lost cause. Actix itself would wait for ever.
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// The body is over the limit, which is given in bytes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// The body did not arrive in time.
    #[error("the body did not arrive within {} seconds", READ_TIMEOUT.as_secs())]
    TooSlow,
    /// The connection broke, or what came is not valid HTTP.
    #[error("the body could not be read")]
    Broken,
}

/// Reads the whole body. `at_most`: its limit in bytes.
pub async fn read(headers: &HeaderMap, payload: &mut Payload, at_most: usize) -> Result<Bytes, BodyFault> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > at_most) {
        return Err(BodyFault::TooLarge(at_most));
    }
    let all = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| BodyFault::Broken)?;
            if body.len() + chunk.len() > at_most {
                return Err(BodyFault::TooLarge(at_most));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    actix_web::rt::time::timeout(READ_TIMEOUT, all).await.unwrap_or(Err(BodyFault::TooSlow))
}

/// Reads the whole body and puts it back, so that the handler can read it too.
pub(super) async fn peek(req: &mut ServiceRequest, at_most: usize) -> Result<Bytes, BodyFault> {
    let mut payload = req.take_payload();
    let body = read(req.headers(), &mut payload, at_most).await?;
    let again = stream::once(std::future::ready(Ok::<_, PayloadError>(body.clone())));
    req.set_payload(Payload::Stream { payload: Box::pin(again) });
    Ok(body)
}

/// Returns the fields of a URL-encoded form, in order. `None`: an escape is broken, or something is not UTF-8. Strict, because
/// two different passwords would become one if unreadable bytes turned into U+FFFD.
pub fn form_fields(body: &[u8]) -> Option<Vec<(String, String)>> {
    let text = |bytes: &[u8]| {
        let spaced: Vec<u8> = bytes.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
        let escapes_are_whole =
            spaced.iter().enumerate().filter(|(_, byte)| **byte == b'%').all(|(at, _)| {
                spaced.get(at + 1..at + 3).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
            });
        let decoded: Vec<u8> = percent_encoding::percent_decode(&spaced).collect();
        if escapes_are_whole { String::from_utf8(decoded).ok() } else { None }
    };
    body.split(|byte| *byte == b'&')
        .filter(|field| !field.is_empty())
        .map(|field| {
            let at = field.iter().position(|byte| *byte == b'=');
            let (name, value) = at.map_or((field, &[][..]), |at| (&field[..at], &field[at + 1..]));
            Some((text(name)?, text(value)?))
        })
        .collect()
}

/// Returns the boundary between the parts of a multipart form. `None`: the body is not one.
pub(super) fn multipart_boundary(headers: &HeaderMap) -> Option<String> {
    multer::parse_boundary(headers.get(CONTENT_TYPE)?.to_str().ok()?).ok()
}

/// Returns the text of the first field with this name. `None`: there is none, or the form can't be read.
pub(super) async fn multipart_field(body: Bytes, boundary: String, name: &str) -> Option<String> {
    let whole = stream::once(std::future::ready(Ok::<_, std::convert::Infallible>(body)));
    let mut form = multer::Multipart::new(whole, boundary);
    while let Ok(Some(field)) = form.next_field().await {
        if field.name() == Some(name) {
            return field.text().await.ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(body: &str) -> Option<Vec<(String, String)>> {
        form_fields(body.as_bytes())
    }

    #[test]
    fn a_form_reads_as_it_was_typed() {
        let read = fields("username=%C3%8D%C3%B1igo&password=a+b%26c&empty=&bare").unwrap();
        let expected = [("username", "Íñigo"), ("password", "a b&c"), ("empty", ""), ("bare", "")];
        assert_eq!(read, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn what_is_not_utf8_or_not_an_escape_is_refused_not_replaced() {
        for body in ["password=%ff", "password=%fe", "p=%C0%80", "p=%", "p=%4", "p=%zz", "%ff=x"] {
            assert_eq!(fields(body), None, "{body}");
        }
    }
}
