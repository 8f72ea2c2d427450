//! What is counted, looked over and kept in order, and what there is of nodes.

use std::time::Duration;

use portero::domain::{Reason, TokenType};
use portero::store::hourly_counts::{self, Counted};
use portero::store::instance::LAST_BACKUP;
use portero::store::overview::{self, Asked, FactorsOf};
use portero::store::shared_keys::MasterKeyName;
use portero::store::token_blocklist::{self, Entry};
use portero::store::{
    figures, instance, node_list, nodes, past_nodes, receipt_commits, sessions, signing_keys, table_parts,
};

use super::{Transcript, at, call, call_in, known, read, session, sid, sorted};

#[test]
fn figures_are_the_same() {
    let mut transcript = Transcript::new();
    let asked = Asked { now: at(1000), since: at(0), active_since: at(200), factors_of: Some(FactorsOf::Everyone) };
    let shown = |found: &overview::Overview| {
        let overview::Overview { open_sessions, details, odd, admins, has_others, begun, last_backup, .. } = found;
        let details = details.as_ref().map(|details| (details.people, details.active));
        let rest =
            (found.key_since, found.without_factor, found.audit_faults, found.all_counted_since, found.acts.len());
        format!(
            "{open_sessions} open, {details:?}, {odd} odd, {admins} admins, others {has_others}, {begun:?}, {last_backup:?}, \
             {rest:?}, {:?}",
            found.counts
        )
    };
    read!(transcript, overview::look(asked) => shown);
    transcript.write(|t| {
        call!(t, figures::look(at(1000)));
        call!(t, hourly_counts::since(at(0)));
        let (ana, bea) = (t.person("ana").id, t.person("bea").id);
        t.session(&session(1, ana));
        t.session(&sessions::Session { odd: true, last_seen_at: at(199), ..session(2, bea) });
        t.set_up(|conn| instance::set(conn, LAST_BACKUP, "500"));
        let (purpose, state) = (signing_keys::KeyPurpose::Sessions, signing_keys::KeyState::Signing);
        let key = |kid: &str| kid.to_owned();
        let row = signing_keys::KeyRow {
            purpose,
            state,
            kid: key("a"),
            algorithm: key("ES256"),
            file: key("a.pem"),
            created_at: at(300),
            since: at(301),
        };
        t.set_up(|conn| signing_keys::add(conn, &row));
        for (what, times) in
            [(Counted::SignedIn, 2), (Counted::SignedIn, 1), (Counted::Ended(Reason::Logout), 5), (Counted::Renewed, 0)]
        {
            t.tx.count(what, times);
        }
    });
    transcript.write(|t| {
        t.execute("INSERT INTO hourly_counts (hour, what, count) VALUES (0, 'signed_in/3', 4), (0, 'of tomorrow', 9), (3600, 'renewed', 1)");
        known!(t, hourly_counts::hour_of, (hourly_counts::hour_of(at(-1)), hourly_counts::hour_of(at(3600))));
        call!(t, hourly_counts::since(at(0)));
        call!(t, hourly_counts::since(at(1)));
        call!(t, figures::look(at(1999)));
        call!(t, figures::look(at(2000)));
    });
    read!(transcript, overview::look(asked) => shown);
    read!(transcript, overview::look(Asked { now: at(2000), factors_of: Some(FactorsOf::Admins), ..asked }) => shown);
    transcript.write(|t| {
        call!(t, hourly_counts::prune(at(3600)));
        call!(t, hourly_counts::prune(at(i64::MAX)));
    });
    let totals = transcript.db.commit_counts().totals();
    known!(transcript, commit_counts::totals, sorted(totals.counted));
    known!(transcript, commit_counts::waiting, transcript.db.commit_counts().waiting());
    transcript.compare("figures");
}

