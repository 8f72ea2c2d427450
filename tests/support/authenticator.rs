//! An authenticator for passkeys, in software: what it answers can be made wrong in every part.

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub const PRESENT: u8 = 0b0000_0001;
pub const VERIFIED: u8 = 0b0000_0100;
pub const MAY_BE_COPIED: u8 = 0b0000_1000;
pub const BACKED_UP: u8 = 0b0001_0000;
const HAS_CREDENTIAL: u8 = 0b0100_0000;
pub const HAS_EXTENSIONS: u8 = 0b1000_0000;

pub fn base64(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

pub fn from_base64(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

/// What a page asks the browser, and the challenge that goes back with the answer.
pub struct Asked {
    pub options: Value,
    pub challenge: String,
}

/// Reads a page as its script does. `None`: the page asks for no passkey.
pub fn asked_on(page: &str) -> Option<Asked> {
    let between = |start: &str| Some(page.split_once(start)?.1.split_once('"')?.0.to_owned());
    let options = between("data-options=\"")?.replace("&#34;", "\"").replace("&quot;", "\"").replace("&#38;", "&");
    let challenge = between("name=\"passkey_challenge\" value=\"")?;
    Some(Asked {
        options: serde_json::from_str(&options).unwrap_or_else(|error| panic!("{error}: {options}")),
        challenge,
    })
}

/// A passkey with its authenticator.
pub struct Authenticator {
    key: EcdsaKeyPair,
    pub id: Vec<u8>,
    pub handle: Vec<u8>,
    pub counter: u32,
    /// The flags that its answers have.
    pub flags: u8,
    pub model: [u8; 16],
    origin: String,
}

/// What is done to bytes that are made.
pub type Change = Box<dyn Fn(&mut Vec<u8>)>;

/// An answer that is being made, with every part open to change.
pub struct Making {
    pub kind: String,
    pub challenge: String,
    pub origin: String,
    /// Besides these, in the client data.
    pub more: Value,
    pub host: String,
    pub flags: u8,
    pub counter: u32,
    pub id: Vec<u8>,
    /// The id that the browser tells beside it.
    pub told_id: Vec<u8>,
    /// CBOR.
    pub key: Vec<u8>,
    /// CBOR, after the key.
    pub extensions: Vec<u8>,
    /// Of the attestation.
    pub format: String,
    /// CBOR.
    pub statement: Vec<u8>,
    pub handle: Option<Vec<u8>>,
    /// Whether the authenticator says that the passkey can be found without a name.
    pub is_discoverable: Option<bool>,
    /// Changes bytes that are made: of the client data before they are signed, of the authenticator's data before they are signed, of the
    /// signature or attestation object.
    pub client_bytes: Change,
    pub data_bytes: Change,
    pub last_bytes: Change,
}

impl Authenticator {
    /// `origin`: of the page that it is used on.
    pub fn new(origin: &str) -> Self {
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new()).unwrap();
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref()).unwrap();
        let mut id = vec![0; 32];
        aws_lc_rs::rand::fill(&mut id).unwrap();
        Self {
            key,
            id,
            handle: Vec::new(),
            counter: 0,
            flags: PRESENT | VERIFIED,
            model: [0; 16],
            origin: origin.into(),
        }
    }

    /// The same with a passkey that is copied to other devices.
    pub fn synced(origin: &str) -> Self {
        Self { flags: PRESENT | VERIFIED | MAY_BE_COPIED | BACKED_UP, ..Self::new(origin) }
    }

    /// Makes the passkey, as the page's options ask.
    pub fn create(&mut self, options: &Value) -> String {
        self.create_wrong(options, |_| {})
    }

    pub fn create_wrong(&mut self, options: &Value, change: impl FnOnce(&mut Making)) -> String {
        self.handle = from_base64(options["user"]["id"].as_str().unwrap());
        let mut making = self.making("webauthn.create", options, &options["rp"]["id"]);
        making.flags |= HAS_CREDENTIAL;
        change(&mut making);
        let mut data = making.head();
        if making.flags & HAS_CREDENTIAL != 0 {
            data.extend(self.model);
            data.extend(u16::try_from(making.id.len()).unwrap().to_be_bytes());
            data.extend(&making.id);
            data.extend(&making.key);
        }
        data.extend(&making.extensions);
        (making.data_bytes)(&mut data);
        let mut object = b"\xa3\x63fmt".to_vec();
        object.push(0x60 + u8::try_from(making.format.len()).unwrap());
        object.extend(making.format.as_bytes());
        object.extend(b"\x67attStmt");
        object.extend(&making.statement);
        object.extend(b"\x68authData\x59");
        object.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        object.extend(data);
        (making.last_bytes)(&mut object);
        json!({
            "id": base64(&making.told_id),
            "rawId": base64(&making.told_id),
            "type": "public-key",
            "response": {
                "clientDataJSON": base64(&making.client_data()),
                "attestationObject": base64(&object),
            },
            "clientExtensionResults": { "credProps": { "rk": making.is_discoverable } },
        })
        .to_string()
    }

    /// Uses the passkey, as the page's options ask.
    pub fn get(&mut self, options: &Value) -> String {
        self.get_wrong(options, |_| {})
    }

    pub fn get_wrong(&mut self, options: &Value, change: impl FnOnce(&mut Making)) -> String {
        if self.counter > 0 {
            self.counter += 1;
        }
        let mut making = self.making("webauthn.get", options, &options["rpId"]);
        change(&mut making);
        let mut data = making.head();
        data.extend(&making.extensions);
        (making.data_bytes)(&mut data);
        let client_data = making.client_data();
        let signed = [data.as_slice(), digest(&SHA256, &client_data).as_ref()].concat();
        let mut signature = self.key.sign(&SystemRandom::new(), &signed).unwrap().as_ref().to_vec();
        (making.last_bytes)(&mut signature);
        json!({
            "id": base64(&making.told_id),
            "rawId": base64(&making.told_id),
            "type": "public-key",
            "response": {
                "clientDataJSON": base64(&client_data),
                "authenticatorData": base64(&data),
                "signature": base64(&signature),
                "userHandle": making.handle.as_deref().map(base64),
            },
            "clientExtensionResults": {},
        })
        .to_string()
    }

    fn making(&self, kind: &str, options: &Value, host: &Value) -> Making {
        Making {
            kind: kind.into(),
            challenge: options["challenge"].as_str().unwrap().into(),
            origin: self.origin.clone(),
            more: json!({ "crossOrigin": false }),
            host: host.as_str().unwrap().into(),
            flags: self.flags,
            counter: self.counter,
            id: self.id.clone(),
            told_id: self.id.clone(),
            key: self.public_key(),
            extensions: Vec::new(),
            format: "none".into(),
            statement: b"\xa0".to_vec(),
            handle: Some(self.handle.clone()),
            is_discoverable: Some(true),
            client_bytes: Box::new(|_| {}),
            data_bytes: Box::new(|_| {}),
            last_bytes: Box::new(|_| {}),
        }
    }

    /// The key as COSE has it: EC2, ES256, P-256, and its two coordinates.
    pub fn public_key(&self) -> Vec<u8> {
        let point = self.key.public_key().as_ref();
        [b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20".as_slice(), &point[1..33], b"\x22\x58\x20", &point[33..65]]
            .concat()
    }
}

impl Making {
    fn head(&self) -> Vec<u8> {
        let mut data = digest(&SHA256, self.host.as_bytes()).as_ref().to_vec();
        data.push(self.flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn client_data(&self) -> Vec<u8> {
        let mut data = json!({ "type": self.kind, "challenge": self.challenge, "origin": self.origin });
        for (name, value) in self.more.as_object().unwrap() {
            data[name] = value.clone();
        }
        let mut bytes = data.to_string().into_bytes();
        (self.client_bytes)(&mut bytes);
        bytes
    }
}
