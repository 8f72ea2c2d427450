//! The commands that the operator runs from a shell, also beside a running server.

use std::path::Path;

use diesel::connection::SimpleConnection;
use diesel::{QueryableByName, RunQueryDsl};
use portero::domain::SessionId;
use serde_json::json;
use tempfile::TempDir;

use crate::database::Behind;
use crate::faults::database;
use crate::portero::{PASSWORD, Server, fails, ok, portero, run, text};

#[test]
fn users_are_added_listed_and_changed_without_a_terminal() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    assert_eq!(
        ok(folder, &["user", "add", "ana", "--admin", "--password-stdin"], &format!("{PASSWORD}\n")),
        "ana was added as admin.\n"
    );
    ok(folder, &["user", "add", "Íñigo", "--password-stdin"], PASSWORD);
    assert!(fails(folder, &["user", "add", "íÑigo", "--password-stdin"], PASSWORD).contains("already"));
    let list = ok(folder, &["user", "list"], "");
    assert!(list.contains("ana") && list.contains("Íñigo") && list.contains("never"), "{list}");
    ok(folder, &["user", "disable", "Íñigo"], "");
    assert!(ok(folder, &["user", "list"], "").contains("disabled"));
    ok(folder, &["user", "enable", "Íñigo"], "");
    ok(folder, &["user", "invite", "eva"], "");
    let list = ok(folder, &["user", "list"], "");
    let state = |name: &str| list.lines().find(|line| line.starts_with(name)).unwrap().split_whitespace().nth(2);
    assert_eq!(
        [state("ana"), state("Íñigo"), state("eva")],
        [Some("active"), Some("active"), Some("invited")],
        "as on the pages"
    );
    assert!(ok(folder, &["user", "show", "eva"], "").contains("invited"));
    ok(folder, &["user", "role", "Íñigo", "admin"], "");
    let server = Server::start(folder);
    assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200, "the line end is no part of the password");
}

/// The user's permanent id, as `user show` prints it.
fn permanent_id(folder: &Path, name: &str) -> String {
    let shown = ok(folder, &["user", "show", name], "");
    let id = shown.lines().find_map(|line| line.strip_prefix("permanent id")).unwrap().trim().to_owned();
    assert_eq!(uuid::Uuid::parse_str(&id).unwrap().get_version_num(), 4, "{shown}");
    id
}

#[test]
fn every_user_has_a_permanent_id_of_their_own_also_those_from_before_there_were_any() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    for name in ["ana", "bea"] {
        ok(folder, &["user", "add", name, "--password-stdin"], PASSWORD);
    }
    let first = permanent_id(folder, "ana");
    assert_eq!(permanent_id(folder, "ana"), first);
    let before = "DROP INDEX users_uid; ALTER TABLE users DROP COLUMN uid;
        DELETE FROM __diesel_schema_migrations WHERE version = '20261126070000'";
    database(folder).batch_execute(before).unwrap();
    let ids = [permanent_id(folder, "ana"), permanent_id(folder, "bea")];
    assert_ne!(ids[0], ids[1]);
    assert_eq!(permanent_id(folder, "bea"), ids[1], "it stays");
    assert!(fails(folder, &["user", "show", "cleo"], "").contains("there is no user cleo"));
}

#[test]
fn a_space_or_line_end_around_a_name_is_no_part_of_it_in_a_command_either() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let said = ok(folder, &["user", "add", " ana\n", "--admin", "--password-stdin"], PASSWORD);
    assert_eq!(said, "ana was added as admin.\n");
    assert!(fails(folder, &["user", "add", "ana ", "--password-stdin"], PASSWORD).contains("already"));
    ok(folder, &["user", "add", "bea", "--password-stdin"], PASSWORD);
    assert!(ok(folder, &["user", "disable", "bea "], "").starts_with("bea is disabled"));
}

#[test]
fn a_name_with_an_apostrophe_or_a_domain_comes_through_commands_and_the_log() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let said = ok(folder, &["user", "add", "O'Brien", "--password-stdin"], PASSWORD);
    assert!(
        said.contains(r"`portero user role 'O'\''Brien' admin`"),
        "what is printed can be copied to a shell: {said}"
    );
    let mut command = portero(folder);
    command.env("PORTERO_LOG_FORMAT", "json");
    let server = Server::with(folder, command);
    for name in ["O'Brien", r"DOMAIN\bob", "_svc", "نامه\u{200c}ای"] {
        if name != "O'Brien" {
            ok(folder, &["user", "add", name, "--password-stdin"], PASSWORD);
        }
        assert_eq!(server.log_in(name, PASSWORD).unwrap().status, 200, "{name}");
        assert!(ok(folder, &["user", "list"], "").contains(name));
        let listed = ok(folder, &["session", "list", "--user", name, "--json"], "");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&listed).unwrap()["user"], name);
        assert!(ok(folder, &["session", "end", "--yes", "--user", name], "").starts_with("1 session ended"), "{name}");
        let log = server.log();
        let mut lines = log.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        assert!(lines.any(|line| line["event"] == "signed_in" && line["user"] == name), "{log}");
    }
}

