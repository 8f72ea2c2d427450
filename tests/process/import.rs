//! Moving in: the users of another system are added from a file, sign in with the passwords they had, and their hashes are made anew.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use portero::domain::UnixTime;
use portero::tokens::options::{Options, Secret};
use portero::tokens::{Algorithm, Engine, Key, Keys, NewToken};
use tempfile::TempDir;

use crate::database::Behind;
use crate::portero::{PASSWORD, Server, fails, ok, portero, run, text};

/// What the hashes below were made of, by Django 5.2, Werkzeug 3.1 and passlib 1.7.
const OTHERS_PASSWORD: &str = "correct horse señal";
const WERKZEUG: &str = "scrypt:1024:8:1$GbUwvh9A6QeuOKUn$b2f8d15bfaa6137f9ab0d769aca3f418a751b6eaa3f1dce6ebf2af6cfd2bfda225f0d5bf29aa99fc73313f0917b1e59f14acda49e912f4447d54cdb0d3f818ff";
const DJANGO: &str = "pbkdf2_sha256$1000$SaltOfDjango22charsXYZ$isQn0I8VVrYWJTksjuZdsJeUMIvzQSPK/AWvdWB0qaQ=";
const ARGON2: &str = "$argon2id$v=19$m=64,t=1,p=1$pVSKkXJOCUGo1fof4/yfMw$XlpsYURvP6L1SYcPw5eB8Zyt5Pv2+Xs2JW4lBUQ7FyM";
const BCRYPT: &str = "$2b$04$ijTDXlYADfPNrld32rM9W.6ieyWobRoVNvlZBF6sz4m/fW2Nv9QE2";

fn import(folder: &Path, name: &str, file: &str, options: &[&str]) -> String {
    ok(folder, &command(folder, name, file, options).iter().map(String::as_str).collect::<Vec<_>>(), "")
}

/// What standard error says.
fn refuses(folder: &Path, name: &str, file: &str, options: &[&str]) -> String {
    fails(folder, &command(folder, name, file, options).iter().map(String::as_str).collect::<Vec<_>>(), "")
}

fn command(folder: &Path, name: &str, file: &str, options: &[&str]) -> Vec<String> {
    let path = folder.join(name);
    std::fs::write(&path, file).unwrap();
    let words = ["user", "import", path.to_str().unwrap()].into_iter().chain(options.iter().copied());
    words.map(str::to_owned).collect()
}

fn hash_of(folder: &Path, name: &str) -> String {
    Behind::of(folder).rows(&format!("SELECT password_hash AS row FROM users WHERE username = '{name}'")).remove(0)
}

fn names(folder: &Path) -> Vec<String> {
    let list = ok(folder, &["user", "list"], "");
    list.lines().skip(1).filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn whoever_moves_in_signs_in_with_the_password_they_had_and_the_hash_is_made_anew() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    ok(folder, &["user", "add", "adm", "--admin", "--password-stdin"], PASSWORD);
    let file = format!(
        "username,pw_hash,email,display name,groups,role,state,points\n\
         ana,{WERKZEUG},ana@example.org,Ana Ríos,staff;wiki,admin,,7\n\
         bea,{DJANGO},,,wiki,,,1\n\
         cai,\"{ARGON2}\",,,,user,enabled,\n\
         dan,{BCRYPT},,,,,disabled,\n\
         eva,,eva@example.org,,,,,\n"
    );
    let dry = import(folder, "people.csv", &file, &["--dry-run"]);
    assert!(dry.contains("5 in the file; 5 to add.") && dry.contains("Admins: ana"), "{dry}");
    assert!(dry.contains("Disabled: 1\n") && dry.contains("reset-link`: 1\n"), "{dry}");
    assert_eq!(names(folder), ["adm"], "a dry run adds nobody");

    let server = Server::start(folder);
    let added = import(folder, "people.csv", &file, &[]);
    assert!(added.contains("Added the groups staff, wiki.") && added.contains("Added 5 users."), "{added}");
    for name in ["ana", "bea", "cai"] {
        assert_ne!(hash_of(folder, name).split('$').nth(1), Some("portero1"), "{name}");
        assert_eq!(server.log_in(name, "correct horse").unwrap().status, 401, "{name}");
        assert_eq!(server.log_in(name, OTHERS_PASSWORD).unwrap().status, 200, "{name}");
    }
    assert_eq!(server.log_in("dan", OTHERS_PASSWORD).unwrap().status, 401, "disabled");
    drop(server);
    for name in ["ana", "bea", "cai"] {
        assert!(hash_of(folder, name).starts_with("$portero1$"), "{name}: {}", hash_of(folder, name));
    }
    let shown = ok(folder, &["user", "show", "ana"], "");
    assert!(shown.contains("Ana Ríos") && shown.contains("ana@example.org") && shown.contains("admin"), "{shown}");
    assert!(ok(folder, &["group", "show", "wiki"], "").contains("bea"));
    let audit = ok(folder, &["audit", "list"], "");
    assert!(audit.contains("users_imported"), "{audit}");
    assert_eq!(audit.matches("user_added").count(), 6, "{audit}");
}

