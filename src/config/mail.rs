//! Where mails are handed in, and whom they are from.

use std::net::IpAddr;
use std::path::PathBuf;

use percent_encoding::percent_decode_str;
use url::Url;

use super::parse::text;
use super::reader::{Raw, Reader, UNSET};
use super::settings::{MailSecurity, MailServer, MailSettings, Sender};
use crate::domain::Mail;

/// `None`: Portero sends none.
pub(super) fn settings(r: &mut Reader) -> Option<MailSettings> {
    let server = r.take_if_set("mail.url", UNSET, server);
    let password = r.given("mail.password", "mail.password_file", UNSET);
    let from = r.take_if_set("mail.from", UNSET, sender);
    let ca_file = r.take_if_set("mail.ca_file", UNSET, |raw| text(raw).map(PathBuf::from));
    if !r.is_set("mail.url") {
        for key in ["mail.from", "mail.ca_file"] {
            r.check(
                &[key, "mail.url"],
                !r.is_set(key),
                "without a server that takes mails it means nothing; set mail.url",
            );
        }
        if let Some((key, _)) = password {
            r.fault(&[key], "is for the server that mail.url names, and it names none");
        }
        return None;
    }
    r.check(
        &["mail.url", "mail.from"],
        r.is_set("mail.from"),
        "mails need an address that they are from; set mail.from",
    );
    let (server, from) = (server?, from?);
    let names_user = server.user.is_some();
    match &password {
        Some((key, secret)) if std::str::from_utf8(secret.as_bytes()).is_err() => r.fault(&[key], "is not valid UTF-8"),
        Some((key, _)) => {
            r.check(&["mail.url", key], names_user, "a password needs a user: write user@ before the server's name");
        }
        None => r.check(
            &["mail.url", "mail.password_file"],
            !names_user,
            "a user needs a password; put it into a file and name that in mail.password_file",
        ),
    }
    Some(MailSettings { server, password: password.map(|(_, secret)| secret), from, ca_file })
}

/// The messages do not repeat the value, which may contain a password.
fn server(raw: &Raw) -> Result<MailServer, String> {
    const RIGHT: &str =
        "is not an address such as smtps://user@mail.example.org or smtp+starttls://user@mail.example.org:587";
    let right = || RIGHT.to_owned();
    let url = Url::parse(&text(raw)?).map_err(|_| right())?;
    if url.password().is_some() {
        return Err("contains a password; put it into a file and name that in mail.password_file".into());
    }
    let (security, usual_port) = match url.scheme() {
        "smtps" => (MailSecurity::Tls, 465),
        "smtp+starttls" => (MailSecurity::StartTls, 587),
        "smtp" => (MailSecurity::Loopback, 25),
        _ => return Err(right()),
    };
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    if host.is_empty() || !is_bare {
        return Err(right());
    }
    let is_loopback = host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
    if security == MailSecurity::Loopback && !is_loopback {
        return Err("would send links that set passwords in clear, for anyone on the way to read: smtp:// is for a server on this machine; write smtps:// or smtp+starttls://".into());
    }
    let user = match url.username() {
        "" => None,
        user => Some(percent_decode_str(user).decode_utf8().map_err(|_| right())?.into_owned()),
    };
    Ok(MailServer { security, host, port: url.port().unwrap_or(usual_port), user })
}

/// `login@example.org`, or `Name <login@example.org>`.
fn sender(raw: &Raw) -> Result<Sender, String> {
    let written = text(raw)?;
    let (name, address) = match written.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (Some(name.trim().trim_matches('"').to_owned()), address),
        None => (None, written.as_str()),
    };
    let address = Mail::parse(address).ok().flatten().ok_or_else(|| {
        format!("{written:?} is not an address such as login@example.org or Portero <login@example.org>")
    })?;
    Ok(Sender { name: name.filter(|name| !name.is_empty()), address })
}