#[test]
fn a_byte_order_mark_before_a_password_or_a_key_is_no_part_of_it() {
    let folder = TempDir::new().unwrap();
    let marked = format!("\u{feff}{PASSWORD}\r\n");
    ok(folder.path(), &["user", "add", "ana", "--admin", "--password-stdin"], &marked);
    for key in ["pepper.key", "signing.key"] {
        let path = folder.path().join("data").join(key);
        let key = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, format!("\u{feff}{key}")).unwrap();
    }
    let server = Server::start(folder.path());
    assert_eq!(server.log_in("ana", PASSWORD).unwrap().status, 200);
    assert!(
        fails(folder.path(), &["user", "add", "bea", "--password-stdin"], "\u{feff}\n").contains("holds no password")
    );
}

#[test]
fn a_bad_command_says_why_and_changes_nothing() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    ok(folder, &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    for (arguments, input, text) in [
        (&["user", "add", "b b", "--password-stdin"][..], PASSWORD, "a user name consists of"),
        (&["user", "add", "bea", "--password-stdin"], "short", "at least 12 characters"),
        (&["user", "add", "bea", "--password-stdin"], "password1234", "too easy to guess"),
        (&["user", "add", "bea", "--password-stdin"], "", "holds no password"),
        (&["user", "add", "bea"], "", "use --password-stdin"),
        (&["user", "passwd", "bea", "--password-stdin"], PASSWORD, "there is no user bea"),
        (&["user", "disable", "bea"], "", "there is no user bea"),
        (&["user", "disable", "ana"], "", "last admin"),
        (&["user", "role", "ana", "user"], "", "last admin"),
        (&["setup-link"], "", "portero user role NAME admin"),
    ] {
        let complaint = fails(folder, arguments, input);
        assert!(complaint.contains(text), "{arguments:?}: {complaint}");
    }
    assert_eq!(ok(folder, &["user", "list"], "").lines().count(), 2);
}

#[test]
fn a_new_setup_link_voids_the_one_before() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path());
    let path =
        |link: &str| format!("/setup/{}", link.split("/setup/").nth(1).unwrap().split_whitespace().next().unwrap());
    let (first, second) = (path(&server.said()), path(&ok(folder.path(), &["setup-link"], "")));
    assert_eq!(server.ask("GET", &first, None, None).unwrap().status, 410);
    assert_eq!(server.ask("GET", &second, None, None).unwrap().status, 200);
}

#[test]
fn when_a_command_returns_the_running_server_enforces_it() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    ok(folder, &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    ok(folder, &["user", "add", "bea", "--password-stdin"], PASSWORD);
    let server = Server::start(folder);
    for round in 0..5 {
        let tokens = server.log_in("bea", PASSWORD).unwrap();
        let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
        assert_eq!(server.ask("GET", "/protected", Some(&access), None).unwrap().status, 200);
        let said = ok(folder, &["user", "disable", "bea"], "");
        assert_eq!(said, "bea is disabled; 1 session ended.\n");
        let refused = server.ask("GET", "/protected", Some(&access), None).unwrap();
        assert_eq!((refused.status, refused.text("msg").as_str()), (401, "Token has been revoked"), "round {round}");
        assert_eq!(server.ask("POST", "/refresh", Some(&refresh), None).unwrap().status, 401, "round {round}");
        assert_eq!(server.log_in("bea", PASSWORD).unwrap().status, 401, "round {round}");
        ok(folder, &["user", "enable", "bea"], "");
    }
}

#[test]
fn a_new_password_set_by_the_operator_ends_the_users_sessions() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    ok(folder, &["user", "add", "bea", "--password-stdin"], PASSWORD);
    let server = Server::start(folder);
    let access = server.log_in("bea", PASSWORD).unwrap().text("access_token");
    let new = "verde que te quiero verde";
    let said = ok(folder, &["user", "passwd", "bea", "--password-stdin"], new);
    assert_eq!(said, "bea has a new password; 1 session ended.\n");
    assert_eq!(server.ask("GET", "/protected", Some(&access), None).unwrap().status, 401);
    assert_eq!(server.log_in("bea", PASSWORD).unwrap().status, 401);
    assert_eq!(server.log_in("bea", new).unwrap().status, 200);
}

#[test]
fn whom_the_operator_makes_an_admin_is_one_on_the_next_request() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    ok(folder, &["user", "add", "bea", "--password-stdin"], PASSWORD);
    let server = Server::start(folder);
    let access = server.log_in("bea", PASSWORD).unwrap().text("access_token");
    assert_eq!(server.ask("GET", "/admin/revoked", Some(&access), None).unwrap().status, 403);
    ok(folder, &["user", "role", "bea", "admin"], "");
    assert_eq!(server.ask("GET", "/admin/revoked", Some(&access), None).unwrap().status, 200);
}

