//! The examination itself: what is asked in which order, and what the answer, or what reached the app, says of the proxy.

use std::time::Duration;

use url::Url;

use super::faults::Fault;
use super::requests::{Requests, could_not_ask};
use super::stand_in::{Seen, StandIn};
use super::verdict::{Check, Verdict, changed_cookies, found, judged_with_pass, told};
use crate::cli::caller::{Answer, Caller, PATIENCE};
use crate::cli::output::{CouldNotAsk, Failure};
use crate::cli::visitor::{Entered, NotIn, PASS, Visitor, led_to, origin};
use crate::gate::headers::IDENTITY;
use crate::gate::paths;
use crate::gate::probes::{Attack, CLAIM, PATH, PROBES};

/// Who sends the requests that only somebody who is signed in can send.
pub(super) enum Signed {
    /// Nobody.
    Out,
    /// Somebody who signs in for it, and out again.
    In { user: String, password: String },
    /// Whoever holds this pass.
    Holding(String),
}

pub(super) struct Asked {
    /// The app's origin.
    pub(super) app: Url,
    pub(super) signed: Signed,
    /// Paths that are meant to be open to everybody.
    pub(super) open: Vec<String>,
    /// Paths of the app that have to be shut, besides those in the table of probes.
    pub(super) paths: Vec<String>,
    /// Where plain http is to be tried. `None`: nowhere.
    pub(super) plain_http: Option<u16>,
}

pub(super) const NEEDS_STAND_IN: &str = "what reaches the app can be seen with --stand-in and --user only";
pub(super) const NEEDS_USER: &str = "only somebody who is signed in can send it: --user";
const MAY_BE_APPS: &str = "the answer may be the proxy's or the app's: --stand-in together with --user tells";

/// What the doctor calls itself.
const AGENT: &str = "portero-doctor";
/// How long a request is waited for that may be broken off.
const A_MOMENT: Duration = Duration::from_secs(1);

pub(super) struct Examination<'a> {
    caller: &'a Caller,
    asked: &'a Asked,
    requests: Requests<'a>,
    /// Of the app.
    origin: String,
    has_stand_in: bool,
    /// Whether a request that was let in did reach the stand-in.
    stand_in_is_the_app: bool,
    pub(super) checks: Vec<Check>,
}

impl<'a> Examination<'a> {
    pub(super) fn new(
        caller: &'a Caller,
        asked: &'a Asked,
        stand_in: Option<&'a StandIn>,
        run: &'a str,
    ) -> Result<Self, Failure> {
        let open = asked.open.first().map(String::as_str);
        Ok(Self {
            caller,
            asked,
            requests: Requests::new(caller, &asked.app, open, stand_in, run)?,
            origin: origin(&asked.app),
            has_stand_in: stand_in.is_some(),
            stand_in_is_the_app: false,
            checks: Vec::new(),
        })
    }

    /// What the answers say of the proxy.
    pub(super) fn servers(&self) -> &[String] {
        &self.requests.servers
    }

    pub(super) fn run(&mut self) -> Result<(), Failure> {
        if !self.is_shut()? {
            return Ok(());
        }
        self.way_to_sign_in()?;
        self.plain_http()?;
        self.check_from_outside()?;
        let mut visitor = Visitor::new(self.caller, AGENT);
        let entered = match &self.asked.signed {
            Signed::In { user, password } => self.enter(&mut visitor, user, password)?,
            Signed::Holding(_) | Signed::Out => None,
        };
        let pass = match (&entered, &self.asked.signed) {
            (Some(entered), _) => Some(entered.pass.clone()),
            (None, Signed::Holding(pass)) => Some(pass.clone()),
            (None, Signed::In { .. } | Signed::Out) => None,
        };
        // Whatever goes wrong now, the session is ended.
        let examined = self.with_and_without(pass.as_deref());
        if let Some(entered) = entered {
            self.end(&mut visitor, &entered)?;
        }
        examined
    }

    fn with_and_without(&mut self, pass: Option<&str>) -> Result<(), Failure> {
        let Some(pass) = pass else {
            for name in ["app", "websocket-of-somebody", "body", "identity-comes-back"] {
                self.note(name, Verdict::Unjudged(NEEDS_USER));
            }
            return self.probes_without();
        };
        let usual = self.somebody(pass)?;
        self.probes_without()?;
        for probe in PROBES.iter().filter(|probe| probe.claims()) {
            let verdict = match &usual {
                None => Verdict::Unjudged(NEEDS_STAND_IN),
                Some(usual) => {
                    let bytes = self.requests.attack(probe, &format!("Cookie: {PASS}={pass}\r\n"));
                    let outcome = self.requests.send(&bytes)?;
                    judged_with_pass(probe, &outcome, usual)
                }
            };
            self.note(&format!("{} of somebody", probe.name), verdict);
        }
        Ok(())
    }

