//! What can be wrong with a proxy's settings, and what to change there.

use crate::cli::proxy::kind::GateProxy;
use crate::gate::probes::Attack;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Everything passes without a sign-in.
    Open,
    Path,
    Spelling,
    Identity,
    Alias,
    Origin,
    Host,
    Framing,
    Bypass,
    PlainHttp,
    CheckFromOutside,
    IdentityComesBack,
    Cookie,
    /// An ended session still opens the app.
    Kept,
    /// No question is answered with a yes or a no.
    NoAnswer,
    /// Nobody can come back from signing in.
    Loop,
    ScriptsLed,
    Page,
    Websocket,
    Body,
}

impl From<Attack> for Fault {
    fn from(attack: Attack) -> Self {
        match attack {
            Attack::Path => Self::Path,
            Attack::Spelling => Self::Spelling,
            Attack::Identity => Self::Identity,
            Attack::Alias => Self::Alias,
            Attack::Origin => Self::Origin,
            Attack::Host => Self::Host,
            Attack::Framing => Self::Framing,
            Attack::Bypass => Self::Bypass,
        }
    }
}

impl Fault {
    /// A word for programs.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Path => "path",
            Self::Spelling => "spelling",
            Self::Identity => "identity",
            Self::Alias => "alias",
            Self::Origin => "origin",
            Self::Host => "host",
            Self::Framing => "framing",
            Self::Bypass => "bypass",
            Self::PlainHttp => "plain_http",
            Self::CheckFromOutside => "check_from_outside",
            Self::IdentityComesBack => "identity_comes_back",
            Self::Cookie => "cookie",
            Self::Kept => "kept",
            Self::NoAnswer => "no_answer",
            Self::Loop => "loop",
            Self::ScriptsLed => "scripts_led",
            Self::Page => "page",
            Self::Websocket => "websocket",
            Self::Body => "body",
        }
    }

    /// Whether somebody gets in, or can deceive the app. Otherwise something only does not work.
    pub(super) fn is_hole(self) -> bool {
        match self {
            Self::Open
            | Self::Path
            | Self::Spelling
            | Self::Identity
            | Self::Alias
            | Self::Origin
            | Self::Host
            | Self::Framing
            | Self::Bypass
            | Self::PlainHttp
            | Self::CheckFromOutside
            | Self::IdentityComesBack
            | Self::Cookie
            | Self::Kept => true,
            Self::NoAnswer | Self::Loop | Self::ScriptsLed | Self::Page | Self::Websocket | Self::Body => false,
        }
    }

    /// What is wrong, in one sentence.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Open => "Everybody gets in, without signing in",
            Self::Path => "These paths can be reached without signing in",
            Self::Spelling => "A path in another spelling is reached without signing in",
            Self::Identity => "A client can say to the app who it is",
            Self::Alias => "A client can say to the app who it is, by another spelling of a header",
            Self::Origin => "A client can say to the app where a request comes from or goes to",
            Self::Host => "Under another host's name the app is reached without signing in",
            Self::Framing => "A request hidden in another one reaches the app",
            Self::Bypass => "The app is reached without signing in",
            Self::PlainHttp => "The app's host answers over plain http",
            Self::CheckFromOutside => "Clients can ask Portero what only the proxy should ask",
            Self::IdentityComesBack => "What Portero tells the app is sent back to the client",
            Self::Cookie => "The proxy changes the cookies of the gate",
            Self::Kept => "An ended session still opens the app",
            Self::NoAnswer => "The proxy gets no answer from Portero",
            Self::Loop => "Nobody can come back from signing in",
            Self::ScriptsLed => "Scripts are led to a page instead of being told 401",
            Self::Page => "Pages are not led to sign in",
            Self::Websocket => "Websockets do not work",
            Self::Body => "A request's body does not reach the app",
        }
    }

    /// What to change. `None` for the proxy: nobody knows which one it is.
    pub(super) fn mend(self, proxy: Option<GateProxy>) -> &'static str {
        match self {
            Self::Open => {
                "Does the proxy ask Portero at all? If so, the app may be in observe mode (`portero app show`), which lets everybody in."
            }
            Self::Path => asks_everywhere(proxy),
            Self::Spelling => spelled(proxy),
            Self::Identity => identity(proxy),
            Self::Alias => match proxy {
                Some(GateProxy::Nginx) => {
                    "Take `underscores_in_headers on` and `ignore_invalid_headers off` out, and let the location that asks pass all headers on."
                }
                Some(GateProxy::Haproxy) => {
                    "Keep the lines `http-request del-header … -m reg` as printed: their patterns fit the other spellings too."
                }
                Some(GateProxy::Caddy | GateProxy::Traefik) | None => {
                    "Let the check get the client's headers as they are: Portero refuses requests with such a header."
                }
            },
            Self::Origin => origin(proxy),
            Self::Host => {
                "Only the site of the app's own host may lead to the app, and that site asks Portero. A default site, for all other \
                 hosts, should answer 421 or nothing."
            }
            Self::Framing => {
                "The proxy passes a connection on after a refusal, or reads requests in another way than what is behind it: update \
                 it, and pass on Upgrade for websockets only, as the printed settings do."
            }
            Self::Bypass => {
                "Take out whatever lets a request pass by its method, its User-Agent, its address or another header: only the \
                 answer of Portero may."
            }
            Self::PlainHttp => match proxy {
                Some(GateProxy::Nginx) => {
                    "The server on port 80 has one line: `return 308 https://$host$request_uri;`."
                }
                Some(GateProxy::Caddy) => {
                    "Write the site's address with https:// and leave `auto_https` on: Caddy then redirects."
                }
                Some(GateProxy::Traefik) => {
                    "Lead the entry point `web` to https (`http.redirections.entryPoint.to: websecure`), and name `web` in no router."
                }
                Some(GateProxy::Haproxy) => {
                    "In the frontend on port 80: `http-request redirect scheme https code 308`, and no backend."
                }
                None => "Port 80 does nothing but redirect to https.",
            },
            Self::CheckFromOutside => {
                "Of Portero, an app's host shows what is beneath /.portero/ and nothing else: take out what leads /gate/ there. Portero's \
                 own host need not show /gate/check/ to anybody."
            }
            Self::IdentityComesBack => match proxy {
                Some(GateProxy::Nginx) => {
                    "Take `add_header` with these values out, and keep `internal` in `location = /.portero-check`."
                }
                Some(GateProxy::Caddy | GateProxy::Traefik | GateProxy::Haproxy) | None => {
                    "Set these headers in the request to the app, not in the answer."
                }
            },
            Self::Cookie => {
                "Pass Set-Cookie on as it comes: take out `proxy_cookie_domain`, `proxy_cookie_flags`, `proxy_cookie_path` and their like."
            }
            Self::Kept => {
                "Something remembers Portero's answers: take out `proxy_cache` in the location that asks, and any cache before it."
            }
            Self::NoAnswer => {
                "Look into Portero's log for gate_check_refused, which says what to mend: most often trusted_proxies lacks the \
                 proxy's address, or the app has another origin."
            }
            Self::Loop => match proxy {
                Some(GateProxy::Nginx) => {
                    "`location /.portero/` sends to Portero, without `auth_request`, and with the app's Host."
                }
                Some(GateProxy::Caddy) => {
                    "`handle /.portero/*` comes before the other `handle` and sends to Portero, without `forward_auth`."
                }
                Some(GateProxy::Traefik) => {
                    "The router for PathPrefix(`/.portero/`) has the higher priority, no middleware, and leads to Portero."
                }
                Some(GateProxy::Haproxy) => {
                    "`use_backend` sends what begins with /.portero/ to Portero, and the check has `unless is_portero`."
                }
                None => {
                    "What is beneath /.portero/ goes to Portero unchanged, with the app's Host, and is not asked about."
                }
            },
            Self::ScriptsLed => match proxy {
                Some(GateProxy::Nginx) => {
                    "Redirect only `if ($portero_to)`, as printed: Portero names no address to scripts."
                }
                Some(GateProxy::Caddy | GateProxy::Traefik | GateProxy::Haproxy) | None => {
                    "Send Portero's own answer to the client, whatever its status is."
                }
            },
            Self::Page => match proxy {
                Some(GateProxy::Nginx) => {
                    "`error_page 401 403 = @portero_refused;`, and that location redirects to `$portero_to`."
                }
                Some(GateProxy::Caddy | GateProxy::Traefik | GateProxy::Haproxy) | None => {
                    "Send Portero's own answer to the client, with its Location."
                }
            },
            Self::Websocket => match proxy {
                Some(GateProxy::Nginx) => {
                    "Set Upgrade and Connection from `$portero_upgrade` and `$portero_connection`, as printed."
                }
                Some(GateProxy::Caddy | GateProxy::Traefik | GateProxy::Haproxy) | None => {
                    "Pass Connection and Upgrade on to the app."
                }
            },
            Self::Body => match proxy {
                Some(GateProxy::Nginx) => {
                    "`proxy_pass_request_body off` stands in the location that asks, and nowhere else."
                }
                Some(GateProxy::Caddy | GateProxy::Traefik | GateProxy::Haproxy) | None => {
                    "Send the body to the app, and none to Portero."
                }
            },
        }
    }
}

