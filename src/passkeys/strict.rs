//! What a browser answered, read strictly, and the checks that come before the library's.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;
use uuid::Uuid;

use super::Refusal;

/// The longest id of a credential, in bytes. (WebAuthn Level 3, §4)
const LONGEST_ID: usize = 1023;
/// Bits of the authenticator data's flags. (§6.1)
const HAS_CREDENTIAL: u8 = 0b0100_0000;
const HAS_EXTENSIONS: u8 = 0b1000_0000;
/// The hash of the host, the flags, and the count.
const HEAD: usize = 32 + 1 + 4;
/// How deep CBOR may be nested: deeper than any authenticator goes.
const DEEPEST: u8 = 8;
/// How many members a map may have: more than any authenticator gives.
const MOST_MEMBERS: u64 = 32;

pub(super) fn to_base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// What a browser answered to a ceremony.
#[derive(Debug)]
pub struct Answer {
    /// In Base64url.
    pub credential_id: String,
    pub(super) client_data: Vec<u8>,
    pub(super) ceremony: Ceremony,
}

#[derive(Debug)]
pub(super) enum Ceremony {
    Registration { attestation: Vec<u8>, is_discoverable: Option<bool> },
    Use { authenticator_data: Vec<u8>, signature: Vec<u8>, user_handle: Option<Vec<u8>> },
}

/// `RegistrationResponseJSON` and `AuthenticationResponseJSON`, as far as they matter here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Json {
    id: String,
    raw_id: String,
    #[serde(rename = "type")]
    kind: String,
    response: Response,
    #[serde(default)]
    client_extension_results: Extensions,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Response {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    attestation_object: Option<String>,
    authenticator_data: Option<String>,
    signature: Option<String>,
    user_handle: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Extensions {
    cred_props: CredProps,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct CredProps {
    rk: Option<bool>,
}

/// What the browser says of where it was asked. (§5.8.1) Members that come twice are refused.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    origin: String,
    cross_origin: Option<bool>,
    top_origin: Option<serde_json::Value>,
}

/// The parts of a registration that others need.
pub(super) struct Registered<'a> {
    pub(super) authenticator_data: &'a [u8],
    pub(super) model: Uuid,
}

impl Answer {
    /// Reads what a page sends. `None`: it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let json: Json = serde_json::from_str(text).ok()?;
        let id = from_base64(&json.raw_id)?;
        if json.kind != "public-key" || json.id != json.raw_id || id.is_empty() || id.len() > LONGEST_ID {
            return None;
        }
        let response = json.response;
        let ceremony = match (response.attestation_object, response.authenticator_data, response.signature) {
            (Some(attestation), _, None) => Ceremony::Registration {
                attestation: from_base64(&attestation)?,
                is_discoverable: json.client_extension_results.cred_props.rk,
            },
            (None, Some(authenticator_data), Some(signature)) => Ceremony::Use {
                authenticator_data: from_base64(&authenticator_data)?,
                signature: from_base64(&signature)?,
                user_handle: match response.user_handle {
                    Some(handle) => Some(from_base64(&handle)?),
                    None => None,
                },
            },
            _ => return None,
        };
        Some(Self { credential_id: json.raw_id, client_data: from_base64(&response.client_data)?, ceremony })
    }

    pub(super) fn registration(&self, origin: &str) -> Result<Registered<'_>, Refusal> {
        let Ceremony::Registration { attestation, is_discoverable } = &self.ceremony else {
            return Err(Refusal::OtherCeremony);
        };
        self.check_client_data("webauthn.create", origin)?;
        if *is_discoverable == Some(false) {
            return Err(Refusal::NotDiscoverable);
        }
        let authenticator_data = authenticator_data_in(attestation).ok_or(Refusal::Unreadable)?;
        let credential = read(authenticator_data).ok_or(Refusal::Unreadable)?.ok_or(Refusal::Unreadable)?;
        if to_base64(credential.id) != self.credential_id {
            return Err(Refusal::Unreadable);
        }
        Ok(Registered { authenticator_data, model: credential.model })
    }

    pub(super) fn check_use(&self, origin: &str) -> Result<(), Refusal> {
        let Ceremony::Use { authenticator_data, .. } = &self.ceremony else { return Err(Refusal::OtherCeremony) };
        self.check_client_data("webauthn.get", origin)?;
        read(authenticator_data).map(drop).ok_or(Refusal::Unreadable)
    }

    fn check_client_data(&self, kind: &str, origin: &str) -> Result<(), Refusal> {
        let data: ClientData = serde_json::from_slice(&self.client_data).map_err(|_| Refusal::Unreadable)?;
        if data.kind != kind {
            return Err(Refusal::OtherCeremony);
        }
        if data.origin != origin {
            return Err(Refusal::OtherOrigin);
        }
        if data.cross_origin == Some(true) || data.top_origin.is_some() {
            return Err(Refusal::Framed);
        }
        Ok(())
    }
}