#[test]
fn open_sessions_are_listed_and_ended_from_the_shell() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    for name in ["ana", "bea"] {
        ok(folder, &["user", "add", name, "--password-stdin"], PASSWORD);
    }
    let server = Server::start(folder);
    assert_eq!(ok(folder, &["session", "list"], ""), "No session is open.\n");
    let ana = server.log_in("ana", PASSWORD).unwrap().text("access_token");
    let bea: Vec<String> = (0..3).map(|_| server.log_in("bea", PASSWORD).unwrap().text("access_token")).collect();
    let table = ok(folder, &["session", "list"], "");
    let rows: Vec<&str> = table.lines().collect();
    let heads = ["SESSION", "USER", "BROWSER", "IP ADDRESS", "SIGNED IN", "LAST SEEN", "VIA"];
    let columns = heads.map(|head| rows[0].find(head).unwrap());
    assert!(rows.len() == 5 && columns.is_sorted(), "{table}");
    for row in &rows[1..] {
        let cells = columns.map(|at| row[at..].split("  ").next().unwrap());
        assert!(SessionId::parse(cells[0]).is_some() && matches!(cells[1], "ana" | "bea"), "{table}");
        assert_eq!((cells[2], cells[3], cells[6]), ("ureq", "127.0.0.1", "API"), "{table}");
        assert!(cells[4].starts_with("20") && cells[5] >= cells[4], "{table}");
    }
    let listed = ok(folder, &["session", "list", "--user", "ana", "--json"], "");
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    assert_eq!((&listed["user"], &listed["transport"]), (&"ana".into(), &"bearer".into()));

    let said = ok(folder, &["session", "end", listed["sid"].as_str().unwrap()], "");
    assert!(said.starts_with("1 session ended. Receipt: "), "{said}");
    assert_eq!(server.ask("GET", "/protected", Some(&ana), None).unwrap().status, 401);
    let said = ok(folder, &["session", "end", "--user", "BEA", "--yes"], "");
    assert!(said.starts_with("3 sessions ended"), "{said}");
    for token in &bea {
        assert_eq!(server.ask("GET", "/protected", Some(token), None).unwrap().status, 401);
    }
    let last = server.log_in("ana", PASSWORD).unwrap().text("access_token");
    assert!(ok(folder, &["session", "end", "--since", "2020-01-01", "--yes"], "").starts_with("1 session ended"));
    assert_eq!(server.ask("GET", "/protected", Some(&last), None).unwrap().status, 401);

    assert_eq!(ok(folder, &["session", "end", "--user", "ana"], ""), "No such session was open.\n");
    let revoked = ok(folder, &["revoked", "list"], "");
    assert_eq!(revoked.matches("ended_by_admin").count(), 5, "{revoked}");
    let of_ana = ok(folder, &["revoked", "list", "--user", "ana", "--reason", "ended_by_admin", "--json"], "");
    assert_eq!(of_ana.lines().count(), 2, "{of_ana}");
    for (arguments, text) in [
        (&["session", "end", "nonsense"][..], "that is no session's id"),
        (&["session", "end", "--since", "soon"], "that is no moment"),
        (&["session", "end", "--user", "nobody"], "there is no user nobody"),
    ] {
        assert!(fails(folder, arguments, "").contains(text), "{arguments:?}");
    }
}

#[test]
fn very_many_sessions_are_ended_from_the_shell_beside_a_server_and_without_one() {
    for beside in [true, false] {
        let folder = TempDir::new().unwrap();
        let folder = folder.path();
        ok(folder, &["user", "add", "ana", "--password-stdin"], PASSWORD);
        let server = Server::start(folder);
        let token = server.log_in("ana", PASSWORD).unwrap().text("access_token");
        Behind::of(folder).copy_sessions(350);
        let server = if beside {
            Some(server)
        } else {
            drop(server);
            None
        };
        let said = ok(folder, &["session", "end", "--since", "2020-01-01", "--yes"], "");
        assert!(said.starts_with("351 sessions ended. Receipt: "), "{said}");
        let server = server.unwrap_or_else(|| Server::start(folder));
        assert_eq!(
            server.ask("GET", "/protected", Some(&token), None).unwrap().status,
            401,
            "beside a server: {beside}"
        );
        assert_eq!(ok(folder, &["session", "list"], ""), "No session is open.\n");
        let log = ok(folder, &["audit", "list", "--json"], "");
        let ends: Vec<_> = log.lines().filter(|line| line.contains("\"session_ended\"")).collect();
        assert!(ends.len() == 1 && ends[0].contains("351"), "{ends:?}");
    }
}

#[test]
fn without_a_terminal_nobody_is_deleted_and_no_list_of_sessions_ended_unless_the_command_says_yes() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    ok(folder, &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let server = Server::start(folder);
    let token = server.log_in("ana", PASSWORD).unwrap().text("access_token");
    for arguments in [
        &["user", "delete", "ana"][..],
        &["session", "end", "--user", "ana"],
        &["session", "end", "--since", "2020-01-01"],
    ] {
        let complaint = fails(folder, arguments, "yes\n");
        assert!(complaint.contains("no terminal") && complaint.contains("--yes"), "{arguments:?}: {complaint}");
        assert_eq!(server.ask("GET", "/protected", Some(&token), None).unwrap().status, 200, "{arguments:?}");
    }
    assert!(ok(folder, &["user", "list"], "").contains("ana"));
    assert!(fails(folder, &["user", "delete", "eva"], "").contains("there is no user eva"), "there is nothing to ask");
    assert_eq!(ok(folder, &["session", "end", "--since", "2999-01-01"], ""), "No such session was open.\n");
    assert!(ok(folder, &["user", "delete", "ana", "--yes"], "").contains("1 session ended"));
    assert_eq!(server.ask("GET", "/protected", Some(&token), None).unwrap().status, 401);
}