    /// Whether anybody is asked to sign in at all; if not, nothing else is worth asking.
    fn is_shut(&mut self) -> Result<bool, Failure> {
        let outcome = self.requests.get(PATH, "Accept: application/json\r\n")?;
        let (verdict, is_shut) = match &outcome.answer {
            _ if !outcome.seen.is_empty() => (found(Fault::Open, "a request without a pass reached the app"), false),
            None => (found(Fault::NoAnswer, "the connection was closed without an answer"), true),
            Some(answer) if answer.status == 401 => (Verdict::Held, true),
            Some(answer) if self.leads_to_sign_in(answer) => (found(Fault::ScriptsLed, &told(answer)), true),
            Some(answer) if (200..300).contains(&answer.status) => (found(Fault::Open, &told(answer)), false),
            Some(answer) => (found(Fault::NoAnswer, &told(answer)), true),
        };
        self.note("script", verdict);
        Ok(is_shut)
    }

    /// A page is led to `/.portero/start`, and from there to Portero.
    fn way_to_sign_in(&mut self) -> Result<(), Failure> {
        let page = self
            .requests
            .get(PATH, "Accept: text/html\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n")?
            .answer;
        let Some(to) =
            page.as_ref().filter(|answer| self.leads_to_sign_in(answer)).and_then(|a| led_to(&self.asked.app, a))
        else {
            let seen = page.as_ref().map_or_else(|| "no answer".into(), told);
            // The same fault as before, if it is one.
            let fault = if page.is_some_and(|answer| answer.status >= 500) { Fault::NoAnswer } else { Fault::Page };
            self.note("page", found(fault, &seen));
            return Ok(());
        };
        self.note("page", Verdict::Held);
        let answer = Visitor::new(self.caller, AGENT).get(&to).map_err(could_not_ask)?;
        let onward = led_to(&to, &answer);
        let verdict = match &onward {
            Some(onward) if onward.path() == "/gate" => Verdict::Held,
            Some(onward) if onward.path() == "/.portero/start" => found(
                Fault::Loop,
                "/.portero/start leads to itself: the proxy asks about it, instead of sending it to Portero",
            ),
            Some(_) | None => found(Fault::Loop, &format!("/.portero/start was answered with {}", told(&answer))),
        };
        let has_come = matches!(verdict, Verdict::Held);
        self.note("start", verdict);
        if has_come {
            let cookies = changed_cookies(&answer);
            self.note("cookie-of-the-way", cookies);
        }
        Ok(())
    }

    fn plain_http(&mut self) -> Result<(), Failure> {
        let Some(port) = self.asked.plain_http else {
            self.note("plain-http", Verdict::Unjudged("nobody knows at which port plain http would be: --plain-http"));
            return Ok(());
        };
        for (name, target) in [("plain-http", PATH), ("plain-http-of-portero", "/.portero/start")] {
            let outcome = self.requests.get_plain(port, target);
            let leads_to_https = |answer: &Answer| {
                answer.is_redirect() && answer.header("location").is_some_and(|to| to.starts_with("https://"))
            };
            let verdict = match outcome.answer {
                _ if !outcome.seen.is_empty() => found(Fault::PlainHttp, "a request reached the app"),
                Some(answer) if answer.all("set-cookie").any(|cookie| cookie.contains("portero")) => {
                    found(Fault::PlainHttp, "a cookie of the gate was set")
                }
                Some(answer) if answer.status < 400 && !leads_to_https(&answer) => {
                    found(Fault::PlainHttp, &told(&answer))
                }
                Some(_) | None => Verdict::Held,
            };
            self.note(name, verdict);
        }
        Ok(())
    }

    /// Whether a client can reach what answers the proxy. Portero would name the host that the question is about.
    fn check_from_outside(&mut self) -> Result<(), Failure> {
        let nowhere = format!("{CLAIM}.invalid");
        let question = format!(
            "X-Original-Method: GET\r\nX-Original-URL: https://{nowhere}/\r\nX-Forwarded-Method: GET\r\nX-Forwarded-Proto: https\r\n\
             X-Forwarded-Host: {nowhere}\r\nX-Forwarded-Uri: /\r\n"
        );
        for target in [
            "/gate/check/nginx",
            "/gate/check/forward",
            "/gate/check/haproxy",
            "/.portero/../gate/check/nginx",
            "/.portero/%2e%2e/gate/check/nginx",
        ] {
            let answer = self.requests.get(target, &question)?.answer;
            let is_told = |answer: &Answer| {
                let speaks_of_it = ["no app is at", "X-Forwarded", "X-Original", "trusted_proxies"];
                answer.status == 400 && speaks_of_it.iter().any(|words| answer.body.contains(words))
            };
            let verdict = match answer.filter(is_told) {
                Some(answer) => found(Fault::CheckFromOutside, &format!("{target}: {}", told(&answer))),
                None => Verdict::Held,
            };
            self.note(&format!("check at {target}"), verdict);
        }
        Ok(())
    }