#[test]
fn parts_of_tables_are_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        call!(t, table_parts::users());
        call!(t, table_parts::tokens());
        call!(t, table_parts::ended_sessions(at(0)));
        let ana = t.person("ana").id;
        t.person("bea");
        for (number, expires_at) in [(1, 500), (2, 900)] {
            t.session(&sessions::Session { expires_at: at(expires_at), ..session(number, ana) });
            let entry = Entry {
                jti: format!("token {number}"),
                token_type: TokenType::Access,
                user: ana,
                sid: Some(sid(number)),
                revoked_at: at(400),
                expires_at: None,
                reason: Reason::Lost,
                by: None,
            };
            t.set_up(|conn| token_blocklist::add(conn, &entry));
        }
        t.execute("UPDATE sessions SET ended_at = 400, end_reason = 'logout'");
        call!(t, table_parts::users());
        call!(t, table_parts::tokens());
        call!(t, table_parts::ended_sessions(at(0)));
        call!(t, table_parts::ended_sessions(at(900)));
        call!(t, table_parts::ended_sessions(at(901)));
    });
    transcript.compare("table_parts");
}

/// Two nodes that are there, of which the second is silent and still loading, and two that are gone.
const NODES: &str = r#"
    INSERT INTO nodes (node, name, version, settings, lease, follows, beat, beat_at, joined_at, joined_after) VALUES
        ('00000001-0000-4000-8000-000000000000', 'one', '0.1.0', '{"cluster.master_keys":["k1:f"],"a":1}', 5, 7, 3, 9000000000, 1, 2),
        ('00000002-0000-4000-8000-000000000000', 'two', '0.1.0', '{"a":2}', 5, NULL, 3, 0, 2, 4);
    INSERT INTO past_nodes (node, name, version, lease, follows, beat_at, joined_after, gone_at, gone_after, struck_off) VALUES
        ('00000003-0000-4000-8000-000000000000', 'gone', '0.1.0', 5, 3, 100, 0, 200, 3, 1 = 1),
        ('00000004-0000-4000-8000-000000000000', 'left', '0.1.0', 5, NULL, 100, 0, 201, 9, 1 = 0);
    INSERT INTO receipt_commits (receipt, number, at, everywhere_at) VALUES ('early', 3, 100, 150), ('late', 8, 300, NULL)"#;

#[test]
fn what_there_is_of_nodes_is_the_same() {
    let mut transcript = Transcript::new();
    transcript.write(|t| {
        call!(t, nodes::all());
        call!(t, nodes::followed_by_all());
        call!(t, receipt_commits::find("early"));
        // Only where nodes follow commits.
        call_in!(t, receipt_commits::add("receipt"));
        t.execute(NODES);
        let all = call!(t, nodes::all() => |all| format!("{:?}, {:?}", all[0], all[1].name)).unwrap();
        known!(t, nodes::state, (all[0].state(), all[1].state()));
        known!(t, nodes::behind, (all[0].behind(9), all[0].behind(1), all[1].behind(9)));
        known!(t, nodes::longest_wait, all[0].longest_wait() > Duration::from_secs(5));
        known!(t, nodes::differing, nodes::differing(&all[0].settings, &all[1].settings));
        call!(t, nodes::followed_by_all());
        let key = |id: &str| MasterKeyName { id: id.into(), fingerprint: "f".into() };
        call!(t, nodes::lacks_master_key(&key("k1")));
        call!(t, nodes::lacks_master_key(&key("k2")));
        call!(t, past_nodes::gone_since(at(200)));
        call!(t, past_nodes::gone_since(at(202)));
        call!(t, past_nodes::at_commit(3));
        call!(t, past_nodes::at_commit(4) => |all| all.len().to_string());
        call!(t, past_nodes::at_commit(0));
        let listed =
            call!(t, node_list::list(at(300)) => |list| format!("{} and {:?}", list.nodes.len(), list.struck_off))
                .unwrap();
        known!(t, node_list::is_empty, listed.is_empty());
        known!(t, node_list::missing, listed.missing());
        known!(t, node_list::differing, listed.differing(&listed.nodes[1]));
        let early = call!(t, receipt_commits::find("early")).unwrap().unwrap();
        let late = call!(t, receipt_commits::find("late")).unwrap().unwrap();
        known!(t, receipt_commits::refusing, (early.refusing(), late.refusing()));
        known!(t, receipt_commits::is_awaited, (early.is_awaited(), late.is_awaited()));
        call!(t, receipt_commits::prune(at(100)));
        call!(t, receipt_commits::prune(at(101)));
        call!(t, past_nodes::prune(at(200)));
        call!(t, past_nodes::prune(at(201)));
    });
    transcript.compare("nodes");
}
