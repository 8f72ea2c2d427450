//! Single tokens that are refused, and the list of all that is.

use portero::domain::{Reason, TokenType, UserId};
use portero::store::list_filter::ListFilter;
use portero::store::revoked::{self, Kinds, Revoked};
use portero::store::session_ends::{self, Which};
use portero::store::sessions::End;
use portero::store::steps::{self, Step};
use portero::store::token_blocklist::{self, Entry};

use super::{Calls, Transcript, at, call, each, known, session, sid};

fn entry(jti: &str, user: UserId) -> Entry {
    Entry {
        jti: jti.into(),
        token_type: TokenType::Access,
        user,
        sid: None,
        revoked_at: at(400),
        expires_at: Some(at(900)),
        reason: Reason::Logout,
        by: None,
    }
}

#[test]
fn refused_tokens_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let ana = t.person("ana").id;
        call!(t, token_blocklist::reason("one"));
        call!(t, token_blocklist::add(&entry("one", ana)));
        call!(t, token_blocklist::add(&Entry { reason: Reason::Reuse, ..entry("one", ana) }));
        call!(t, token_blocklist::add(&entry("ONE", ana)));
        call!(t, token_blocklist::add(&Entry { expires_at: None, token_type: TokenType::Refresh, ..entry("ñ", ana) }));
        call!(t, token_blocklist::add(&entry("with\0zero", ana)));
        call!(t, token_blocklist::add(&entry(&"long".repeat(3000), ana)));
        call!(t, token_blocklist::add(&entry("nobody's", UserId(99))));
        call!(t, token_blocklist::reason("one"));
        call!(t, token_blocklist::reason("with\0zero"));
        call!(t, token_blocklist::reason(&"long".repeat(3000)));
        call!(t, token_blocklist::reason("One"));
        each!(t, token_blocklist::each_in_force(&(0..=i64::MAX), at(900)), |token, reason, until|);
        each!(t, token_blocklist::each_in_force(&(0..=i64::MAX), at(901)), |token, reason, until|);
        each!(t, token_blocklist::each_in_force(&(90..=99), at(0)), |token, reason, until|);
        let all = ListFilter { limit: 10, ..ListFilter::default() };
        call!(t, token_blocklist::page(&all));
        let two = ListFilter { limit: 2, before: Some((at(400), "one".into())), ..all.clone() };
        call!(t, token_blocklist::page(&two) => |rows| format!("{:?}", rows.iter().map(|row| &row.entry.jti).collect::<Vec<_>>()));
        call!(t, token_blocklist::count(&two));
        call!(t, token_blocklist::count(&ListFilter { user: Some(UserId(99)), ..all.clone() }));
        call!(t, token_blocklist::count(&ListFilter { reason: Some(Reason::Logout), ..all }));
        call!(t, token_blocklist::prune(at(900), 10));
        call!(t, token_blocklist::prune(at(901), 0));
        call!(t, token_blocklist::prune(at(901), 10));
        call!(t, token_blocklist::prune(at(i64::MAX), 10));
    });
    transcript.compare("token_blocklist");
}

/// Sessions and tokens that ended at the same moment and at others.
fn ended(t: &mut Calls<'_, '_>) -> UserId {
    let (ana, bea) = (t.person("ana").id, t.person("bea").id);
    for number in [1, 2, 3] {
        t.session(&session(number, ana));
    }
    let end = |moment, reason| End { at: at(moment), reason, by: Some(bea) };
    t.set_up(|conn| {
        let step = Step {
            kind: portero::domain::StepKind::SignedIn,
            at: at(200),
            until: at(450),
            times: 1,
            ip: "192.0.2.1".into(),
            user_agent: String::new(),
            odd: false,
        };
        steps::add(conn, sid(3), 0, &step)?;
        session_ends::end(conn, Which::One(sid(1)), end(400, Reason::Reuse), "one")?;
        session_ends::end(conn, Which::One(sid(2)), end(500, Reason::Logout), "two")?;
        // The order of the ids: capital letters, then small ones.
        for (jti, moment) in [("Zoe", 400), ("an-x", 400), ("an_x", 400), ("00000001", 400), ("ñ", 600)] {
            let entry = Entry { revoked_at: at(moment), sid: Some(sid(3)), by: Some(bea), ..entry(jti, ana) };
            token_blocklist::add(conn, &entry)?;
        }
        token_blocklist::add(conn, &entry("by nobody", bea))
    });
    ana
}

fn shown(rows: &impl AsRef<[Revoked]>) -> String {
    let rows: Vec<_> =
        rows.as_ref().iter().map(|row| (row.what(), row.id.as_str(), row.at.0, &row.by_name, row.step)).collect();
    format!("{rows:?}")
}

#[test]
fn the_list_of_what_is_refused_is_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        let all = ListFilter { limit: 20, ..ListFilter::default() };
        call!(t, revoked::page(&all, Kinds::Both) => shown);
        call!(t, revoked::count(&all, Kinds::Both));
        let ana = ended(t);
        for kinds in [Kinds::Both, Kinds::Sessions, Kinds::Tokens] {
            call!(t, revoked::page(&all, kinds) => |rows| format!("{kinds:?}: {}", shown(rows)));
            call!(t, revoked::count(&all, kinds));
        }
        let mut page = ListFilter { limit: 3, ..all.clone() };
        for _ in 0..3 {
            let rows = call!(t, revoked::page(&page, Kinds::Both) => shown).unwrap();
            page.before = rows.last().map(|row| (row.at, row.id.clone()));
        }
        let filters = [
            ListFilter { user: Some(ana), reason: Some(Reason::Reuse), ..all.clone() },
            ListFilter { from: Some(at(401)), until: Some(at(500)), ..all.clone() },
            ListFilter { ip: Some("192.0.2.1".into()), ..all.clone() },
            ListFilter { limit: 0, ..all },
        ];
        for filter in &filters {
            let rows = call!(t, revoked::page(filter, Kinds::Both) => |rows| format!("{} for {filter:?}", shown(rows)));
            known!(t, revoked::what, rows.unwrap().first().map(Revoked::what));
            call!(t, revoked::count(filter, Kinds::Both));
        }
    });
    transcript.compare("revoked");
}
