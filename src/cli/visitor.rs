//! Goes into an app as a browser goes: led to Portero, where a command signs in, and back. What people can't do, the command can't do
//! either; when it is done it signs out, which ends the session.

use std::collections::BTreeMap;

use url::Url;

use super::caller::{Answer, Caller, Peer, Unreachable};

/// More redirects than any way in has.
const MOST_STEPS: usize = 12;
const NAVIGATION: &str =
    "Accept: text/html,application/xhtml+xml\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n";
pub(in crate::cli) const PASS: &str = "__Host-portero_pass";

/// A browser: it keeps each host's cookies.
pub(in crate::cli) struct Visitor<'a> {
    caller: &'a Caller,
    /// What it calls itself.
    agent: &'static str,
    cookies: BTreeMap<String, BTreeMap<String, String>>,
    /// Where Portero itself is, as the way into the app has shown.
    portero: Option<Url>,
}

/// Why somebody is not in.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum NotIn {
    #[error(transparent)]
    Unreachable(#[from] Unreachable),
    #[error("{0}")]
    Refused(String),
    /// The way leads round in circles, or into nothing: the proxy is set up wrongly.
    #[error("{0}")]
    Lost(String),
}

/// Somebody who signed in.
pub(in crate::cli) struct Entered {
    pub(in crate::cli) pass: String,
    /// The answer that set the pass.
    pub(in crate::cli) answer: Answer,
    /// Where the way ended.
    pub(in crate::cli) at: Url,
}

impl<'a> Visitor<'a> {
    pub(in crate::cli) fn new(caller: &'a Caller, agent: &'static str) -> Self {
        Self { caller, agent, cookies: BTreeMap::new(), portero: None }
    }

    /// Signs in as `user` on the way to this page of the app. Whoever does not come in is signed out again.
    pub(in crate::cli) fn enter(&mut self, page: &Url, user: &str, password: &str) -> Result<Entered, NotIn> {
        let entered = self.go(page, user, password);
        if entered.is_err() {
            // That nobody came in says more than this would.
            self.sign_out().ok();
        }
        entered
    }

    fn go(&mut self, page: &Url, user: &str, password: &str) -> Result<Entered, NotIn> {
        let mut at = page.clone();
        let mut has_signed_in = false;
        for _ in 0..MOST_STEPS {
            let answer = self.get(&at)?;
            let to = led_to(&at, &answer);
            if at.origin() != page.origin() {
                self.portero = Some(at.clone());
            }
            if let Some(pass) = self.cookie(page, PASS) {
                return Ok(Entered { pass: pass.to_owned(), answer, at: to.unwrap_or(at) });
            }
            at = match to {
                Some(to) => to,
                None if at.path() == "/login" && answer.status == 200 && !has_signed_in => {
                    has_signed_in = true;
                    self.sign_in(&at, &answer, user, password)?
                }
                None if at.path() == "/gate" && answer.status == 403 => {
                    return Err(NotIn::Refused(format!(
                        "{user} may not enter this app; let them in by `portero app set NAME --allow user:{user}`, or name somebody else"
                    )));
                }
                None if has_signed_in && at.origin() != page.origin() => {
                    return Err(NotIn::Refused(format!(
                        "{user} has to prove more than a password ({}); name somebody who has no second factor, or show a pass of your own \
                         with --pass-stdin",
                        at.path()
                    )));
                }
                None => return Err(NotIn::Lost(format!("{} was answered with {}", at.path(), answer.status))),
            };
        }
        Err(NotIn::Lost(format!("after {MOST_STEPS} redirects the way was at {}{}", origin(&at), at.path())))
    }

    /// Signs in as `user` on the way that begins here, and agrees that the app may know who that is. Returns when the way is at its end at
    /// the app.
    pub(in crate::cli) fn go_in(
        &mut self,
        begin: &Url,
        portero: &Url,
        user: &str,
        password: &str,
    ) -> Result<(), NotIn> {
        self.portero = Some(portero.clone());
        let mut at = begin.clone();
        let mut has_signed_in = false;
        for _ in 0..MOST_STEPS {
            let answer = self.get(&at)?;
            at = match led_to(&at, &answer) {
                Some(to) => to,
                None if at.origin() != portero.origin() => return Ok(()),
                None if at.path() == "/login" && answer.status == 200 && !has_signed_in => {
                    has_signed_in = true;
                    self.sign_in(&at, &answer, user, password)?
                }
                None if answer.body.contains("action=\"/authorize/consent\"") => self.agree(&at, &answer)?,
                None => {
                    return Err(NotIn::Refused(format!(
                        "{user} does not come in by a password alone: {} was answered with {}",
                        at.path(),
                        answer.status
                    )));
                }
            };
        }
        Err(NotIn::Lost(format!("after {MOST_STEPS} redirects the way was at {}{}", origin(&at), at.path())))
    }