    fn enter(&mut self, visitor: &mut Visitor<'_>, user: &str, password: &str) -> Result<Option<Entered>, Failure> {
        let deep = "/portero-doctor/deep?a=b%2fc&d";
        let page = self.asked.app.join(deep)?;
        match visitor.enter(&page, user, password) {
            Ok(entered) => {
                let verdict = if entered.at.as_str().ends_with(deep) {
                    Verdict::Held
                } else {
                    found(Fault::Page, &format!("whoever wanted {deep} came to {}", entered.at))
                };
                self.note("deep-link", verdict);
                let cookies = changed_cookies(&entered.answer);
                self.note("cookie-of-the-pass", cookies);
                Ok(Some(entered))
            }
            Err(NotIn::Lost(how)) => {
                self.note("deep-link", found(Fault::Loop, &how));
                Ok(None)
            }
            Err(NotIn::Refused(why)) => Err(CouldNotAsk(why).into()),
            Err(NotIn::Unreachable(error)) => Err(could_not_ask(error)),
        }
    }

    /// What an app gets of somebody who may enter. `None`: there is no stand-in that could tell.
    fn somebody(&mut self, pass: &str) -> Result<Option<Seen>, Failure> {
        let cookie = format!("Cookie: {PASS}={pass}\r\n");
        let outcome = self.requests.get(PATH, &cookie)?;
        let is_refused = |answer: &Answer| answer.status == 401 || self.leads_to_sign_in(answer);
        if outcome.seen.is_empty() && outcome.answer.as_ref().is_none_or(is_refused) {
            return Err(CouldNotAsk(
                "the pass does not let in; is it one for this host, and is its session open?".into(),
            )
            .into());
        }
        self.stand_in_is_the_app = !outcome.seen.is_empty();
        if self.has_stand_in && !self.stand_in_is_the_app {
            let told = outcome.answer.as_ref().map_or_else(|| "no answer".into(), told);
            return Err(CouldNotAsk(format!(
                "a request with a good pass did not reach the stand-in ({told}): is --stand-in where the proxy sends requests for the app?"
            ))
            .into());
        }
        self.note("app", Verdict::Held);
        for (name, path) in [("identity-comes-back", PATH), ("identity-comes-back-from-the-check", "/.portero-check")] {
            let answer = self.requests.get(path, &cookie)?.answer;
            let names = answer.iter().flat_map(|answer| &answer.headers).map(|(name, _)| name.as_str());
            let names: Vec<_> =
                names.filter(|name| IDENTITY.contains(name) || name.starts_with("x-portero-")).collect();
            let verdict = match names.as_slice() {
                [] => Verdict::Held,
                names => found(Fault::IdentityComesBack, &format!("{path} was answered with {}", names.join(", "))),
            };
            self.note(name, verdict);
        }
        if !self.stand_in_is_the_app {
            // An app that goes on working might take them for something.
            for name in ["body", "websocket-of-somebody"] {
                self.note(name, Verdict::Unjudged(NEEDS_STAND_IN));
            }
            return Ok(None);
        }
        let body = "x".repeat(20_000);
        let bytes = self.requests.text(
            "POST",
            PATH,
            &format!("{cookie}Content-Length: {}\r\nConnection: close\r\n", body.len()),
            &body,
        );
        let posted = self.requests.send(&bytes)?;
        let verdict = match posted.seen.as_slice() {
            [seen] if seen.body >= body.len() => Verdict::Held,
            [seen] => found(Fault::Body, &format!("of {} bytes {} reached the app", body.len(), seen.body)),
            _ => found(Fault::Body, &posted.answer.as_ref().map_or_else(|| "no answer".into(), told)),
        };
        self.note("body", verdict);
        let handshake = format!(
            "{cookie}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: \
             dGhlIHNhbXBsZSBub25jZQ==\r\n"
        );
        let bytes = self.requests.text("GET", PATH, &handshake, "");
        let answer = self.requests.send(&bytes)?.answer;
        let verdict = match &answer {
            Some(answer) if answer.status == 101 => Verdict::Held,
            Some(answer) => found(Fault::Websocket, &told(answer)),
            None => found(Fault::Websocket, "no answer"),
        };
        self.note("websocket-of-somebody", verdict);
        Ok(outcome.seen.into_iter().next())
    }

