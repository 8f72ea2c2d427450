//! What `docs/openid-apps.md` shows is what was tried, line by line.

use super::program;
use crate::root;

/// The parts that are set off, of the section with this title.
fn shown(title: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join("docs/openid-apps.md")).unwrap();
    let section =
        text.split("\n## ").find(|section| section.starts_with(title)).unwrap_or_else(|| panic!("no {title}"));
    let lines = section.lines().filter_map(|line| line.strip_prefix("    "));
    lines.map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// Each line of a section stands in a program, with these words in the place of what the page calls it. What is said to a shell, and what is
/// remarked, stands in none.
fn is_tried(title: &str, programs: &[&str], words: &[(&str, &str)]) {
    let tried: String = programs.iter().map(|name| std::fs::read_to_string(program(name)).unwrap()).collect();
    let tried: Vec<_> = tried.lines().map(str::trim).collect();
    let lines = shown(title);
    assert!(lines.len() > 5, "{title} shows nothing");
    for line in lines {
        if line.starts_with("portero ") || line.starts_with("--") || line.starts_with("//") {
            continue;
        }
        let line = words.iter().fold(line, |line, (page, test)| line.replace(page, test));
        assert!(tried.contains(&line.as_str()), "{title}: nobody has tried\n{line}");
    }
}

#[test]
fn what_the_page_about_apps_shows_was_tried() {
    let apache = [
        ("https://login.example.org", "${ISSUER}"),
        ("https://wiki.example.org", "${APP}"),
        ("OIDCClientID CLIENT_ID", "OIDCClientID ${CLIENT_ID}"),
        ("OIDCClientSecret CLIENT_SECRET", "OIDCClientSecret ${CLIENT_SECRET}"),
    ];
    is_tried("Apache (mod_auth_openidc)", &["mod_auth_openidc.conf"], &apache);
    let python = [("=CLIENT_ID", "=os.environ[\"CLIENT_ID\"]"), ("=CLIENT_SECRET", "=os.environ[\"CLIENT_SECRET\"]")];
    is_tried("Flask (Authlib)", &["../openid_authlib.py"], &python);
    let django = [
        ("= CLIENT_ID", "= os.environ[\"CLIENT_ID\"]"),
        ("= CLIENT_SECRET", "= os.environ[\"CLIENT_SECRET\"]"),
        ("SECONDS = 60", "SECONDS = 1"),
    ];
    is_tried("Django (mozilla-django-oidc)", &["django_app/settings.py", "django_app/people.py"], &django);
    let hub = [
        ("= CLIENT_ID", "= os.environ[\"CLIENT_ID\"]"),
        ("= CLIENT_SECRET", "= os.environ[\"CLIENT_SECRET\"]"),
        ("age = 60", "age = 1"),
    ];
    is_tried("JupyterHub (oauthenticator)", &["jupyterhub_config.py"], &hub);
    let node = [
        ("\"https://login.example.org\"", "process.env.ISSUER"),
        ("\"https://wiki.example.org\"", "process.env.APP"),
        ("CLIENT_ID", "process.env.CLIENT_ID"),
        ("CLIENT_SECRET", "process.env.CLIENT_SECRET"),
    ];
    is_tried("Node (express-openid-connect)", &["express.mjs"], &node);
    let client = [
        ("new URL(\"https://login.example.org\"), CLIENT_ID, CLIENT_SECRET", "issuer, id, secret"),
        (
            "await client.discovery(issuer, id, secret);",
            "await client.discovery(issuer, id, secret, undefined, options);",
        ),
        ("\"https://wiki.example.org/callback\"", "redirect"),
        ("currentUrl", "new URL(back)"),
        ("tokens.id_token", "others.id_token"),
    ];
    is_tried("Node (openid-client)", &["../openid_client.mjs"], &client);
    let page = [("\"https://login.example.org\"", "\"ISSUER\""), ("CLIENT_ID", "\"CLIENT_ID\"")];
    is_tried("A page's script (oidc-client-ts)", &["../../browser/oidc_client.html"], &page);
}