fn asks_everywhere(proxy: Option<GateProxy>) -> &'static str {
    match proxy {
        Some(GateProxy::Nginx) => {
            "Each `location` that reaches the app, or files of it, needs the lines with auth_request, auth_request_set and error_page, or \
             has to be beneath one that has them."
        }
        Some(GateProxy::Caddy) => {
            "Put each `handle` for such a path into the `handle` that has `forward_auth`, after it."
        }
        Some(GateProxy::Traefik) => {
            "Each router that leads to the app needs both middlewares, clean-… and then portero-…."
        }
        Some(GateProxy::Haproxy) => {
            "`http-request lua.portero_check` has no condition but `unless is_portero`, and stands before every `use_backend`."
        }
        None => "The proxy has to ask Portero about each request for the app, whatever its path.",
    }
}

fn spelled(proxy: Option<GateProxy>) -> &'static str {
    match proxy {
        Some(GateProxy::Nginx) => {
            "Make only `location /.portero/` an exception, and send from there to Portero only. X-Original-URL has `$request_uri`, not `$uri`."
        }
        Some(GateProxy::Haproxy) => {
            "`path_beg /.portero/` leads to Portero, with the slash at its end: `use_backend portero-… if is_portero` must not be missing."
        }
        Some(GateProxy::Caddy | GateProxy::Traefik) | None => {
            "What is not asked about must not reach the app: only /.portero/, with the slash at its end, is an exception, and leads to Portero."
        }
    }
}