#[test]
fn every_kind_of_file_is_read() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let htpasswd = format!("# people\nhta:{}\n\nhtb:{BCRYPT}:more\n", BCRYPT.replacen("$2b$", "$2y$", 1));
    assert!(import(folder, ".htpasswd", &htpasswd, &[]).contains("Added 2 users."));
    let authelia = format!(
        "users:\n  aua:\n    disabled: false\n    displayname: 'Au A'\n    password: '{ARGON2}'\n    email: aua@example.org\n    groups:\n      - admins\n      - dev\n  aub:\n    displayname: Au B\n    password: \"{ARGON2}\"\n    disabled: true\n"
    );
    assert!(import(folder, "users_database.yml", &authelia, &[]).contains("Added the groups admins, dev."));
    let django = format!(
        r#"[{{"model":"auth.group","pk":3,"fields":{{"name":"editors","permissions":[]}}}},
            {{"model":"auth.user","pk":1,"fields":{{"username":"dja","password":"{DJANGO}","email":"dja@example.org","first_name":"Dj",
              "last_name":"A","is_active":true,"is_superuser":true,"groups":[3]}}}},
            {{"model":"auth.user","pk":2,"fields":{{"username":"djb","password":"!unusable","is_active":false,"groups":[["editors"]]}}}}]"#
    );
    let said = import(folder, "dump.json", &django, &["--format", "django"]);
    assert!(
        said.contains("Admins: dja") && said.contains("Disabled: 1\n") && said.contains("Added 2 users."),
        "{said}"
    );
    assert!(ok(folder, &["group", "show", "editors"], "").contains("djb"));
    let lines = format!(
        "{{\"username\":\"jsa\",\"password_hash\":\"{BCRYPT}\",\"groups\":[\"editors\"]}}\n{{\"username\":\"jsb\"}}\n"
    );
    assert!(import(folder, "people.jsonl", &lines, &[]).contains("Added 2 users."));
    let array = format!(
        "[{{\"user\": \"jsc\", \"hash\": \"{BCRYPT}\", \"mail_verified\": true, \"mail\": \"jsc@example.org\"}}]"
    );
    assert!(import(folder, "people.json", &array, &[]).contains("Added 1 user."));
    let server = Server::start(folder);
    for name in ["hta", "htb", "aua", "dja", "jsa", "jsc"] {
        assert_eq!(server.log_in(name, OTHERS_PASSWORD).unwrap().status, 200, "{name}");
    }
    assert_eq!(server.log_in("aub", OTHERS_PASSWORD).unwrap().status, 401);
}

#[test]
fn one_bad_line_and_nobody_is_added_and_each_fault_is_told_without_repeating_a_secret() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    ok(folder, &["user", "add", "ana", "--password-stdin"], PASSWORD);
    ok(folder, &["user", "details", "ana", "--mail", "ana@example.org"], "");
    let secret = "hunter2-is-no-hash";
    let file = format!(
        "username,password,mail,groups,role,state,mail_verified\n\
         ana,,,,,,\n\
         bea,{secret},,,,,\n\
         cai,$6$rounds=5000$salt$digest,,,,,\n\
         dan smith,,,,,,\n\
         eva,,not an address,,,,\n\
         fay,,,a(b,boss,gone,perhaps\n\
         gil,,ana@EXAMPLE.org,,,,\n\
         hal,,hal@example.org,,,,\n\
         HAL,,,,,,\n\
         ivo,,hal@example.org,,,,\n\
         p\u{430}ul,,,,,,\n\
         paul,,,,,,\n\
         kim,pbkdf2_sha256$4000000000$salt$AAAAAAAAAAAAAAAAAAAAAA==,,,,,\n"
    );
    let before = names(folder);
    for options in [&["--dry-run"][..], &[]] {
        let said = refuses(folder, "people.csv", &file, options);
        for (line, why) in [
            (2, "there is a user ana already"),
            (3, "this is no hash of bcrypt, PBKDF2, scrypt or Argon2"),
            (4, "SHA-crypt is not taken over"),
            (5, "a user name consists of"),
            (6, "this is no mail address"),
            (7, "a group's name has"),
            (7, "\"boss\" is no role"),
            (7, "\"gone\" is no state"),
            (7, "whether the mail address is verified"),
            (8, "ana has the mail address of gil"),
            (10, "HAL is in line 9 already"),
            (11, "ivo has the mail address of hal in line 9"),
            (13, "could be mistaken for"),
            (14, "costs too much to check"),
        ] {
            let found = said.lines().any(|told| told.starts_with(&format!("line {line}:")) && told.contains(why));
            assert!(found, "line {line}: {why}:\n{said}");
        }
        assert!(said.contains("nobody was added: 14 faults"), "{said}");
        assert!(!said.contains(secret), "{said}");
        assert_eq!(names(folder), before);
    }
    assert!(refuses(folder, "people.csv", "name,hash\nana,\n", &[]).contains("no column username"));
    assert!(refuses(folder, "people.csv", "username,user\nana,ana\n", &[]).contains("mean the same"));
    assert!(refuses(folder, "people.csv", "username,role\nana\n", &[]).contains("line 2"));
    assert!(refuses(folder, "people.yml", "users: [", &[]).contains("no users file of Authelia"));
    assert!(refuses(folder, "people.txt", "x", &[]).contains("--format"));
    assert!(refuses(folder, "people.csv", "username\n", &[]).contains("nobody in the file"));
    assert_eq!(names(folder), before);
}