#[test]
fn exit_codes_tell_a_failure_from_wrong_arguments() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let code = |arguments: &[&str]| run(folder, arguments, "").status.code();
    assert_eq!(code(&["config", "check"]), Some(0));
    for failing in [&["user", "list"][..], &["health"], &["--config", "none.toml", "config", "check"]] {
        assert_eq!(code(failing), Some(1), "{failing:?}");
    }
    for wrong in [&["usr"][..], &["user", "delete"], &["session", "end"], &["session", "list", "--limit", "0"]] {
        assert_eq!(code(wrong), Some(2), "{wrong:?}");
    }
}

#[test]
fn every_command_lists_the_global_options_apart_from_its_own() {
    let folder = TempDir::new().unwrap();
    for arguments in [&["--help"][..], &["user", "add", "--help"], &["session", "end", "-h"]] {
        let help = ok(folder.path(), arguments, "");
        let (own, global) = help.split_once("\nGlobal options:\n").unwrap();
        for option in ["--config", "--listen", "--data-dir", "--public-url", "--set"] {
            assert!(global.contains(option) && !own.contains(option), "{option}: {help}");
        }
    }
    let help = ok(folder.path(), &["help"], "");
    assert!(help.contains("Run the server (default)") && help.contains("Exit codes: 0 done"), "{help}");
    assert_eq!(ok(folder.path(), &["--version"], ""), format!("portero {} (debug build)\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn shells_get_completions_even_where_the_settings_are_broken() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("portero.toml"), "nonsense").unwrap();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = ok(folder.path(), &["completions", shell], "");
        assert!(script.contains("setup-link") && script.contains("--data-dir") || shell == "fish", "{shell}");
        assert!(script.contains("reset-link"), "{shell}");
    }
    std::fs::write(folder.path().join("portero.bash"), ok(folder.path(), &["completions", "bash"], "")).unwrap();
    let complete = "source portero.bash; COMP_WORDS=(portero user del); COMP_CWORD=2; _portero portero del user; echo ${COMPREPLY[@]}";
    let output = std::process::Command::new("bash").current_dir(folder.path()).args(["-c", complete]).output().unwrap();
    assert_eq!(text(&output.stdout), "delete\n", "{}", text(&output.stderr));
    assert_eq!(run(folder.path(), &["completions", "tcsh"], "").status.code(), Some(2));
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = diesel::sql_types::Text)]
    details: String,
}

#[test]
fn the_audit_log_names_the_operator_who_ended_a_session_from_the_shell() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    ok(folder, &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let server = Server::start(folder);
    server.log_in("ana", PASSWORD).unwrap();
    let said = ok(folder, &["session", "end", "--user", "ana", "--yes"], "");
    let receipt = said.trim_end().rsplit(' ').next().unwrap();

    let query = "SELECT details FROM audit_events WHERE what = 'session_ended' AND by_user IS NULL";
    let rows: Vec<Row> = diesel::sql_query(query).load(&mut database(folder)).unwrap();
    let [row] = rows.as_slice() else { panic!("{} rows", rows.len()) };
    let details: serde_json::Value = serde_json::from_str(&row.details).unwrap();
    let operator = std::process::Command::new("id").arg("-un").output().unwrap();
    assert_eq!(
        details,
        json!({
            "reason": "ended_by_admin",
            "sessions": 1,
            "receipt": receipt,
            "operator": text(&operator.stdout).trim_end(),
        })
    );
}

#[test]
fn a_command_that_is_pointed_at_the_wrong_folder_makes_nothing_there() {
    let folder = TempDir::new().unwrap();
    for arguments in [
        &["user", "list"][..],
        &["user", "show", "ana"],
        &["user", "disable", "ana"],
        &["user", "passwd", "ana", "--password-stdin"],
        &["session", "list"],
        &["session", "end", "--user", "ana"],
        &["revoked", "list"],
        &["setup-link"],
    ] {
        let complaint = fails(folder.path(), arguments, PASSWORD);
        assert!(complaint.contains("there is no Portero in"), "{arguments:?}: {complaint}");
    }
    assert!(!folder.path().join("data").exists());
}

#[test]
fn whoever_adds_the_first_user_as_no_admin_hears_how_to_get_one() {
    let folder = TempDir::new().unwrap();
    let said = ok(folder.path(), &["user", "add", "ana", "--password-stdin"], PASSWORD);
    assert!(said.contains("There is no admin yet") && said.contains("portero user role ana admin"), "{said}");
    ok(folder.path(), &["user", "role", "ana", "admin"], "");
    let said = ok(folder.path(), &["user", "add", "bea", "--password-stdin"], PASSWORD);
    assert_eq!(said, "bea was added as user.\n");
}

