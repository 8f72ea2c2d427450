//! Keys, and facts about the installation.

use portero::domain::AppAlgorithm;
use portero::store::instance;
use portero::store::shared_keys::{self, MasterKeyName, SealedKey};
use portero::store::signing_keys::{self, KeyPurpose, KeyRow, KeyState};

use super::{Transcript, at, call, known};

#[test]
fn signing_keys_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let key = |kid: &str, purpose, state| KeyRow {
            purpose,
            kid: kid.into(),
            algorithm: "ES256".into(),
            state,
            file: format!("{kid}.pem"),
            created_at: at(300),
            since: at(300),
        };
        known!(
            t,
            signing_keys::for_apps,
            AppAlgorithm::ALL.iter().map(|one| KeyPurpose::for_apps(*one)).collect::<Vec<_>>()
        );
        call!(t, signing_keys::every());
        call!(t, signing_keys::add(&key("b", KeyPurpose::Sessions, KeyState::Signing)));
        call!(t, signing_keys::add(&key("b", KeyPurpose::Apps, KeyState::Pending)));
        call!(t, signing_keys::add(&key("a", KeyPurpose::Sessions, KeyState::Pending)));
        call!(t, signing_keys::add(&key("c", KeyPurpose::Apps, KeyState::Signing)));
        call!(t, signing_keys::all(KeyPurpose::Sessions));
        call!(t, signing_keys::every() => |all| format!("{:?}", all.iter().map(|key| &key.kid).collect::<Vec<_>>()));
        call!(t, signing_keys::remove("b"));
        call!(t, signing_keys::remove("nothing"));
        call!(t, signing_keys::promote(KeyPurpose::Sessions, "a", at(400)));
        call!(t, signing_keys::remove("b"));
        call!(t, signing_keys::promote(KeyPurpose::Apps, "A", at(401)));
        call!(t, signing_keys::add(&key("d", KeyPurpose::Sessions, KeyState::Signing)));
    });
    transcript.compare("signing_keys");
}

#[test]
fn shared_keys_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let under = MasterKeyName { id: "k1".into(), fingerprint: "f:1".into() };
        let sealed = |file: &str| SealedKey { file: file.into(), sealed: vec![0, 255], under: under.clone() };
        known!(t, shared_keys::parse, (MasterKeyName::parse(&under.to_string()), MasterKeyName::parse("none")));
        call!(t, shared_keys::find("one"));
        call!(t, shared_keys::add("one", &[0, 255, 39]));
        call!(t, shared_keys::add("one", &[]));
        call!(t, shared_keys::add("two", &[]));
        call!(t, shared_keys::find("one"));
        call!(t, shared_keys::find("two"));
        call!(t, shared_keys::find("ONE"));
        // In the order of their bytes.
        for file in ["b_x", "b-x", "Zoo", "ñ"] {
            call!(t, shared_keys::add_under_master_key(&sealed(file)));
        }
        call!(t, shared_keys::add_under_master_key(&sealed("one")));
        call!(t, shared_keys::find("b_x"));
        call!(t, shared_keys::under_master_key("b_x"));
        call!(t, shared_keys::under_master_key("one"));
        call!(t, shared_keys::all_under_master_keys() => |all| format!("{:?}", all.iter().map(|key| &key.file).collect::<Vec<_>>()));
        call!(t, shared_keys::replace(&SealedKey { sealed: vec![1], ..sealed("b_x") }));
        call!(t, shared_keys::replace(&sealed("nothing")));
        call!(t, shared_keys::remove("b-x"));
        call!(t, shared_keys::remove("b-x"));
        call!(t, shared_keys::remove_those_for_folders());
        t.execute("UPDATE shared_keys SET master_key = 'no name'");
        call!(t, shared_keys::under_master_key("b_x"));
    });
    transcript.compare("shared_keys");
}

#[test]
fn facts_about_the_installation_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        call!(t, instance::get(instance::PEPPER));
        call!(t, instance::set(instance::PEPPER, "Ñ 'x' \\"));
        call!(t, instance::set(instance::PEPPER, ""));
        call!(t, instance::get(instance::PEPPER));
        call!(t, instance::get("PEPPER"));
        call!(t, instance::changed());
        call!(t, instance::note_change());
        call!(t, instance::note_change());
        call!(t, instance::changed());
        call!(t, instance::taken_up());
        call!(t, instance::note_taken_up(2));
        call!(t, instance::note_taken_up(2));
        call!(t, instance::taken_up());
        call!(t, instance::restored());
        call!(t, instance::moment(instance::LAST_BACKUP));
        for text in ["0", "-1", "300", "9223372036854775807", "9223372036854775808", "soon"] {
            call!(t, instance::set(instance::LAST_BACKUP, text));
            call!(t, instance::moment(instance::LAST_BACKUP));
        }
        call!(t, instance::set(instance::RESTORED, "400"));
        call!(t, instance::restored());
    });
    transcript.compare("instance");
}