    /// Says that the app may know who it is; returns where that leads.
    fn agree(&mut self, at: &Url, page: &Answer) -> Result<Url, NotIn> {
        let lost = || NotIn::Lost("the agreement leads nowhere".into());
        let kept = between(&page.body, "name=\"kept\" value=\"", "\"").map(unescaped).ok_or_else(lost)?;
        let to = at.join("/authorize/consent").map_err(|_| lost())?;
        let answer = self.post(&to, page, &[("kept", &kept), ("decision", "allow")])?;
        led_to(&to, &answer).ok_or_else(lost)
    }

    /// Sends the form; returns where it leads.
    fn sign_in(&mut self, at: &Url, page: &Answer, user: &str, password: &str) -> Result<Url, NotIn> {
        let next = between(&page.body, "name=\"next\" value=\"", "\"").map(unescaped).unwrap_or_default();
        let fields = [("username", user), ("password", password), ("next", &next)];
        let answer = self.post(at, page, &fields)?;
        if !answer.is_redirect() {
            return Err(NotIn::Refused(format!(
                "Portero does not let {user} sign in by this password ({})",
                answer.status
            )));
        }
        led_to(at, &answer).ok_or_else(|| NotIn::Lost("the sign-in leads nowhere".into()))
    }

    /// Ends the session. `false`: it could not be ended.
    pub(in crate::cli) fn sign_out(&mut self) -> Result<bool, Unreachable> {
        let Some(address) = self.portero.as_ref().and_then(|portero| portero.join("/logout").ok()) else {
            return Ok(false);
        };
        let page = self.get(&address)?;
        let answer = self.post(&address, &page, &[])?;
        Ok(matches!(answer.status, 200 | 303))
    }

    /// A page. No answer is one of status 0.
    pub(in crate::cli) fn get(&mut self, url: &Url) -> Result<Answer, Unreachable> {
        self.send("GET", url, NAVIGATION, "")
    }

    fn post(&mut self, url: &Url, page: &Answer, fields: &[(&str, &str)]) -> Result<Answer, Unreachable> {
        let csrf = between(&page.body, "name=\"csrf_token\" value=\"", "\"").map(unescaped).unwrap_or_default();
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        let body = form.append_pair("csrf_token", &csrf).extend_pairs(fields).finish();
        let lines = format!(
            "{NAVIGATION}Sec-Fetch-Site: same-origin\r\nOrigin: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n",
            origin(url),
            body.len()
        );
        self.send("POST", url, &lines, &body)
    }

    fn send(&mut self, method: &str, url: &Url, lines: &str, body: &str) -> Result<Answer, Unreachable> {
        let nothing = || Answer { status: 0, headers: Vec::new(), body: String::new() };
        let Some(peer) = Peer::of(url) else { return Ok(nothing()) };
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let (path, host, agent) = (url.path(), authority(url), self.agent);
        let jar = self.cookies.entry(host.clone()).or_default();
        let cookies = jar.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
        let cookies = if cookies.is_empty() { cookies } else { format!("Cookie: {cookies}\r\n") };
        let request = format!(
            "{method} {path}{query} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: {agent}\r\nConnection: close\r\n{cookies}{lines}\r\n{body}"
        );
        let answer = self.caller.send(&peer, request.as_bytes())?.unwrap_or_else(nothing);
        for cookie in answer.all("set-cookie") {
            let (pair, attributes) = cookie.split_once(';').unwrap_or((cookie, ""));
            let Some((name, value)) = pair.split_once('=') else { continue };
            if value.is_empty() || attributes.to_ascii_lowercase().contains("max-age=0") {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(answer)
    }

    fn cookie(&self, url: &Url, name: &str) -> Option<&str> {
        self.cookies.get(&authority(url))?.get(name).map(String::as_str)
    }
}

/// Where a redirect leads, or a page that leads on by itself.
pub(in crate::cli) fn led_to(at: &Url, answer: &Answer) -> Option<Url> {
    if answer.is_redirect() {
        return at.join(answer.header("location")?).ok();
    }
    let onward = between(&answer.body, "http-equiv=\"refresh\" content=\"0; url=", "\"").map(unescaped)?;
    at.join(&onward).ok()
}

pub(in crate::cli) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

pub(in crate::cli) fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.split_once(before)?.1.split(after).next()
}

/// As Askama escapes.
fn unescaped(text: &str) -> String {
    let codes = [("&#34;", "\""), ("&#39;", "'"), ("&#60;", "<"), ("&#62;", ">"), ("&#38;", "&")];
    codes.into_iter().fold(text.to_owned(), |text, (code, c)| text.replace(code, c))
}