#[test]
fn an_app_gets_credentials_once_and_loses_them_at_once() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    ok(path, &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let server = Server::start(path);
    let said = ok(path, &["client", "add", "shop"], "");
    let value = |key: &str| said.lines().find_map(|line| line.strip_prefix(key)).unwrap().to_owned();
    let (id, secret) = (value("client_id="), value("client_secret="));
    assert!(fails(path, &["client", "add", "shop"], "").contains("already"));
    assert!(fails(path, &["client", "add", " "], "").contains("1 to 64 characters"));
    let list = ok(path, &["client", "list"], "");
    assert!(list.contains("shop") && list.contains(&id) && !list.contains(&secret), "{list}");

    let token = server.log_in("ana", PASSWORD).unwrap().text("access_token");
    let ask = || server.ask_form("/introspect", &format!("token={token}&client_id={id}&client_secret={secret}"));
    assert_eq!(ask().body["active"], true);
    ok(path, &["client", "remove", "shop"], "");
    assert_eq!(ask().status, 401);
    assert!(fails(path, &["client", "remove", "shop"], "").contains("there is no app shop"));
}

#[test]
fn apps_are_added_changed_and_removed_from_the_shell() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    ok(path, &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let said = ok(path, &["app", "add", "wiki", "--origin", "https://Wiki.example.org/", "--allow", "user:ana"], "");
    assert_eq!(said, "wiki is added; only whom you have named may enter. What its proxy needs: `proxy print`.\n");
    assert!(fails(path, &["app", "add", "wiki"], "").contains("there is an app wiki already"));
    for origin in ["http://a.example", "https://a.example/x", "a.example"] {
        assert!(fails(path, &["app", "add", "a", "--origin", origin], "").contains(origin), "{origin}");
    }
    let taken = fails(path, &["app", "add", "other", "--origin", "https://wiki.example.org"], "");
    assert!(taken.contains("another app is at https://wiki.example.org already"), "{taken}");
    assert!(fails(path, &["app", "add", "other", "--allow", "user:nobody"], "").contains("there is no user nobody"));
    assert!(!ok(path, &["app", "list"], "").contains("other"), "what is refused changes nothing");

    let set = ["app", "set", "wiki", "--level", "two", "--max-age", "12h", "--open-path", "/public/", "--observe"];
    assert_eq!(ok(path, &set, ""), "wiki is changed.\n");
    assert_eq!(ok(path, &set, ""), "wiki was so already.\n");
    assert!(fails(path, &["app", "set", "wiki"], "").contains("name what to change"));
    assert!(fails(path, &["app", "set", "wiki", "--open-path", "/a/../b"], "").contains("can't be an open path"));
    assert!(fails(path, &["app", "set", "wiki", "--max-age", "5s"], "").contains("from 1m to 365d"));
    for uri in ["http://wiki.example.org/logout", "https://wiki.example.org/#a", "wiki"] {
        let refused = fails(path, &["app", "set", "wiki", "--backchannel-logout-uri", uri], "");
        assert!(refused.contains(&format!("--backchannel-logout-uri {uri}: ")), "{refused}");
    }
    let uri = "http://127.0.0.1:5000/logout";
    assert_eq!(ok(path, &["app", "set", "wiki", "--backchannel-logout-uri", uri], ""), "wiki is changed.\n");
    let shown = ok(path, &["app", "show", "wiki"], "");
    for line in [
        "logout uri   http://127.0.0.1:5000/logout\n",
        "origin       https://wiki.example.org\n",
        "allowed      user:ana\n",
        "level        two\n",
        "max age      12h\n",
        "open path    /public\n",
        "observe      yes\n",
        "preflight    no\n",
        "bearer       no\n",
        "introspect   no\n",
    ] {
        assert!(shown.contains(line), "{line} in {shown}");
    }
    assert_eq!(ok(path, &["app", "set", "wiki", "--backchannel-logout-uri", ""], ""), "wiki is changed.\n");
    assert!(!ok(path, &["app", "show", "wiki"], "").contains("logout uri"));
    assert!(!ok(path, &["client", "list"], "").contains("wiki"), "it may not ask about tokens");
    assert_eq!(ok(path, &["app", "remove", "wiki", "--yes"], ""), "wiki is removed.\n");
    assert!(fails(path, &["app", "show", "wiki"], "").contains("there is no app wiki"));
}

#[test]
fn people_are_put_into_groups_from_the_shell_and_apps_let_groups_in() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    for name in ["ana", "bea"] {
        ok(path, &["user", "add", name, "--password-stdin"], PASSWORD);
    }
    assert_eq!(ok(path, &["group", "add", "Editors"], ""), "Editors is added; nobody is in it yet.\n");
    assert!(fails(path, &["group", "add", "editors"], "").contains("there is a group editors already"));
    for name in ["a b", "a,b", ""] {
        assert!(fails(path, &["group", "add", name], "").contains("but no spaces or commas"), "{name}");
    }
    let put = ["group", "add-member", "editors", "ana", "bea"];
    assert_eq!(ok(path, &put, ""), "2 people put into Editors.\n");
    assert_eq!(ok(path, &put, ""), "0 people put into Editors.\n");
    let nobody = fails(path, &["group", "remove-member", "editors", "ana", "nobody"], "");
    assert!(nobody.contains("there is no user nobody"), "{nobody}");
    assert!(fails(path, &["group", "add-member", "other", "ana"], "").contains("there is no group other"));
    assert!(fails(path, &["app", "add", "wiki", "--allow", "group:other"], "").contains("there is no group other"));
    ok(path, &["app", "add", "wiki", "--allow", "group:EDITORS", "--allow", "user:bea"], "");
    assert!(ok(path, &["app", "show", "wiki"], "").contains("allowed      group:editors\n"));
    let kept = fails(path, &["group", "remove", "editors"], "");
    assert!(kept.contains("group:Editors is let in by wiki; change that first"), "{kept}");
    let shown = "let in by   wiki\nmember      ana\nmember      bea\n";
    assert_eq!(ok(path, &["group", "show", "editors"], ""), shown);
    assert!(ok(path, &["user", "show", "ana"], "").contains("group          Editors\n"));
    assert!(ok(path, &["user", "export"], "").contains(",Editors"));
    assert_eq!(ok(path, &["group", "remove-member", "editors", "ana"], ""), "1 person taken out of Editors.\n");
    assert_eq!(ok(path, &["group", "list"], ""), "    1  Editors\n");
    ok(path, &["app", "set", "wiki", "--allow", "everyone"], "");
    assert_eq!(ok(path, &["group", "remove", "editors"], ""), "Editors is removed.\n");
    assert_eq!(ok(path, &["group", "list"], ""), "");
    let log = ok(path, &["audit", "list"], "");
    for what in ["group_added", "group_member_added", "group_member_removed", "group_removed"] {
        assert!(log.contains(what), "{what} in {log}");
    }
}