#[test]
fn whoever_is_here_is_skipped_and_a_hash_that_is_not_taken_over_is_left_out_if_that_is_asked_for() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    ok(folder, &["user", "add", "ana", "--password-stdin"], PASSWORD);
    let before = hash_of(folder, "ana");
    let file = format!("username,hash\nana,{BCRYPT}\nbea,{BCRYPT}\ncai,$apr1$salt$digest\n");
    assert!(refuses(folder, "people.csv", &file, &["--skip-existing"]).contains("line 4: MD5-crypt is not taken over"));
    let said = import(folder, "people.csv", &file, &["--skip-existing", "--without-unknown-hashes"]);
    assert!(
        said.contains("3 in the file; 2 to add.") && said.contains("Here already, left as they are: 1\n"),
        "{said}"
    );
    assert!(said.contains("not taken over: 1\n"), "{said}");
    assert_eq!(hash_of(folder, "ana"), before);
    assert!(ok(folder, &["user", "show", "cai"], "").contains("invited"));
    let again = import(folder, "people.csv", &file, &["--skip-existing", "--without-unknown-hashes"]);
    assert!(again.contains("There is nobody left to add."), "{again}");
}

#[test]
fn thousands_of_lines_are_added_at_once_or_refused_line_by_line() {
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let mut file = String::from("username,hash,mail,groups\n");
    for number in 0..2_000 {
        writeln!(file, "person{number},{BCRYPT},person{number}@example.org,team{}", number % 50).unwrap();
    }
    let path = folder.join("people.csv");
    let bad = file.replace("person777,", "person 777,").replace("person1999@", "person0@");
    std::fs::write(&path, bad).unwrap();
    let refused = run(folder, &["user", "import", path.to_str().unwrap()], "");
    let said = text(&refused.stderr);
    assert!(said.contains("line 779:") && said.contains("line 2001:") && said.contains("2 faults"), "{said}");
    std::fs::write(&path, file).unwrap();
    let begin = std::time::Instant::now();
    assert!(ok(folder, &["user", "import", path.to_str().unwrap()], "").contains("Added 2000 users."));
    println!("2,000 lines in {:.1} s", begin.elapsed().as_secs_f64());
    let count = Behind::of(folder)
        .rows("SELECT CAST(count(*) AS TEXT) AS row FROM users WHERE imported_at IS NOT NULL")
        .remove(0);
    assert_eq!(count, "2000");
    assert!(
        ok(folder, &["audit", "verify"], "").contains("4051"),
        "one for each user, membership and group, and one for all"
    );
}

