//! Portero judges ceremonies of passkeys as py_webauthn and @simplewebauthn/server do, or more strictly, and then it is listed here why.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};

use fastrand::Rng;
use portero::passkeys::strict::Answer;
use portero::passkeys::{Passkeys, Person};
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use crate::support::authenticator::{
    Authenticator, BACKED_UP, HAS_EXTENSIONS, MAY_BE_COPIED, Making, PRESENT, VERIFIED, base64,
};
use crate::{installed, root};

const ORIGIN: &str = "https://login.example";
/// How many ceremonies of each kind have a change at random, for each place where bytes can change.
const AT_RANDOM: usize = 150;

/// A ceremony, and what Portero says of it.
struct Judged {
    /// The kind of change.
    change: &'static str,
    question: Value,
    is_good: bool,
}

/// Changes to either ceremony.
type Wrong = (&'static str, fn(&mut Making));

const WRONG: [Wrong; 24] = [
    ("nothing", |_| {}),
    ("another challenge", |making| making.challenge = base64(&[7; 32])),
    ("part of the challenge", |making| making.challenge.truncate(20)),
    ("the other ceremony", |making| {
        making.kind = if making.kind == "webauthn.get" { "webauthn.create".into() } else { "webauthn.get".into() };
    }),
    ("another origin", |making| making.origin = "https://evil.example".into()),
    ("another port", |making| making.origin.push_str(":444")),
    ("a path behind the origin", |making| making.origin.push('/')),
    ("a subdomain", |making| making.origin = "https://a.login.example".into()),
    ("http for https", |making| making.origin = "http://login.example".into()),
    ("a frame of another site", |making| making.more = json!({ "crossOrigin": true })),
    ("a page around it", |making| making.more = json!({ "crossOrigin": false, "topOrigin": "https://evil.example" })),
    ("more in the client data", |making| making.more = json!({ "crossOrigin": false, "later": [1, { "a": null }] })),
    ("another host", |making| making.host = "evil.example".into()),
    ("nobody there", |making| making.flags &= !PRESENT),
    ("nobody verified", |making| making.flags &= !VERIFIED),
    ("copied, and never to be", |making| making.flags = making.flags & !MAY_BE_COPIED | BACKED_UP),
    ("something behind the data", |making| making.data_bytes = Box::new(|data| data.push(0))),
    ("data that is cut off", |making| making.data_bytes = Box::new(|data| data.truncate(36))),
    ("extensions", |making| {
        making.flags |= HAS_EXTENSIONS;
        making.extensions = b"\xa1\x6bcredProtect\x03".to_vec();
    }),
    ("extensions that are none", |making| {
        making.flags |= HAS_EXTENSIONS;
        making.extensions = vec![0x01];
    }),
    ("another id beside it", |making| making.told_id = vec![1; 32]),
    ("no client data", |making| making.client_bytes = Box::new(Vec::clear)),
    ("no last bytes", |making| making.last_bytes = Box::new(Vec::clear)),
    ("something behind the last bytes", |making| making.last_bytes = Box::new(|bytes| bytes.push(0))),
];

const WRONG_REGISTRATIONS: [Wrong; 11] = [
    ("no credential", |making| making.flags &= !0b0100_0000),
    ("an id that is too long", |making| {
        making.id = vec![1; 1024];
        making.told_id = making.id.clone();
    }),
    ("an algorithm that was not offered", |making| making.key[4] = 0x27),
    ("another curve", |making| making.key[6] = 0x02),
    ("another type of key", |making| making.key[2] = 0x03),
    ("a point off the curve", |making| making.key[20] ^= 1),
    ("a key without its second coordinate", |making| {
        making.key.truncate(42);
        making.key[0] = 0xa4;
    }),
    ("a key that says something twice", |making| {
        making.key[0] = 0xa6;
        making.key.extend(b"\x01\x02");
    }),
    ("a statement of nobody", |making| {
        making.format = "packed".into();
        making.statement = b"\xa2\x63alg\x26\x63sig\x41\x00".to_vec();
    }),
    ("an unknown format", |making| making.format = "other".into()),
    ("a statement for none", |making| making.statement = b"\xa1\x63alg\x26".to_vec()),
];

/// One change of some bytes, at random: a bit, a byte more, a byte less, or the end cut off.
fn at_random(rng: &mut Rng) -> impl Fn(&mut Vec<u8>) + 'static {
    let (how, at, bit) = (rng.u8(..4), rng.usize(..), rng.u8(..8));
    move |bytes: &mut Vec<u8>| {
        let at = at % bytes.len().max(1);
        match how {
            0 | 1 if !bytes.is_empty() => bytes[at] ^= 1 << bit,
            2 => bytes.insert(at, bit),
            3 if at > 0 => bytes.truncate(at),
            _ => bytes.push(bit),
        }
    }
}

