//! axe-core finds nothing wrong on any page, in any state, language, colour scheme and width. (WCAG 2.2 AA)
//!
//! To add a page, add a line to one of the lists below: a name, the path, and the steps that bring the
//! page into the state to check.

use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fantoccini::Locator;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::axe::faults_of_page;
use crate::browser::{Browser, Driver, Wishes};
use crate::mail_server::MailServer;
use crate::portero::{PASSWORD, Server, ok, portero};
use crate::several_nodes::add_nodes;
use crate::totp;

use Step::{Follow, Sees, Type};

/// The name of a page in some state, its path, and the steps from there to that state. `{setup}` stands for the
/// path of the link that creates the first administrator, `{invitation}` for that of a link to choose a password, `{report}` for
/// that of "This wasn't me" in a mail, and `{confirm}` for that of a mail to an address that somebody has given.
type Page = (&'static str, &'static str, &'static [Step]);

enum Step {
    /// Types into the field with this id.
    Type(&'static str, &'static str),
    /// Clicks what this CSS selector finds, and waits for the page it leads to.
    Follow(&'static str),
    /// Waits until this CSS selector finds something: the page is then in the state to check.
    Sees(&'static str),
}

/// Sends the form.
const SEND: Step = Follow("main button.primary");
const REFUSED: Step = Sees(":is(#error-summary, [aria-invalid]:focus)");
const NOTICE: Step = Sees(".message");
const NOTHING: Step = Sees(".empty");
const ERROR: Step = Sees("main a[href='/']");
const FIRST_TO_END: Step = Follow("td .row-links a[href$='/end']");
const FIRST_STORY: Step = Follow("td .row-links a:first-child");

/// Pages while nobody has an account yet.
const AT_FIRST: &[Page] = &[
    ("no account yet", "/", &[]),
    ("setup", "{setup}", &[]),
    ("setup sent empty", "{setup}", &[SEND, REFUSED]),
    (
        "setup with mistakes",
        "{setup}",
        &[
            Type("username", "two words"),
            Type("new_password", "short"),
            Type("new_password_again", "other"),
            SEND,
            REFUSED,
        ],
    ),
];

/// Pages once there are accounts, for somebody who is not signed in.
const SIGNED_OUT: &[Page] = &[
    ("an app's sign-out that can't be answered", "/end-session?client_id=nobody", &[]),
    ("an app's sign-in that can't be answered", "/authorize?client_id=nobody", &[]),
    ("a link that is used up", "{setup}", &[ERROR]),
    ("login", "/login", &[]),
    ("login sent empty", "/login", &[SEND, REFUSED]),
    ("login, wrong password", "/login", &[Type("username", "ana"), Type("password", "not it"), SEND, REFUSED]),
    ("login before a page", "/change-password", &[NOTICE]),
    ("nothing to sign out of", "/logout", &[]),
    ("can't sign in?", "/sign-in-help", &[]),
    ("calls for programs", "/openapi", &[]),
    ("forgotten password", "/forgot-password", &[]),
    ("forgotten password sent empty", "/forgot-password", &[SEND, REFUSED]),
    ("forgotten password, asked", "/forgot-password", &[Type("who", "bea"), SEND, Sees("a[href='/login']")]),
    ("this wasn't me", "{report}", &[]),
    ("this wasn't me, done", "{report}", &[SEND, Sees("main:not(:has(form))")]),
    ("invitation", "{invitation}", &[]),
    ("invitation sent empty", "{invitation}", &[SEND, REFUSED]),
    ("nothing there", "/nowhere", &[ERROR]),
    ("second step", "/login", &[Type("username", "eli"), Type("password", PASSWORD), SEND, Sees("#code")]),
    (
        "second step, wrong code",
        "/login",
        &[Type("username", "eli"), Type("password", PASSWORD), SEND, Type("code", "000000"), SEND, REFUSED],
    ),
    (
        "second step, recovery code",
        "/login",
        &[Type("username", "eli"), Type("password", PASSWORD), SEND, Follow(".aside a"), Sees("#code")],
    ),
];

/// Pages for Leo, who comes by his invitation. So he has never given the current password, and the form asks for it.
const AS_LEO: &[Page] = &[
    (
        "account, by a link",
        "{invitation}",
        &[Type("new_password", PASSWORD), Type("new_password_again", PASSWORD), SEND, NOTICE],
    ),
    ("change password, and give the current one", "/change-password", &[Sees("#current_password")]),
    ("change password sent empty", "/change-password", &[SEND, REFUSED]),
    (
        "change password with mistakes",
        "/change-password",
        &[
            Type("current_password", "not it"),
            Type("new_password", "short"),
            Type("new_password_again", "other"),
            SEND,
            REFUSED,
        ],
    ),
    ("login after signing out", "/logout", &[SEND, NOTICE]),
];

/// Pages for Bea, who is no administrator.
const AS_BEA: &[Page] = &[
    ("account with one session", "/account", &[]),
    ("no second factor", "/account/factors", &[NOTHING]),
    ("add an app", "/account/factors/totp", &[]),
    ("add an app, refused", "/account/factors/totp", &[Type("name", " "), SEND, REFUSED]),
    ("set up an app", "/account/factors/totp", &[SEND, Sees(".qr")]),
    ("set up an app, wrong code", "/account/factors/totp", &[SEND, Type("code", "1"), SEND, REFUSED]),
    ("not for this account", "/admin/sessions", &[ERROR]),
    ("sign out of the only session", "/logout", &[]),
    ("own address", "/account/mail", &[]),
    ("own address, refused", "/account/mail", &[Type("mail", "bea"), SEND, REFUSED]),
    ("own address, to be confirmed", "/account/mail", &[Type("mail", "bea@example.org"), SEND, NOTICE]),
];

/// The page to which the mail leads that Bea then gets.
const CONFIRM_ADDRESS: &[Page] = &[("confirm an address", "{confirm}", &[])];

/// Pages for Bea after an administrator has disabled her account.
const BEA_IS_DISABLED: &[Page] = &[
    ("login after the session ended", "/account", &[NOTICE]),
    ("login, disabled", "/login", &[Type("username", "bea"), Type("password", PASSWORD), SEND, REFUSED]),
];

/// Pages for Ana, an administrator who has other sessions. The lists hold an example of everything ([`fill`]).
const AS_ANA: &[Page] = &[
    ("overview", "/admin", &[]),
    ("account", "/account", &[]),
    ("own session's story", "/account", &[FIRST_STORY]),
    ("end a session?", "/account", &[FIRST_TO_END]),
    ("receipt", "/account", &[FIRST_TO_END, SEND, NOTICE]),
    ("change password", "/change-password", &[]),
    ("confirm", "/confirm?next=/change-password", &[]),
    ("confirm, wrong password", "/confirm?next=/change-password", &[Type("password", "not it"), SEND, REFUSED]),
    ("sign out of which session?", "/logout", &[Sees("fieldset.choices")]),
    ("sessions", "/admin/sessions", &[]),
    ("only odd sessions", "/admin/sessions?state=odd", &[Sees("tr.danger")]),
    ("sessions, none", "/admin/sessions?ip=192.0.2.1", &[NOTHING]),
    ("sessions of nobody", "/admin/sessions?user=nobody", &[NOTHING]),
    ("sessions, more filters", "/admin/sessions?from=2020-01-01", &[Sees("details[open]")]),
    ("no such session", "/admin/sessions/00000000", &[Sees("#q")]),
    ("sign out everywhere else?", "/logout?scope=others", &[Sees("main button.danger")]),
    ("sessions of cleo", "/admin/sessions?user=cleo", &[Sees("td .row-links")]),
    ("an odd session's story", "/admin/sessions?state=odd", &[FIRST_STORY, Sees("svg .odd")]),
    ("end cleo's session?", "/admin/sessions?user=cleo", &[FIRST_TO_END]),
    ("revoked", "/admin/revoked", &[Sees("tr.danger")]),
    ("revoked, none", "/admin/revoked?ip=192.0.2.1", &[NOTHING]),
    ("revoked of nobody", "/admin/revoked?user=nobody", &[NOTHING]),
    ("a theft's story", "/admin/revoked?reason=reuse", &[Follow("tr.danger a.id")]),
    ("end sessions since when?", "/admin/sessions/end", &[]),
    ("end sessions since nonsense", "/admin/sessions/end?since=soon", &[REFUSED]),
    ("end sessions?", "/admin/sessions/end?since=2020-01-01", &[Sees("main button.primary")]),
    ("end sessions, none", "/admin/sessions/end?since=2999-01-01", &[]),
    ("users", "/admin/users", &[Sees("tbody th a")]),
    ("users, none", "/admin/users?name=zzz", &[NOTHING]),
    ("a user", "/admin/users?name=cleo", &[Follow("tbody th a")]),
    ("add a user", "/admin/users/add", &[]),
    ("add a user, refused", "/admin/users/add", &[SEND, REFUSED]),
    ("a link was made", "/admin/users/add", &[Type("username", "dora"), SEND, Sees("#link")]),
    ("disable?", "/admin/users?name=cleo", &[Follow("tbody th a"), Follow(".acts a[href$='disable']")]),
    ("disable when?", "/admin/users?name=cleo", &[Follow("tbody th a"), Follow(".acts a[href$='schedule']")]),
    ("deleted users, none", "/admin/users?state=deleted&name=zzz", &[NOTHING]),
    ("details", "/admin/users?name=cleo", &[Follow("tbody th a"), Follow(".acts a[href$='details']")]),
    (
        "details, refused",
        "/admin/users?name=cleo",
        &[Follow("tbody th a"), Follow(".acts a[href$='details']"), Type("mail", "cleo"), SEND, REFUSED],
    ),
    ("rename", "/admin/users?name=cleo", &[Follow("tbody th a"), Follow(".acts a[href$='rename']")]),
    (
        "rename?",
        "/admin/users?name=cleo",
        &[
            Follow("tbody th a"),
            Follow(".acts a[href$='rename']"),
            Type("new_name", "cleopatra"),
            SEND,
            Sees("input[name='confirmed']"),
        ],
    ),
    (
        "delete, refused",
        "/admin/users?name=cleo",
        &[Follow("tbody th a"), Follow(".acts a[href$='delete']"), SEND, REFUSED],
    ),
    ("audit log", "/admin/audit", &[]),
    ("audit log, more filters", "/admin/audit?what=signed_in", &[Sees("details[open]")]),
    ("audit log, none", "/admin/audit?q=ana&until=2020-01-01", &[NOTHING]),
    ("audit log, no address", "/admin/audit?q=300.1.1.1", &[NOTHING]),
    (
        "take away a second factor?",
        "/admin/users?name=eli",
        &[Follow("tbody th a"), Follow(".acts a[href$='factors']")],
    ),
    ("a link for setting up a second factor?", "/admin/users/3/enrolment-link", &[Sees("main form")]),
    ("apps", "/admin/apps", &[Sees("tbody th a")]),
    ("add an app behind the gate", "/admin/apps/add", &[]),
    ("add an app behind the gate, refused", "/admin/apps/add", &[Type("origins", "wiki"), SEND, REFUSED]),
    ("an app", "/admin/apps", &[Follow("tbody th a")]),
    ("an app, refused", "/admin/apps", &[Follow("tbody th a"), Type("origins", "wiki"), SEND, REFUSED]),
    ("an app's OpenID Connect", "/admin/apps", &[Follow("tbody th a"), Follow("a[href$='openid']")]),
    (
        "an app's OpenID Connect, refused",
        "/admin/apps",
        &[Follow("tbody th a"), Follow("a[href$='openid']"), Type("redirect_uris", "wiki"), SEND, REFUSED],
    ),
    ("remove an app?", "/admin/apps", &[Follow("tbody th a"), Follow("a[href$='remove']")]),
    ("groups", "/admin/groups", &[Sees("tbody th a")]),
    ("add a group", "/admin/groups/add", &[]),
    ("add a group, refused", "/admin/groups/add", &[Type("name", "two words"), SEND, REFUSED]),
    ("a group", "/admin/groups", &[Follow("tbody th a"), Sees(".factors")]),
    ("a group, refused", "/admin/groups", &[Follow("tbody th a"), Type("people", "nobody"), SEND, REFUSED]),
    ("remove a group?", "/admin/groups", &[Follow("tr:last-child th a"), Follow("a[href$='remove']"), Sees(".danger")]),
    ("a group that an app lets in", "/admin/groups", &[Follow("tbody th a"), Follow("a[href$='remove']"), REFUSED]),
    ("groups of a user", "/admin/users?name=cleo", &[Follow("tbody th a"), Follow(".acts a[href$='groups']")]),
    ("activity", "/account/activity", &[]),
    ("activity, none", "/account/activity?q=192.0.2.1", &[NOTHING]),
    ("about", "/admin/about", &[]),
    ("doctor", "/admin/doctor", &[]),
    ("nodes", "/admin/nodes", &[Sees("tr.danger")]),
    ("nothing there, signed in", "/nowhere", &[ERROR]),
    // Last, because it ends her session.
    ("signed out", "/logout", &[SEND, NOTICE]),
];

/// A browser on its way through the pages, and what axe found on them.
struct Visit<'a> {
    server: &'a Server,
    browser: Browser,
    setup: String,
    /// Empty until somebody is invited.
    invitation: String,
    /// The same until somebody got a mail.
    report: String,
    confirm: String,
    found: Vec<String>,
}

impl Visit<'_> {
    fn at(&self, path: &str) -> String {
        format!(
            "http://{}{}",
            self.server.address,
            path.replace("{setup}", &self.setup)
                .replace("{invitation}", &self.invitation)
                .replace("{report}", &self.report)
                .replace("{confirm}", &self.confirm)
        )
    }

    async fn sign_in(&self, name: &str) {
        self.browser.open(&self.at("/login")).await;
        self.browser.type_into("username", name).await;
        self.browser.type_into("password", PASSWORD).await;
        self.browser.go_by(self.browser.element(Locator::Css("main button.primary")).await).await;
        let home = if name == "ana" { "/admin" } else { "/account" };
        assert_eq!(self.browser.path().await, home);
    }

    async fn look_at(&mut self, pages: &[Page]) {
        for (name, path, steps) in pages {
            self.browser.open(&self.at(path)).await;
            for step in *steps {
                match step {
                    Type(id, text) => self.browser.type_into(id, text).await,
                    Sees(css) => drop(self.browser.element(Locator::Css(css)).await),
                    Follow(css) => self.browser.go_by(self.browser.element(Locator::Css(css)).await).await,
                }
            }
            self.found.extend(faults_of_page(&self.browser, name).await);
        }
    }
}

/// Gives the user an authenticator app.
pub(crate) fn second_factor(server: &Server, name: &str) {
    let token = server.log_in(name, PASSWORD).unwrap().text("access_token");
    let ask = |path: &str, body: &Value| server.ask("POST", path, Some(&token), Some(body)).unwrap();
    let new = ask("/account/factors/totp", &json!({ "name": "Phone" }));
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let code = totp::code(&new.text("secret"), i64::try_from(now).unwrap());
    let path = format!("/account/factors/totp/{}/confirm", new.body["id"]);
    assert_eq!(ask(&path, &json!({ "code": code })).status, 200);
}

/// The path of "This wasn't me" in a mail to a user who is added for it.
pub(crate) fn report(folder: &Path, mail: &MailServer) -> String {
    let sends = [("mail.url", mail.url()), ("mail.from", "login@example.org".into())];
    let sends: Vec<String> =
        sends.into_iter().flat_map(|(key, value)| ["--set".into(), format!("{key}={value}")]).collect();
    let sends: Vec<&str> = sends.iter().map(String::as_str).collect();
    ok(folder, &["user", "add", "mia", "--password-stdin"], PASSWORD);
    ok(folder, &["user", "details", "mia", "--mail", "mia@example.org"], "");
    ok(folder, &[&["user", "passwd", "mia", "--password-stdin"], sends.as_slice()].concat(), PASSWORD);
    mail.wait_for(1)[0].path("not-me")
}

/// Fills the lists with an example of everything: ended sessions, one with an odd step, and one whose token was copied.
fn fill(folder: &Path, server: &Server) {
    for name in ["bea", "cleo", "eli"] {
        ok(folder, &["user", "add", name, "--password-stdin"], PASSWORD);
    }
    ok(folder, &["group", "add", "editors"], "");
    ok(folder, &["group", "add", "readers"], "");
    ok(folder, &["group", "add-member", "editors", "cleo", "eli"], "");
    let wiki = ["--origin", "https://wiki.example.org", "--allow", "group:editors", "--observe"];
    ok(folder, &[&["app", "add", "wiki"], &wiki[..]].concat(), "");
    ok(folder, &["app", "add", "shop", "--introspect"], "");
    second_factor(server, "eli");
    ok(folder, &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
    for _ in 0..2 {
        server.log_in("ana", PASSWORD).unwrap();
    }
    let ended = server.log_in("cleo", PASSWORD).unwrap();
    server.ask("DELETE", "/logout", Some(&ended.text("refresh_token")), None).unwrap();

    let refresh = |token: &str| server.ask("POST", "/refresh", Some(token), None).unwrap();
    // Within one second the same token is given again, even with a grace of 0 s.
    let until_the_grace_is_over = || std::thread::sleep(Duration::from_millis(1100));
    let copied = server.log_in("cleo", PASSWORD).unwrap().text("refresh_token");
    until_the_grace_is_over();
    let owners = refresh(&copied).text("access_token");
    assert_eq!(server.ask("GET", "/protected", Some(&owners), None).unwrap().status, 200);
    until_the_grace_is_over();
    assert_eq!(refresh(&copied).status, 401, "a used-up token");

    let odd = server.log_in("cleo", PASSWORD).unwrap().text("refresh_token");
    let by_another = format!(
        "POST /refresh HTTP/1.1\r\nhost: x\r\nuser-agent: else\r\ncontent-length: 0\r\n\
         authorization: Bearer {odd}\r\n\r\n"
    );
    let mut answer = [0; 12];
    std::io::Read::read_exact(&mut server.connect(by_another.as_bytes()), &mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 200");
}

async fn every_page(language: &'static str) {
    let folder = TempDir::new().unwrap();
    let mut command = portero(folder.path());
    // Bearer sessions rotate, too, and a spent refresh token is refused without a grace: so a theft is quickly staged.
    command.env("PORTERO_SESSION_ROTATE", "always").env("PORTERO_SESSION_GRACE", "0s");
    let mail = MailServer::start();
    command.env("PORTERO_MAIL_URL", mail.url()).env("PORTERO_MAIL_FROM", "login@example.org");
    let server = Server::with(folder.path(), command);
    let said = server.said();
    let link =
        said.split_whitespace().find_map(|word| word.split_once("/setup/")).expect("the first start prints a link");
    let driver = Driver::start();
    let browser = driver.browser_with(&Wishes { language, ..Wishes::default() }).await;
    let mut visit = Visit {
        server: &server,
        browser,
        setup: format!("/setup/{}", link.1),
        invitation: String::new(),
        report: String::new(),
        confirm: String::new(),
        found: Vec::new(),
    };

    visit.look_at(AT_FIRST).await;
    fill(folder.path(), &server);
    add_nodes(folder.path());
    let invited = ok(folder.path(), &["user", "invite", "leo"], "");
    let secret = invited.split_whitespace().find_map(|word| word.split_once("/link/")).expect("a link is printed").1;
    visit.invitation = format!("/link/{secret}");
    visit.report = report(folder.path(), &mail);
    visit.look_at(SIGNED_OUT).await;
    visit.look_at(AS_LEO).await;
    visit.sign_in("bea").await;
    visit.look_at(AS_BEA).await;
    visit.confirm = mail.wait_for(2)[1].path("account/mail");
    visit.look_at(CONFIRM_ADDRESS).await;
    ok(folder.path(), &["user", "disable", "bea"], "");
    visit.look_at(BEA_IS_DISABLED).await;
    visit.sign_in("ana").await;
    visit.look_at(AS_ANA).await;

    let lang = visit.browser.element(Locator::Css("html")).await.attr("lang").await.unwrap();
    assert_eq!(lang.as_deref(), Some(language), "this was not the language to look at");
    assert!(visit.found.is_empty(), "{} faults:\n{}", visit.found.len(), visit.found.join("\n"));
    visit.browser.close().await;
}

#[actix_web::test]
async fn no_page_shuts_anybody_out_in_english() {
    every_page("en").await;
}

#[actix_web::test]
async fn no_page_shuts_anybody_out_in_spanish() {
    every_page("es").await;
}
