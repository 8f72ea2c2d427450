//! Second factors: authenticator apps, passkeys and recovery codes.

use portero::domain::{FactorId, FactorKind, UserId};
use portero::store::factors::{self, LastUse, NewFactor};
use portero::store::passkeys::{self, Passkey};
use portero::store::{recovery_codes, second_factors};

use super::{Transcript, at, call, known, sorted};

fn totp(user: UserId) -> NewFactor<'static> {
    NewFactor { user, kind: FactorKind::Totp, name: "Teléfono", secret: &[0, 255, 7], now: at(300) }
}

fn passkey(factor: i64, credential_id: &str) -> Passkey {
    Passkey {
        factor: FactorId(factor),
        credential_id: credential_id.into(),
        credential: r#"{"key":"ñ"}"#.into(),
        counter: 0,
        may_be_copied: true,
        backed_up: false,
        host: "login.example.com".into(),
        marked_at: None,
    }
}

#[test]
fn second_factors_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let (ana, bea) = (t.person("ana").id, t.person("bea").id);
        call!(t, factors::of_user(ana));
        call!(t, factors::any_sealed());
        call!(t, second_factors::ways(ana));
        call!(t, factors::add(&totp(ana)));
        call!(t, factors::add(&NewFactor { secret: &[], name: "", ..totp(ana) }));
        call!(t, factors::add(&totp(UserId(99))));
        call!(t, factors::any_sealed());
        call!(t, factors::count_of(ana, FactorKind::Totp));
        call!(t, factors::find(bea, FactorId(2)));
        let factor = call!(t, factors::find(ana, FactorId(2))).unwrap().unwrap();
        call!(t, factors::confirm(&factor, 40, at(301)));
        call!(t, factors::confirm(&factor, 41, at(302)));
        call!(t, factors::count_of(ana, FactorKind::Totp));
        let used = LastUse { at: at(303), ip: "192.0.2.1".into(), user_agent: "Firefox".into() };
        call!(t, factors::note_used(FactorId(2), 40, &used));
        call!(t, factors::note_used(FactorId(2), 41, &used));
        call!(t, factors::note_used(FactorId(2), 41, &used));
        call!(t, factors::note_used(FactorId(99), 41, &used));
        call!(t, factors::note_last_use(FactorId(2), &LastUse { at: at(304), ..used }));
        call!(t, factors::rename(FactorId(2), "Llave 'azul'"));
        call!(t, factors::rename(FactorId(99), "nothing"));
        for user in [ana, ana, bea] {
            call!(t, factors::add_active(&NewFactor { kind: FactorKind::Passkey, name: "key", ..totp(user) }));
        }
        call!(t, factors::of_user(ana));
        call!(t, factors::add_active(&totp(UserId(99))));

        call!(t, passkeys::hosts());
        call!(t, passkeys::add(&passkey(3, "AbC")));
        call!(t, passkeys::add(&passkey(4, "abc")));
        call!(t, passkeys::add(&passkey(5, "abc")));
        call!(t, passkeys::add(&Passkey { host: "other.example.com".into(), ..passkey(5, "xyz") }));
        call!(t, passkeys::add(&passkey(99, "nowhere")));
        call!(t, passkeys::hosts() => |hosts| sorted(hosts.clone()));
        call!(t, passkeys::of_user(ana));
        call!(t, passkeys::of_user(UserId(77)));
        call!(t, passkeys::find("ABC"));
        call!(t, passkeys::find("AbC"));
        call!(t, passkeys::note_used(FactorId(3), 0, true));
        call!(t, passkeys::note_used(FactorId(3), 5, false));
        call!(t, passkeys::note_used(FactorId(3), 5, false));
        call!(t, passkeys::note_used(FactorId(3), 0, false));
        call!(t, passkeys::note_used(FactorId(99), 1, false));
        call!(t, passkeys::untold_mark(ana));
        call!(t, passkeys::mark(FactorId(3), at(400)));
        call!(t, passkeys::mark(FactorId(4), at(401)));
        call!(t, factors::rename(FactorId(4), "later"));
        call!(t, passkeys::untold_mark(ana));
        call!(t, passkeys::note_told(ana));
        call!(t, passkeys::untold_mark(ana));
        call!(t, second_factors::ways(ana));
        call!(t, factors::remove(&factor));
        call!(t, factors::remove(&factor));
        let key = call!(t, factors::find(ana, FactorId(3))).unwrap().unwrap();
        call!(t, factors::remove(&key));
        call!(t, factors::remove_all(ana));
        call!(t, factors::remove_all(ana));

        let codes = ["one".to_owned(), "two".to_owned()];
        call!(t, recovery_codes::replace(ana, &codes, at(500)));
        call!(t, recovery_codes::left(ana));
        let ways = call!(t, second_factors::ways(ana)).unwrap();
        known!(t, second_factors::names, ways.names());
        call!(t, recovery_codes::spend(ana, "one", at(501)));
        call!(t, recovery_codes::spend(ana, "one", at(502)));
        call!(t, recovery_codes::spend(ana, "ONE", at(502)));
        call!(t, recovery_codes::spend(bea, "two", at(502)));
        call!(t, recovery_codes::left(ana));
        call!(t, recovery_codes::replace(ana, &codes, at(503)));
        call!(t, recovery_codes::replace(bea, &["one".to_owned(), "one".to_owned()], at(503)));
        call!(t, recovery_codes::replace(UserId(99), &codes, at(503)));
        call!(t, recovery_codes::remove_all(ana));
        call!(t, recovery_codes::left(ana));
    });
    transcript.compare("factors");
}