#[test]
fn two_secrets_of_an_app_are_valid_while_it_changes_over() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    ok(path, &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let server = Server::start(path);
    let token = server.log_in("ana", PASSWORD).unwrap().text("access_token");
    let credentials = |said: String| {
        let value = |key: &str| said.lines().find_map(|line| line.strip_prefix(key)).unwrap().to_owned();
        (value("client_id="), value("client_secret="))
    };
    let (id, first) = credentials(ok(path, &["app", "add", "shop", "--introspect"], ""));
    let status = |secret: &str| {
        server.ask_form("/introspect", &format!("token={token}&client_id={id}&client_secret={secret}")).status
    };
    let (_, second) = credentials(ok(path, &["app", "new-secret", "shop"], ""));
    assert_eq!((status(&first), status(&second)), (200, 200));
    let (_, third) = credentials(ok(path, &["app", "new-secret", "shop"], ""));
    assert_eq!((status(&second), status(&third)), (200, 200));
    assert_eq!(status(&first), 401);
    ok(path, &["app", "set", "shop", "--introspect", "false"], "");
    assert_eq!((status(&second), status(&third)), (401, 401));
    assert!(fails(path, &["app", "new-secret", "shop"], "").contains("asks about no tokens"));
}

#[test]
fn people_are_invited_and_given_links_from_the_shell() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    let first = ok(path, &["user", "invite", "bea"], "");
    assert!(first.contains("/link/") && first.contains("There is no admin yet"), "{first}");
    ok(path, &["user", "invite", "ana", "--admin"], "");
    assert!(fails(path, &["user", "invite", "BEA"], "").contains("already"));
    let server = Server::start(path);
    let link =
        |said: &str| format!("/link/{}", said.split("/link/").nth(1).unwrap().split_whitespace().next().unwrap());
    let opens = |link: &str| server.ask("GET", link, None, None).unwrap().status;
    assert_eq!(opens(&link(&first)), 200);
    let second = ok(path, &["user", "reset-link", "bea"], "");
    assert_eq!((opens(&link(&first)), opens(&link(&second))), (410, 200));
    ok(path, &["user", "disable", "bea"], "");
    assert_eq!(opens(&link(&second)), 410);
    assert!(fails(path, &["user", "reset-link", "bea"], "").contains("is disabled"));
    assert!(ok(path, &["user", "delete", "bea", "--yes"], "").contains("The name stays taken"));
    assert!(fails(path, &["user", "delete", "eva"], "").contains("there is no user eva"));
    assert!(fails(path, &["user", "invite", "bea"], "").contains("bea was deleted on 20"));
    assert!(!server.log().contains(link(&second).trim_start_matches("/link/")), "the log does not tell the link");
}

#[test]
fn a_deleted_user_is_named_as_deleted_and_restored_from_the_shell() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    assert_eq!(fails(path, &["user", "list", "--deleted"], "").lines().count(), 1, "there is no installation");
    ok(path, &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    assert_eq!(ok(path, &["user", "list", "--deleted"], ""), "No user was deleted.\n");
    ok(path, &["user", "add", "O'Hara", "--admin", "--password-stdin"], PASSWORD);
    let server = Server::start(path);
    let token = server.log_in("O'Hara", PASSWORD).unwrap().text("access_token");
    ok(path, &["user", "delete", "O'Hara", "--yes"], "");
    for arguments in [
        &["user", "add", "o'hara", "--password-stdin"][..],
        &["user", "invite", "O'HARA"],
        &["user", "enable", "O'Hara"],
        &["user", "disable", "O'Hara"],
        &["user", "passwd", "O'Hara", "--password-stdin"],
        &["user", "role", "O'Hara", "admin"],
        &["user", "reset-link", "O'Hara"],
        &["user", "delete", "O'Hara"],
    ] {
        let complaint = fails(path, arguments, PASSWORD);
        let restores = complaint.contains(r"`portero user restore '") && complaint.contains(r"'\''");
        assert!(complaint.contains("was deleted on 20") && restores, "{arguments:?}: {complaint}");
    }
    assert!(!ok(path, &["user", "list"], "").contains("O'Hara"));
    assert!(ok(path, &["user", "list", "--deleted"], "").contains("O'Hara"));
    assert!(fails(path, &["user", "restore", "ana"], "").contains("ana is not deleted"));
    assert!(fails(path, &["user", "restore", "eva"], "").contains("there is no user eva"));

    let said = ok(path, &["user", "restore", "o'hara"], "");
    assert!(said.starts_with("O'Hara is back.\n") && said.contains("/link/"), "{said}");
    assert_eq!(server.ask("GET", "/protected", Some(&token), None).unwrap().status, 401);
    assert_eq!(server.log_in("O'Hara", PASSWORD).unwrap().status, 401, "the old password is gone");
    let listed = ok(path, &["user", "list"], "");
    let row = listed.lines().find(|line| line.starts_with("O'Hara")).unwrap();
    assert!(row.contains("user ") && row.contains("invited"), "an ordinary user: {row}");
    assert_eq!(ok(path, &["user", "list", "--deleted"], ""), "No user was deleted.\n");
    assert!(fails(path, &["user", "restore", "O'Hara"], "").contains("is not deleted"));
}