fn identity(proxy: Option<GateProxy>) -> &'static str {
    match proxy {
        Some(GateProxy::Nginx) => {
            "Each location that reaches the app needs `proxy_set_header` for Remote-User, Remote-Name, Remote-Email, Remote-Groups and \
             X-Portero-Assertion; one proxy_set_header of its own takes away all that it inherits."
        }
        Some(GateProxy::Caddy) => {
            "Keep `request_header -Remote-…` before `forward_auth`, all five names in `copy_headers`, and the `header_up` lines."
        }
        Some(GateProxy::Traefik) => {
            "Name all five headers in `authResponseHeaders`, and let the middleware clean-… take them out of the client's request first."
        }
        Some(GateProxy::Haproxy) => "Keep all lines `http-request del-header`, before `lua.portero_check`.",
        None => "Take the five headers out of each client's request, and set them from Portero's answer.",
    }
}

fn origin(proxy: Option<GateProxy>) -> &'static str {
    match proxy {
        Some(GateProxy::Nginx) => {
            "In the location that reaches the app, `proxy_set_header X-Forwarded-For $remote_addr;` and the like for each of these \
             headers, and \"\" for those that have no value, as printed. $proxy_add_x_forwarded_for keeps what the client says."
        }
        Some(GateProxy::Caddy) => {
            "Keep the `header_up` lines, and name no clients in the global option `trusted_proxies`."
        }
        Some(GateProxy::Traefik) => {
            "`forwardedHeaders.insecure` is off at the entry point, `trustForwardHeader` is false, and the middleware clean-… comes first."
        }
        Some(GateProxy::Haproxy) => "Keep the lines `http-request del-header` and `set-header X-Forwarded-…`.",
        None => "Set these headers yourself, or take them out; never pass on what a client says.",
    }
}