struct Judge {
    here: Passkeys,
    rng: Rng,
    all: Vec<Judged>,
}

impl Judge {
    fn register(&mut self, change: &'static str, how: impl FnOnce(&mut Making)) {
        let mut authenticator = Authenticator::new(ORIGIN);
        let person = Person { handle: Uuid::from_u128(7), name: "ana", display_name: "Ana" };
        let begun = self.here.begin_registration(&person, &[]).unwrap();
        let options: Value = serde_json::from_str(&begun.options).unwrap();
        let answer = authenticator.create_wrong(&options, how);
        let read = Answer::parse(&answer);
        let is_good = read.is_some_and(|read| self.here.finish_registration(&begun.state, &read).is_ok());
        self.add(change, &options, answer, Value::Null, is_good);
    }

    fn sign(&mut self, change: &'static str, how: impl FnOnce(&mut Making)) {
        let mut authenticator = Authenticator::new(ORIGIN);
        let handle = Uuid::from_u128(7);
        let person = Person { handle, name: "ana", display_name: "Ana" };
        let begun = self.here.begin_registration(&person, &[]).unwrap();
        let made = authenticator.create(&serde_json::from_str(&begun.options).unwrap());
        let stored = self.here.finish_registration(&begun.state, &Answer::parse(&made).unwrap()).unwrap().stored;
        let begun = self.here.begin_use(&[]).unwrap();
        let options: Value = serde_json::from_str(&begun.options).unwrap();
        let answer = authenticator.get_wrong(&options, how);
        let is_good = Answer::parse(&answer)
            .is_some_and(|read| self.here.check_use(&begun.state, &read, &stored, handle).is_ok());
        self.add(change, &options, answer, base64(&authenticator.public_key()).into(), is_good);
    }

    fn add(&mut self, change: &'static str, options: &Value, answer: String, key: Value, is_good: bool) {
        let question = json!({
            "answer": answer, "challenge": options["challenge"], "host": "login.example", "origin": ORIGIN,
            "key": key, "algorithms": [-7, -35, -257],
        });
        self.all.push(Judged { change, question, is_good });
    }

    fn change(&mut self) -> Change {
        Box::new(at_random(&mut self.rng))
    }
}

/// What is done to some bytes of a ceremony.
type Change = Box<dyn Fn(&mut Vec<u8>)>;

fn ceremonies() -> Vec<Judged> {
    let here = Passkeys::at(&Url::parse(ORIGIN).unwrap(), "Portero").unwrap();
    let mut judge = Judge { here, rng: Rng::with_seed(20_261_127), all: Vec::new() };
    for (change, how) in WRONG {
        judge.register(change, how);
        judge.sign(change, how);
    }
    for (change, how) in WRONG_REGISTRATIONS {
        judge.register(change, how);
    }
    for _ in 0..AT_RANDOM {
        let change = judge.change();
        judge.register("client data at random", |making| making.client_bytes = change);
        let change = judge.change();
        judge.register("authenticator's data at random", |making| making.data_bytes = change);
        let change = judge.change();
        judge.register("attestation at random", |making| making.last_bytes = change);
        let change = judge.change();
        judge.register("key at random", |making| change(&mut making.key));
        let change = judge.change();
        judge.sign("client data at random", |making| making.client_bytes = change);
        let change = judge.change();
        judge.sign("authenticator's data at random", |making| making.data_bytes = change);
        let change = judge.change();
        judge.sign("signature at random", |making| making.last_bytes = change);
    }
    judge.all
}