#[test]
fn a_user_is_renamed_from_the_shell_and_the_old_name_stays_theirs() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    for name in ["ana", "bea"] {
        ok(path, &["user", "add", name, "--password-stdin"], PASSWORD);
    }
    let server = Server::start(path);
    let token = server.log_in("bea", PASSWORD).unwrap().text("access_token");
    let said = ok(path, &["user", "rename", "bea", "beatriz"], "");
    assert_eq!(said, "bea is called beatriz now; 1 session ended. The old name stays theirs.\n");
    assert_eq!(server.ask("GET", "/protected", Some(&token), None).unwrap().status, 401);
    assert_eq!(server.log_in("bea", PASSWORD).unwrap().status, 401);
    assert_eq!(server.log_in("beatriz", PASSWORD).unwrap().status, 200);
    for arguments in [
        &["user", "add", "bea", "--password-stdin"][..],
        &["user", "invite", "BEA"],
        &["user", "rename", "ana", "bea"],
        &["user", "disable", "bea"],
        &["session", "list", "--user", "bea"],
    ] {
        let complaint = fails(path, arguments, PASSWORD);
        assert!(complaint.to_lowercase().contains("beatriz had the name bea until 20"), "{arguments:?}: {complaint}");
    }
    assert!(fails(path, &["user", "rename", "ana", "beatriz"], "").contains("there is a user beatriz already"));
    assert!(fails(path, &["user", "rename", "ana", "a b"], "").contains("a user name consists of"));
    assert_eq!(ok(path, &["user", "rename", "beatriz", "beatriz"], ""), "beatriz is called so already.\n");
    let details = "SELECT details FROM audit_events WHERE what = 'user_renamed'";
    let row: Row = diesel::sql_query(details).get_result(&mut database(path)).unwrap();
    let details: serde_json::Value = serde_json::from_str(&row.details).unwrap();
    assert_eq!((&details["from"], &details["to"]), (&json!("bea"), &json!("beatriz")));
    ok(path, &["user", "rename", "beatriz", "bea"], "");
    assert_eq!(server.log_in("bea", PASSWORD).unwrap().status, 200);
}

#[test]
fn a_users_details_are_noted_from_the_shell() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    for name in ["ana", "bea"] {
        ok(path, &["user", "add", name, "--password-stdin"], PASSWORD);
    }
    let shows = |words: &str| ok(path, &["user", "show", "ana"], "").contains(words);
    ok(path, &["user", "details", "ana", "--display-name", " Ana  Ruiz ", "--mail", "ana@Example.org"], "");
    assert!(shows("display name   Ana Ruiz\n") && shows("mail           ana@Example.org (not verified)\n"));
    ok(path, &["user", "details", "ana", "--mail-verified", "true"], "");
    assert!(shows("ana@Example.org (verified 20") && shows("Ana Ruiz"));
    let details = ["user", "details", "ana", "--mail", "ana@Example.org"];
    assert_eq!(ok(path, &details, ""), "ana had these details already.\n");
    for (arguments, complaint) in [
        (["user", "details", "bea", "--mail", "ana@EXAMPLE.org"], "ana has this email address"),
        (["user", "details", "bea", "--mail", "bea"], "that is no email address"),
        (["user", "details", "bea", "--mail-verified", "true"], "bea has no email address"),
        (["user", "details", "eva", "--display-name", "Eva"], "there is no user eva"),
    ] {
        let said = fails(path, &arguments, "");
        assert!(said.contains(complaint), "{arguments:?}: {said}");
    }
    ok(path, &["user", "details", "ana", "--mail", "", "--display-name", ""], "");
    assert!(!shows("Example.org") && !shows("Ruiz"));
}