/// The credential in an authenticator's data.
struct Attested<'a> {
    model: Uuid,
    id: &'a [u8],
}

/// Reads an authenticator's data to its last byte. `None`: it is none, or something follows it. `Some(None)`: it holds no credential.
fn read(data: &[u8]) -> Option<Option<Attested<'_>>> {
    let (head, mut rest) = data.split_at_checked(HEAD)?;
    let flags = *head.get(32)?;
    let mut attested = None;
    if flags & HAS_CREDENTIAL != 0 {
        let (model, after) = rest.split_at_checked(16)?;
        let (length, after) = after.split_at_checked(2)?;
        let length = usize::from(u16::from_be_bytes(length.try_into().ok()?));
        let (id, after) = after.split_at_checked(length)?;
        let (_, after) = map(after)?;
        if id.is_empty() || id.len() > LONGEST_ID {
            return None;
        }
        attested = Some(Attested { model: Uuid::from_slice(model).ok()?, id });
        rest = after;
    }
    if flags & HAS_EXTENSIONS != 0 {
        rest = map(rest)?.1;
    }
    rest.is_empty().then_some(attested)
}

/// The authenticator's data in an attestation object. (§6.5.4)
fn authenticator_data_in(object: &[u8]) -> Option<&[u8]> {
    let (members, rest) = map(object)?;
    if !rest.is_empty() {
        return None;
    }
    let has = |name: &str| members.iter().find(|(key, _)| is_text(key, name)).map(|(_, value)| *value);
    has("fmt").and(has("attStmt"))?;
    let value = has("authData")?;
    let (head, rest) = head(value)?;
    (head.major == BYTES && rest.len() == head.length()?).then_some(rest)
}

/// An attestation object with this data and no statement.
pub(super) fn without_attestation(authenticator_data: &[u8]) -> Vec<u8> {
    let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".to_vec();
    // It fits: what is longer came in a form that is longer than forms may be.
    object.extend(u16::try_from(authenticator_data.len()).unwrap_or(u16::MAX).to_be_bytes());
    object.extend(authenticator_data);
    object
}

/// Major types of CBOR. (RFC 8949 §3.1)
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;

struct Head {
    major: u8,
    value: u64,
}

impl Head {
    fn length(&self) -> Option<usize> {
        usize::try_from(self.value).ok()
    }
}

/// Reads the head of an item. `None`: it is cut off, or of indefinite length, which authenticators must not use. (CTAP 2, §8)
fn head(bytes: &[u8]) -> Option<(Head, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (major, short) = (first >> 5, first & 31);
    let size = match short {
        0..24 => return Some((Head { major, value: short.into() }, rest)),
        24 => 1,
        25 => 2,
        26 => 4,
        27 => 8,
        _ => return None,
    };
    let (number, rest) = rest.split_at_checked(size)?;
    let value = number.iter().fold(0, |value: u64, byte| value << 8 | u64::from(*byte));
    Some((Head { major, value }, rest))
}

/// What follows one whole item.
fn skip(bytes: &[u8], depth: u8) -> Option<&[u8]> {
    let (head, mut rest) = head(bytes)?;
    let items = match head.major {
        BYTES | TEXT => return Some(rest.split_at_checked(head.length()?)?.1),
        ARRAY => head.value,
        MAP => head.value.checked_mul(2)?,
        TAG => 1,
        _ => return Some(rest),
    };
    let depth = depth.checked_sub(1)?;
    for _ in 0..items {
        rest = skip(rest, depth)?;
    }
    Some(rest)
}

/// The members of a map, each key and value as they stand there, and what follows it. `None`: it is no map, has too many, or a key comes twice.
#[allow(clippy::type_complexity, reason = "a type for pairs of slices would say no more")]
fn map(bytes: &[u8]) -> Option<(Vec<(&[u8], &[u8])>, &[u8])> {
    let (head, mut rest) = head(bytes)?;
    if head.major != MAP || head.value > MOST_MEMBERS {
        return None;
    }
    let mut members: Vec<(&[u8], &[u8])> = Vec::new();
    for _ in 0..head.value {
        let after_key = skip(rest, DEEPEST)?;
        let after = skip(after_key, DEEPEST)?;
        let key = rest.get(..rest.len() - after_key.len())?;
        if members.iter().any(|(known, _)| *known == key) {
            return None;
        }
        members.push((key, after_key.get(..after_key.len() - after.len())?));
        rest = after;
    }
    Some((members, rest))
}

fn is_text(item: &[u8], text: &str) -> bool {
    head(item).is_some_and(|(head, rest)| head.major == TEXT && rest == text.as_bytes())
}

/// Reads these bytes as each of the things that are read here: for fuzzing.
#[doc(hidden)]
pub fn read_anything(bytes: &[u8]) -> [bool; 3] {
    [read(bytes).is_some(), authenticator_data_in(bytes).is_some(), skip(bytes, DEEPEST).is_some()]
}