#[cfg(test)]
mod tests {
    use super::super::{Config, Overrides};
    use super::*;

    fn read(lines: &str) -> Result<Config, String> {
        let file =
            format!("public_url = 'https://login.example.org'\ntrusted_proxies = ['127.0.0.1']\n[mail]\n{lines}");
        let no_environment: [(&str, &str); 0] = [];
        let loaded = Config::from_sources(Some(("portero.toml", &file)), no_environment, &Overrides::default());
        loaded.map(|loaded| loaded.config).map_err(|faults| faults.to_string())
    }

    #[test]
    fn a_mail_server_is_named_by_how_its_connection_is_kept_safe() {
        let server = |url: &str| {
            let password = if url.contains('@') { "password = 'x'\n" } else { "" };
            read(&format!("url = '{url}'\nfrom = 'login@example.org'\n{password}")).unwrap().mail.unwrap().server
        };
        for (url, security, host, port, user) in [
            ("smtps://mail.example.org", MailSecurity::Tls, "mail.example.org", 465, None),
            ("smtps://a%40b@mail.example.org:4650", MailSecurity::Tls, "mail.example.org", 4650, Some("a@b")),
            ("smtp+starttls://ana@mail.example.org", MailSecurity::StartTls, "mail.example.org", 587, Some("ana")),
            ("smtp://127.0.0.1", MailSecurity::Loopback, "127.0.0.1", 25, None),
            ("smtp://[::1]:2525/", MailSecurity::Loopback, "::1", 2525, None),
            ("smtp://localhost", MailSecurity::Loopback, "localhost", 25, None),
        ] {
            let expected = MailServer { security, host: host.into(), port, user: user.map(str::to_owned) };
            assert_eq!(server(url), expected, "{url}");
        }
    }

    #[test]
    fn mail_that_could_be_read_on_the_way_or_lacks_something_is_refused() {
        for (lines, fault) in [
            ("url = 'smtp://mail.example.org'\nfrom = 'a@b.example'", "in clear"),
            ("url = 'smtp://10.0.0.7'\nfrom = 'a@b.example'", "in clear"),
            ("url = 'smtp://127.0.0.1.example.org'\nfrom = 'a@b.example'", "in clear"),
            ("url = 'smtps://ana:secret@mail.example.org'\nfrom = 'a@b.example'", "mail.password_file"),
            ("url = 'smtps://ana@mail.example.org'\nfrom = 'a@b.example'", "a user needs a password"),
            ("url = 'smtps://mail.example.org'\nfrom = 'a@b.example'\npassword = 'x'", "a password needs a user"),
            ("url = 'https://mail.example.org'\nfrom = 'a@b.example'", "is not an address such as smtps://"),
            ("url = 'smtps://mail.example.org/inbox'\nfrom = 'a@b.example'", "is not an address such as smtps://"),
            ("url = 'smtps://mail.example.org'", "set mail.from"),
            ("url = 'smtps://mail.example.org'\nfrom = 'nobody'", "is not an address such as login@example.org"),
            ("from = 'a@b.example'", "set mail.url"),
            ("password = 'x'", "it names none"),
        ] {
            let refused = read(lines).unwrap_err();
            assert!(refused.contains(fault) && !refused.contains("secret"), "{lines}: {refused}");
        }
    }

    #[test]
    fn the_sender_may_have_a_name() {
        let sender = |from: &str| {
            read(&format!("url = 'smtps://mail.example.org'\nfrom = '{from}'")).unwrap().mail.unwrap().from
        };
        let address = Mail::parse("login@example.org").unwrap().unwrap();
        let named = |name: Option<&str>| Sender { name: name.map(str::to_owned), address: address.clone() };
        assert_eq!(sender("login@example.org"), named(None));
        assert_eq!(sender("The Site <login@example.org>"), named(Some("The Site")));
        assert_eq!(sender("\"The, Site\" <login@example.org>"), named(Some("The, Site")));
    }
}