#[test]
fn a_lookalike_is_refused_from_the_shell_also_before_any_server_has_run() {
    let folder = TempDir::new().unwrap();
    let path = folder.path();
    for name in ["ana", "bea"] {
        ok(path, &["user", "add", name, "--password-stdin"], PASSWORD);
    }
    diesel::sql_query("UPDATE users SET skeleton = NULL").execute(&mut database(path)).unwrap();
    for arguments in
        [&["user", "add", "аna", "--password-stdin"][..], &["user", "invite", "АNА"], &["user", "rename", "bea", "аna"]]
    {
        let complaint = fails(path, arguments, PASSWORD);
        assert!(
            complaint.contains("looks like ana, and one could be mistaken for the other"),
            "{arguments:?}: {complaint}"
        );
    }
    assert_eq!(ok(path, &["user", "list"], "").lines().count(), 3);
    ok(path, &["user", "add", "bea1", "--password-stdin"], PASSWORD);
    ok(path, &["user", "add", "beal", "--password-stdin"], PASSWORD);
}

#[test]
fn bench_hash_tells_what_each_cost_takes_and_which_is_in_force() {
    let folder = TempDir::new().unwrap();
    let said = ok(folder.path(), &["--set", "password.bcrypt_cost=11", "bench-hash"], "");
    let row = |cost: &str| {
        let line =
            said.lines().find(|line| line.split_whitespace().next() == Some(cost)).unwrap_or_else(|| panic!("{said}"));
        let figures: Vec<f64> = line.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        (figures[1], figures[2], line.contains("in force"))
    };
    let (ten, eleven, twelve) = (row("10"), row("11"), row("12"));
    assert!(ten.0 > 1.0 && eleven.0 > ten.0 && twelve.0 > eleven.0, "each step costs more: {said}");
    assert!(twelve.1 < ten.1, "and fewer get in: {said}");
    assert_eq!([ten.2, eleven.2, twelve.2], [false, true, false], "{said}");
    assert!(!folder.path().join("data").exists(), "nothing is made for it");
}

#[test]
fn what_lists_an_id_lists_the_address_of_its_page_where_that_is_known() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    for name in ["ana", "bea"] {
        ok(folder, &["user", "add", name, "--password-stdin"], PASSWORD);
    }
    ok(folder, &["user", "role", "ana", "admin"], "");
    let server = Server::start(folder);
    let base = format!("http://{}", server.address);
    let admin = server.log_in("ana", PASSWORD).unwrap().text("access_token");
    server.log_in("bea", PASSWORD).unwrap();
    let addresses = |said: &str| -> Vec<String> {
        let words = said.split_whitespace().filter(|word| word.starts_with("http"));
        words.map(|word| word.strip_prefix(&base).unwrap().to_owned()).collect()
    };

    let listed = ok(folder, &["session", "list", "--user", "bea"], "");
    let sid = listed.lines().nth(1).unwrap().split(' ').next().unwrap().to_owned();
    assert_eq!(addresses(&listed), [format!("/admin/sessions/{sid}")]);
    assert!(listed.lines().count() == 2 && listed.trim_end().ends_with(&sid), "{listed}");
    let ended = ok(folder, &["session", "end", &sid], "");
    let receipt = ended.trim_end().rsplit(' ').next().unwrap();
    assert_eq!(addresses(&ended), [format!("/receipts/{receipt}")]);
    let revoked = ok(folder, &["revoked", "list"], "");
    assert_eq!(addresses(&revoked), [format!("/admin/sessions/{sid}")]);
    let shown = addresses(&ok(folder, &["user", "show", "bea"], ""));
    let users = addresses(&ok(folder, &["user", "list"], ""));
    assert!(shown.len() == 1 && users.len() == 2 && users.contains(&shown[0]), "{shown:?} {users:?}");
    ok(folder, &["user", "delete", "bea", "--yes"], "");
    assert_eq!(addresses(&ok(folder, &["user", "list", "--deleted"], "")), shown);
    for path in [addresses(&listed), addresses(&ended), shown].concat() {
        assert_eq!(server.ask("GET", &path, Some(&admin), None).unwrap().status, 200, "{path}");
    }

    // Behind a proxy people reach it by another address; on every address of the machine nobody knows which.
    let url = ["--public-url", "https://login.example.org", "--set", "password.bcrypt_cost=10"];
    let said = ok(folder, &[&url[..], &["user", "show", "ana"]].concat(), "");
    assert!(said.contains("page           https://login.example.org/admin/users/"), "{said}");
    drop(server);
    let every = ["--listen", "0.0.0.0:8080", "--set", "allow_plain_http=true"];
    for command in [&["user", "show", "ana"][..], &["user", "list"], &["session", "list"], &["revoked", "list"]] {
        let said = ok(folder, &[&every[..], command].concat(), "");
        assert!(!said.contains("http") && !said.contains("PAGE"), "{command:?}: {said}");
    }
    let said = ok(folder, &[&every[..], &["session", "end", "--user", "ana", "--yes"]].concat(), "");
    assert!(said.starts_with("1 session ended. Receipt: ") && !said.contains('/'), "{said}");
}

#[cfg(not(feature = "postgres"))]
#[test]
fn a_program_without_postgresql_says_that_nothing_can_move_there_and_how_to_build_one_that_can() {
    let folder = TempDir::new().unwrap();
    let error = fails(folder.path(), &["move", "--yes", "--to", "postgres://portero@db/portero"], "");
    assert!(error.contains("cargo build --release --features postgres"), "{error}");
    assert!(!folder.path().join("data").exists());
}
