//! `cargo +nightly fuzz run passkeys`: looks for bytes that make the reading of a passkey's answer panic: as what an authenticator made at a
//! registration, as its data at a use, as the browser's client data, and as the whole answer.

#![no_main]
#![allow(dead_code, reason = "the program uses the rest")]

use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use passkeys::strict::{Answer, read_anything};
use passkeys::{Begun, Passkeys, Person};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

// The file itself: of the program, it needs nothing else.
#[path = "../../src/passkeys/mod.rs"]
mod passkeys;

const ID: &str = "AQEBAQEBAQEBAQEBAQEBAQ";
/// The key of a passkey, as COSE has it: the point that the curve P-256 is generated from.
const KEY: &str = "a50102032620012158206b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296\
                   2258204fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5";

struct Ceremonies {
    here: Passkeys,
    registration: Begun,
    used: Begun,
    /// A passkey that was registered.
    stored: String,
}

static CEREMONIES: LazyLock<Ceremonies> = LazyLock::new(|| {
    let url = Url::parse("https://login.example").expect("it is an address");
    let here = Passkeys::at(&url, "Portero").expect("it has a name and https");
    let person = Person { handle: Uuid::from_u128(7), name: "ana", display_name: "Ana" };
    let registration = here.begin_registration(&person, &[]).expect("it begins");
    let used = here.begin_use(&[]).expect("it begins");
    let made = json!({
        "clientDataJSON": client_data("webauthn.create", &registration),
        "attestationObject": URL_SAFE_NO_PAD.encode(attestation()),
    });
    let answer = Answer::parse(&answer(&made)).expect("it is an answer");
    let stored = here.finish_registration(&registration.state, &answer).expect("it is a good one").stored;
    Ceremonies { here, registration, used, stored }
});

fn attestation() -> Vec<u8> {
    let mut data = digest(&SHA256, b"login.example").as_ref().to_vec();
    data.extend([0x45, 0, 0, 0, 0]);
    data.extend([0; 16]);
    data.extend([0, 16]);
    data.extend([1; 16]);
    data.extend((0..KEY.len()).step_by(2).map(|at| u8::from_str_radix(&KEY[at..at + 2], 16).expect("it is hexadecimal")));
    let mut object = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
    object.push(u8::try_from(data.len()).expect("it is short"));
    object.extend(data);
    object
}

fn answer(response: &Value) -> String {
    json!({ "id": ID, "rawId": ID, "type": "public-key", "response": response }).to_string()
}

fn client_data(kind: &str, begun: &Begun) -> String {
    let options: Value = serde_json::from_str(&begun.options).expect("it is JSON");
    let data = json!({ "type": kind, "challenge": options["challenge"], "origin": "https://login.example" });
    URL_SAFE_NO_PAD.encode(data.to_string())
}

fn judge(response: &Value) {
    if let Some(answer) = Answer::parse(&answer(response)) {
        let all = &*CEREMONIES;
        drop(all.here.finish_registration(&all.registration.state, &answer));
        drop(all.here.check_use(&all.used.state, &answer, &all.stored, Uuid::from_u128(7)));
    }
}

fuzz_target!(|bytes: &[u8]| {
    read_anything(bytes);
    let text = URL_SAFE_NO_PAD.encode(bytes);
    let (made, used) = (
        client_data("webauthn.create", &CEREMONIES.registration),
        client_data("webauthn.get", &CEREMONIES.used),
    );
    judge(&json!({ "clientDataJSON": made, "attestationObject": text }));
    judge(&json!({ "clientDataJSON": used, "authenticatorData": text, "signature": "AAAA" }));
    judge(&json!({ "clientDataJSON": text, "authenticatorData": text, "signature": text }));
    if let Ok(text) = std::str::from_utf8(bytes) {
        drop(Answer::parse(text));
    }
});