    fn probes_without(&mut self) -> Result<(), Failure> {
        let mut sent = Vec::new();
        for probe in PROBES {
            let id = self.requests.coming_id();
            let bytes = self.requests.attack(probe, "");
            // Some proxies wait for the rest of such a request, and what they answer says nothing.
            let patience = if probe.attack == Attack::Framing { A_MOMENT } else { PATIENCE };
            let answer = self.requests.send_within(patience, &bytes)?.answer;
            sent.push((probe.name.to_owned(), probe.target(), Fault::from(probe.attack), id, answer));
        }
        for path in &self.asked.paths {
            let id = self.requests.coming_id();
            let bytes = self.requests.text("GET", path, "Connection: close\r\n", "");
            sent.push((
                format!("path {path}"),
                Some(path.as_str()),
                Fault::Path,
                id,
                self.requests.send(&bytes)?.answer,
            ));
        }
        // What was hidden in another request has no answer of its own that could be waited for.
        std::thread::sleep(Duration::from_millis(300));
        for (name, target, fault, id, answer) in sent {
            let path = target.and_then(paths::normal);
            if path.is_some_and(|path| self.asked.open.iter().any(|open| paths::opens(open, &path))) {
                continue;
            }
            let seen = self.requests.seen(&id);
            let verdict = self.judged_without_pass(fault, answer.as_ref(), &seen, target);
            self.note(&name, verdict);
        }
        Ok(())
    }

    fn judged_without_pass(
        &self,
        fault: Fault,
        answer: Option<&Answer>,
        seen: &[Seen],
        target: Option<&str>,
    ) -> Verdict {
        if let [first, ..] = seen {
            return found(fault, &format!("it reached the app as {}", first.target));
        }
        let Some(answer) = answer else { return Verdict::Held };
        let shown =
            target.map_or_else(|| told(answer), |target| format!("{target} was answered with {}", told(answer)));
        let sees_all = self.stand_in_is_the_app;
        // Many proxies have an empty page for hosts that they don't know.
        let is_elsewhere = fault == Fault::Host && (sees_all || answer.body.is_empty());
        let is_beneath_portero = target
            .is_some_and(|target| target.starts_with("/.portero") || target.starts_with("https://{host}/.portero"));
        match answer.status {
            // The answer is to the request in which another was hidden.
            _ if fault == Fault::Framing && sees_all => Verdict::Held,
            _ if fault == Fault::Framing => Verdict::Unjudged(NEEDS_STAND_IN),
            200..300 if is_elsewhere || (is_beneath_portero && sees_all) => Verdict::Held,
            200..300 if is_beneath_portero => Verdict::Unjudged(MAY_BE_APPS),
            200..300 | 101 => found(fault, &shown),
            300..400 if self.leads_to_sign_in(answer) => Verdict::Held,
            300..400 | 404 | 410 if !sees_all => Verdict::Unjudged(MAY_BE_APPS),
            _ => Verdict::Held,
        }
    }

    /// Ends the session, and asks whether the app refuses its pass from now on.
    fn end(&mut self, visitor: &mut Visitor<'_>, entered: &Entered) -> Result<(), Failure> {
        let is_over = visitor.sign_out().map_err(could_not_ask)?;
        if !is_over {
            return Err(CouldNotAsk(
                "the doctor could not sign out; end its session by `portero session end --user`".into(),
            )
            .into());
        }
        let outcome =
            self.requests.get(PATH, &format!("Cookie: {PASS}={}\r\nAccept: application/json\r\n", entered.pass))?;
        let verdict = match outcome.answer {
            _ if !outcome.seen.is_empty() => found(Fault::Kept, "the next request with the pass reached the app"),
            Some(answer) if (200..300).contains(&answer.status) => found(Fault::Kept, &told(&answer)),
            Some(_) | None => Verdict::Held,
        };
        self.note("after-the-end", verdict);
        Ok(())
    }

    fn leads_to_sign_in(&self, answer: &Answer) -> bool {
        let to = answer.header("location").filter(|_| answer.is_redirect());
        to.is_some_and(|to| {
            let path = to.strip_prefix(&self.origin).unwrap_or(to);
            path.starts_with("/.portero/start") || to.contains("/gate?entry=")
        })
    }

    fn note(&mut self, name: &str, verdict: Verdict) {
        self.checks.push(Check { name: name.to_owned(), verdict });
    }
}
