//! Apache with mod_auth_openidc, from Debian: a process of its own, with a page that nobody sees without signing in.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use super::{Portero, Process, Visitor, program, wait_for};

const MODULES: [&str; 8] =
    ["mpm_event", "authn_core", "authz_core", "authz_user", "auth_openidc", "dir", "include", "mime"];

/// Apache, serving a page that says who it takes the visitor for.
fn apache(portero: &Portero, folder: &Path) -> Process {
    // What Apache's own user has to read.
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let pages = folder.join("pages");
    std::fs::create_dir(&pages).unwrap();
    std::fs::write(pages.join("index.shtml"), "You are <!--#echo var=\"REMOTE_USER\" -->.\n").unwrap();
    std::fs::write(pages.join("signed-out"), "You are signed out.\n").unwrap();
    let modules: String = MODULES
        .iter()
        .map(|name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"))
        .collect();
    let (at, port) = (folder.display(), portero.listen.port());
    let settings = program("mod_auth_openidc.conf");
    let all = format!(
        "{modules}User www-data\nGroup www-data\nServerRoot {at}\nServerName 127.0.0.1\nListen 127.0.0.1:{port}\nPidFile {at}/pid\nErrorLog {at}/log\n\
         Mutex file:{at} default\nTypesConfig /dev/null\nAddType text/html .shtml\nAddOutputFilter INCLUDES .shtml\n\
         DirectoryIndex index.shtml\nDocumentRoot {at}/pages\n<Directory {at}/pages>\nOptions +Includes\n</Directory>\n\
         Include {}\n",
        settings.display()
    );
    let file = folder.join("apache.conf");
    std::fs::write(&file, all).unwrap();
    let mut command = Command::new("/usr/sbin/apache2");
    // One process, which ends when it is killed.
    command.args(["-X", "-f"]).arg(&file).stdout(Stdio::inherit());
    portero.start(&mut command)
}

/// What the module tells of the session: its tokens, and what `/userinfo` said.
fn info(visitor: &mut Visitor, portero: &Portero) -> Value {
    let answer = visitor.open(&portero.at_app("/callback?info=json"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

#[test]
#[ignore = "`tests/run --long` runs it"]
fn mod_auth_openidc_signs_in_asks_refreshes_and_signs_out_both_ways() {
    let portero = Portero::with([Some("/callback"), Some("/callback?logout=backchannel"), Some("/signed-out")]);
    let folder = TempDir::new().unwrap();
    let _apache = apache(&portero, folder.path());
    let mut visitor = Visitor::of(&portero);
    let page = visitor.open(&portero.at_app("/"));
    let page = visitor.sign_in(&page);
    assert_eq!((page.status, page.body.as_str()), (200, "You are ana.\n"));

    let before = info(&mut visitor, &portero);
    assert_eq!(before["userinfo"]["preferred_username"], "ana");
    let refresh = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("refresh", &portero.at_app("/"))
        .append_pair("access_token", before["access_token"].as_str().unwrap())
        .finish();
    let page = visitor.open(&portero.at_app(&format!("/callback?{refresh}")));
    assert_eq!((page.status, page.body.as_str()), (200, "You are ana.\n"));
    let after = info(&mut visitor, &portero);
    assert!(after["access_token"] != before["access_token"] && after["refresh_token"] != before["refresh_token"]);

    let mut at_home = Visitor::of(&portero);
    let page = at_home.open(&portero.at_app("/"));
    at_home.sign_in(&page);

    let sid = visitor.sid();
    visitor.sign_out();
    portero.wait_until_acknowledged(sid);
    wait_for("Apache to ask for a sign-in", || visitor.app.get("/").status == 302);
    assert_eq!(at_home.app.get("/").body, "You are ana.\n", "another session goes on");

    let access = info(&mut at_home, &portero)["access_token"].clone();
    let sid = at_home.sid();
    let leave = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("logout", &portero.at_app("/signed-out"))
        .finish();
    let led = at_home.sign_out_at_app(&portero, &portero.at_app(&format!("/callback?{leave}")), "/signed-out");
    assert_eq!(at_home.open(&led).body, "You are signed out.\n");
    assert!(portero.refuses(&access));
    portero.wait_until_acknowledged(sid);
    assert_eq!(at_home.app.get("/").status, 302, "Apache asks for a sign-in");
}