/// What a peer says of each, empty if it is good.
fn ask(mut command: Command, questions: &[Value]) -> Vec<String> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let question = json!(questions).to_string();
    let writing = std::thread::spawn(move || input.write_all(question.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A difference: the ceremony, the change, which peers, whether it is Portero that takes it, and why.
type Difference = (&'static str, &'static str, &'static [&'static str], bool, &'static str);

const PY: &str = "webauthn";
const JS: &str = "simplewebauthn";

/// Where Portero and a peer differ.
const DIFFERENCES: [Difference; 21] = [
    ("registration", "a statement for none", &[PY, JS], true, "Portero asks for no statement, and reads none"),
    ("registration", "a statement of nobody", &[PY, JS], true, "the same"),
    ("registration", "an unknown format", &[PY, JS], true, "the same"),
    (
        "registration",
        "attestation at random",
        &[PY, JS],
        true,
        "the same, where the change is in the statement or its format",
    ),
    ("registration", "a frame of another site", &[PY, JS], false, "they leave that to the caller"),
    ("registration", "a page around it", &[PY, JS], false, "the same"),
    ("use", "a frame of another site", &[PY, JS], false, "the same"),
    ("use", "a page around it", &[PY], false, "the same"),
    ("registration", "another id beside it", &[PY, JS], false, "they take the id in the data, and don't compare"),
    ("use", "another id beside it", &[PY, JS], false, "they are given the key, whatever the id"),
    ("registration", "an id that is too long", &[PY, JS], false, "they set no limit"),
    ("registration", "another curve", &[PY, JS], false, "they look at a key when it is used"),
    ("registration", "another type of key", &[PY, JS], false, "the same"),
    ("registration", "a point off the curve", &[PY, JS], false, "the same"),
    ("registration", "a key without its second coordinate", &[JS], false, "the same"),
    ("registration", "key at random", &[PY, JS], false, "the same"),
    ("registration", "authenticator's data at random", &[PY, JS], false, "the same, and the id"),
    ("registration", "attestation at random", &[PY, JS], false, "the same, and what stands behind the object"),
    ("registration", "something behind the last bytes", &[PY, JS], false, "they don't look behind the object"),
    ("registration", "extensions that are none", &[PY], false, "it takes anything for extensions"),
    ("use", "extensions that are none", &[PY], false, "the same"),
];

/// The same where a few bytes decide, so that it is not seen every time.
const SELDOM: [Difference; 2] = [
    ("use", "something behind the last bytes", &[JS], false, "it does not look behind the signature"),
    ("use", "signature at random", &[JS], false, "the same"),
];

#[test]
fn a_thousand_changed_ceremonies_are_judged_as_others_judge_them() {
    let all = ceremonies();
    assert!(all.len() > 1000, "{}", all.len());
    let questions: Vec<Value> = all.iter().map(|one| one.question.clone()).collect();
    let mut python = Command::new(installed("python/bin/python"));
    python.arg(root().join("tests/peers/passkeys.py"));
    let mut node = Command::new("node");
    node.arg(root().join("tests/peers/passkeys.mjs")).env("PEERS", installed(""));
    let peers = [(PY, ask(python, &questions)), (JS, ask(node, &questions))];
    let mut found: BTreeMap<(&str, &str, &str, bool), (usize, String)> = BTreeMap::new();
    for (peer, verdicts) in &peers {
        assert_eq!(verdicts.len(), all.len());
        for (one, verdict) in all.iter().zip(verdicts) {
            if one.is_good != verdict.is_empty() {
                let ceremony = if one.question["key"].is_null() { "registration" } else { "use" };
                let entry = found.entry((ceremony, one.change, peer, one.is_good)).or_default();
                *entry = (entry.0 + 1, format!("{verdict} {}", one.question["answer"]));
            }
        }
    }
    let good = all.iter().filter(|one| one.is_good).count();
    let told = |of: &[Difference]| -> BTreeSet<_> {
        let each = |(ceremony, change, peers, is_good, _): &Difference| {
            peers.iter().map(|peer| (*ceremony, *change, *peer, *is_good)).collect::<Vec<_>>()
        };
        of.iter().flat_map(each).collect()
    };
    let (always, seldom) = (told(&DIFFERENCES), told(&SELDOM));
    let seen: BTreeSet<_> = found.keys().copied().collect();
    let unlisted: Vec<_> = found.iter().filter(|(key, _)| !always.contains(*key) && !seldom.contains(*key)).collect();
    assert!(unlisted.is_empty(), "{unlisted:#?}");
    assert!(always.is_subset(&seen), "no longer so: {:#?}", always.difference(&seen));
    assert!(good > 20, "{good} of {} are good", all.len());
}