#[test]
fn whoever_moves_to_another_portero_signs_in_there_with_the_password_they_had() {
    let first = TempDir::new().unwrap();
    let first = first.path();
    ok(first, &["user", "add", "adm", "--admin", "--password-stdin"], PASSWORD);
    let file = format!(
        "username,hash,mail,mail_verified,display name,groups,state\n\
         ana,{WERKZEUG},ana@example.org,true,\"=Ana, \"\"la\"\" Ríos\",staff;wiki,\n\
         bea,{DJANGO},,,,,\n\
         cai,\"{ARGON2}\",,,,,disabled\n\
         eva,,,,,,\n"
    );
    import(first, "people.csv", &file, &[]);
    let server = Server::start(first);
    assert_eq!(server.log_in("ana", OTHERS_PASSWORD).unwrap().status, 200, "now her hash is one of Portero's");
    drop(server);
    let moving = ["user", "export", "--with-hashes", "--format", "jsonl", "--output", "moving.jsonl"];
    let to_nowhere = run(first, &moving[..5], "");
    assert!(!to_nowhere.status.success() && text(&to_nowhere.stderr).contains("--output"), "never to a terminal");
    ok(first, &moving, "");
    let file = first.join("moving.jsonl");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let whole = std::fs::read_to_string(&file).unwrap();
    assert!(!ok(first, &["user", "export", "--format", "jsonl"], "").contains("password_hash"), "only if asked for");
    let exported = ok(first, &["audit", "export", "--what", "exported", "--format", "jsonl"], "");
    assert!(exported.lines().any(|line| line.contains("\"hashes\":true")), "{exported}");

    let second = TempDir::new().unwrap();
    let second = second.path();
    let said = refuses(second, "moving.jsonl", &whole, &[]);
    assert!(said.contains("--pepper") && said.contains("2 faults") && names(second).is_empty(), "{said}");
    let pepper = first.join("data/pepper.key");
    let server = Server::start(second);
    let with_pepper = ["--pepper", pepper.to_str().unwrap()];
    assert!(import(second, "moving.jsonl", &whole, &with_pepper).contains("Added 5 users."));
    assert_eq!(server.log_in("nobody", OTHERS_PASSWORD).unwrap().status, 401, "its decoy may be of any form");
    assert_eq!(server.log_in("adm", PASSWORD).unwrap().status, 200);
    for name in ["ana", "bea"] {
        assert_eq!(server.log_in(name, "correct horse").unwrap().status, 401, "{name}");
        assert_eq!(server.log_in(name, OTHERS_PASSWORD).unwrap().status, 200, "{name}");
    }
    assert_eq!(server.log_in("cai", OTHERS_PASSWORD).unwrap().status, 401, "disabled");
    let shown = ok(second, &["user", "show", "ana"], "");
    assert!(shown.contains("=Ana, \"la\" Ríos") && shown.contains("group          wiki"), "{shown}");
    assert!(shown.contains("ana@example.org (verified "), "{shown}");
    assert!(ok(second, &["user", "show", "eva"], "").contains("invited"));
    drop(server);
    for name in ["adm", "ana"] {
        let hash = hash_of(second, name);
        assert!(hash.starts_with("$portero1$") && !whole.contains(&hash), "{name} has one of the second's own");
    }
}

#[test]
fn whoever_moves_in_keeps_their_tokens_while_these_are_observed_and_the_log_tells_of_them() {
    const KEY: &str = "the key of the Flask app that people come from";
    let folder = TempDir::new().unwrap();
    let folder = folder.path();
    let now = jiff::Timestamp::now().as_second();
    let engine = {
        let key = Key::new(Algorithm::HS256, &Secret::new(KEY)).unwrap();
        Engine::new(Options::default(), Keys::one(key))
    };
    let issued = |token: NewToken| engine.issue(&token, UnixTime(now - 60)).unwrap();
    let (access, refresh) = (issued(NewToken::access("ana")), issued(NewToken::refresh("ana")));
    let words = command(folder, "people.csv", &format!("username,hash\nana,{WERKZEUG}\n"), &[]);
    let imported = portero(folder).env("JWT_SECRET_KEY", KEY).args(words).output().unwrap();
    assert!(imported.status.success(), "{}", text(&imported.stderr));
    for (setting, status) in [("observe", 200), ("refuse", 422)] {
        let mut command = portero(folder);
        command.env("JWT_SECRET_KEY", KEY).env("PORTERO_FOREIGN_TOKENS", setting).env("PORTERO_LOG_FORMAT", "json");
        let server = Server::with(folder, command);
        for _ in 0..3 {
            assert_eq!(server.ask("GET", "/protected", Some(&access), None).unwrap().status, status, "{setting}");
        }
        assert_eq!(server.ask("POST", "/refresh", Some(&refresh), None).unwrap().status, status, "{setting}");
        let log = server.log();
        let told: Vec<serde_json::Value> = log
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .filter(|line: &serde_json::Value| line["event"] == "foreign_token_observed")
            .collect();
        if setting == "refuse" {
            assert!(told.is_empty(), "{told:?}");
            continue;
        }
        let [first, second] = told.as_slice() else { panic!("once for each kind: {told:?}") };
        assert_eq!((&first["user"], &first["path"]), (&"ana".into(), &"/protected".into()));
        assert_eq!((&first["refused_by"], &second["refused_by"]), (&"refuse".into(), &"access".into()));
        assert!(!log.contains(&access) && !log.contains(&refresh));
    }
}
