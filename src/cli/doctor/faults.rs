//! What can be wrong with an installation, what it means for people, and what to change where.

use clap::ValueEnum;

/// The proxies that can be in front of Portero itself and whose files the doctor knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FrontProxy {
    Nginx,
    Caddy,
    Traefik,
    Haproxy,
    Apache,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    FolderIsPublic,
    FileIsPublic,
    KeysInFolder,
    OldMasterKey,
    Disk,
    Backup,
    Clock,
    NotReady,
    PlainHttp,
    NoRedirect,
    Certificate,
    CertificateEnds,
    OtherServer,
    Scheme,
    Host,
    UntrustedProxy,
    ClientAddress,
    ClientAddressForged,
    Cookies,
    Hsts,
    Headers,
    HeaderSize,
    Timeout,
}

/// Lines for each proxy, with the file in which they belong.
struct Lines {
    nginx: &'static str,
    caddy: &'static str,
    traefik: &'static str,
    haproxy: &'static str,
    apache: &'static str,
}

impl FrontProxy {
    /// Which proxy speaks of itself like this, in the header `Server` or `Via`.
    pub(super) fn known_by(server: &str) -> Option<Self> {
        let server = server.to_ascii_lowercase();
        let words = [("nginx", Self::Nginx), ("caddy", Self::Caddy), ("apache", Self::Apache)];
        words.into_iter().find(|(word, _)| server.contains(word)).map(|(_, proxy)| proxy)
    }

    /// Its name as people write it, and where its settings for Portero usually are.
    fn shown(self) -> (&'static str, &'static str) {
        match self {
            Self::Nginx => ("nginx", "/etc/nginx/conf.d/portero.conf"),
            Self::Caddy => ("Caddy", "/etc/caddy/Caddyfile"),
            Self::Traefik => ("Traefik", "/etc/traefik/dynamic/portero.yml"),
            Self::Haproxy => ("HAProxy", "/etc/haproxy/haproxy.cfg"),
            Self::Apache => ("Apache", "/etc/apache2/sites-available/portero.conf"),
        }
    }
}

impl Lines {
    fn of(&self, proxy: FrontProxy) -> &'static str {
        match proxy {
            FrontProxy::Nginx => self.nginx,
            FrontProxy::Caddy => self.caddy,
            FrontProxy::Traefik => self.traefik,
            FrontProxy::Haproxy => self.haproxy,
            FrontProxy::Apache => self.apache,
        }
    }
}

impl Fault {
    /// A word for programs.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::FolderIsPublic => "folder_is_public",
            Self::FileIsPublic => "file_is_public",
            Self::KeysInFolder => "keys_in_folder",
            Self::OldMasterKey => "old_master_key",
            Self::Disk => "disk",
            Self::Backup => "backup",
            Self::Clock => "clock",
            Self::NotReady => "not_ready",
            Self::PlainHttp => "plain_http",
            Self::NoRedirect => "no_redirect",
            Self::Certificate => "certificate",
            Self::CertificateEnds => "certificate_ends",
            Self::OtherServer => "other_server",
            Self::Scheme => "scheme",
            Self::Host => "host",
            Self::UntrustedProxy => "untrusted_proxy",
            Self::ClientAddress => "client_address",
            Self::ClientAddressForged => "client_address_forged",
            Self::Cookies => "cookies",
            Self::Hsts => "hsts",
            Self::Headers => "headers",
            Self::HeaderSize => "header_size",
            Self::Timeout => "timeout",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::FolderIsPublic => "Other users of this machine can look into the data folder",
            Self::FileIsPublic => "Other users of this machine could read a file with keys or people",
            Self::KeysInFolder => "The data folder still holds keys that are sealed in the database",
            Self::OldMasterKey => "Keys in the database are sealed under an old master key",
            Self::Disk => "The disk is almost full",
            Self::Backup => "There is no backup from the last seven days",
            Self::Clock => "The clock is wrong, here or there",
            Self::NotReady => "The server does not do its work",
            Self::PlainHttp => "People reach Portero by plain http",
            Self::NoRedirect => "Plain http is not led on to https",
            Self::Certificate => "The certificate is not good",
            Self::CertificateEnds => "The certificate is about to expire",
            Self::OtherServer => "At the public address this Portero does not answer",
            Self::Scheme => "Portero is not told that people come by https",
            Self::Host => "Portero is not told by which name people come",
            Self::UntrustedProxy => "Portero does not believe its proxy",
            Self::ClientAddress => "Portero is not told where people come from",
            Self::ClientAddressForged => "Anybody can say that they come from elsewhere",
            Self::Cookies => "Cookies lose what keeps them safe on their way",
            Self::Hsts => "The header Strict-Transport-Security is lost on its way",
            Self::Headers => "Headers that protect pages are lost on their way",
            Self::HeaderSize => "Long headers of an answer do not get through",
            Self::Timeout => "The proxy does not wait as long as Portero may take",
        }
    }

    /// What it means for people who sign in.
    pub(super) fn effect(self) -> &'static str {
        match self {
            Self::FolderIsPublic | Self::FileIsPublic => {
                "Whoever reads the keys can be anybody, and whoever reads the database has everybody's names."
            }
            Self::KeysInFolder => "Whoever reads the folder can be anybody, without a master key.",
            Self::OldMasterKey => "If the old master key is lost or taken away, nobody can sign in any more.",
            Self::Disk => "When it is full nobody can sign in or change anything, and nobody can be signed out.",
            Self::Backup => "If the disk fails, everybody has to be added anew.",
            Self::Clock => "Tokens run out too early or too late, and right codes of authenticator apps are refused.",
            Self::NotReady => "People can't sign in, or nothing that they change is stored.",
            Self::PlainHttp | Self::NoRedirect => {
                "Anybody on the way can read the password of whoever types the address without https."
            }
            Self::Certificate | Self::CertificateEnds => {
                "Browsers warn people off, and apps that are to be told of sign-outs or ask about tokens fail."
            }
            Self::OtherServer => "Who knows whose pages people give their passwords to.",
            Self::Scheme => {
                "What Portero says of a request is wrong (/admin/about), and the next mistake harder to find."
            }
            Self::Host => {
                "At the hosts of apps nobody comes back from signing in; elsewhere what Portero says of a request is wrong."
            }
            Self::UntrustedProxy | Self::ClientAddress => {
                "Everybody seems to come from the proxy: a few wrong passwords of one stranger shut all others out."
            }
            Self::ClientAddressForged => {
                "Whoever guesses passwords does so from a new address each time, and the audit log holds what they made up."
            }
            Self::Cookies => {
                "Browsers drop such cookies, so that nobody can sign in, or send them where others can read them."
            }
            Self::Hsts => {
                "Browsers go on trying plain http first, where somebody on the way can answer in Portero's place."
            }
            Self::Headers => "Another site can show Portero's pages inside its own and have people click there.",
            Self::HeaderSize => "Signing in to an app ends with the proxy's own error page (502).",
            Self::Timeout => {
                "On a busy day signing in ends with the proxy's own error page (504), though it went well."
            }
        }
    }

    /// What to change, and where. `proxy`: the one that is known to be in front.
    pub(super) fn mend(self, proxy: Option<FrontProxy>) -> String {
        if let Some(text) = self.mend_here() {
            return text.to_owned();
        }
        let Some(lines) = self.lines() else { return "see docs/settings.md, “Behind a proxy”".into() };
        match proxy {
            Some(proxy) => {
                let (_, file) = proxy.shown();
                format!("in {file}: {}", lines.of(proxy))
            }
            None => {
                let each = FrontProxy::value_variants().iter().map(|proxy| {
                    let (name, file) = proxy.shown();
                    format!("\n    {name}, in {file}: {}", lines.of(*proxy))
                });
                format!("in the settings of the proxy{}", each.collect::<String>())
            }
        }
    }

    /// What to change that is not the proxy's.
    fn mend_here(self) -> Option<&'static str> {
        match self {
            Self::FolderIsPublic => Some("chmod go= on the folder"),
            Self::FileIsPublic => Some(
                "chmod go= on the file, as Portero has done now if it may; a key that others could read is better replaced \
                 (portero key rotate)",
            ),
            Self::KeysInFolder => Some("back the database up, then remove these files; the database has the keys"),
            Self::OldMasterKey => Some("portero key seal, once every node has the new master key"),
            Self::Disk => Some("make room, or move data_dir in portero.toml to a larger disk"),
            Self::Backup => {
                Some("systemctl enable --now portero-backup.timer, or portero backup FILE every night (docs/backup.md)")
            }
            Self::Clock => Some("timedatectl set-ntp true, on the machine whose clock is wrong"),
            Self::NotReady => {
                Some("docs/monitoring.md says what the reason means; the log of the server has the cause")
            }
            Self::PlainHttp => {
                Some("in portero.toml: public_url = \"https://…\", and a proxy in front that has a certificate")
            }
            Self::Certificate | Self::CertificateEnds => Some(
                "renew it (certbot renew), have the proxy read it (systemctl reload), and find out why that did not happen \
                 by itself",
            ),
            Self::OtherServer => {
                Some("have the proxy send all paths to the address in `listen`, and compare public_url in portero.toml")
            }
            Self::UntrustedProxy => Some("in portero.toml: trusted_proxies = [\"…\"], with the address above"),
            Self::NoRedirect
            | Self::Scheme
            | Self::Host
            | Self::ClientAddress
            | Self::ClientAddressForged
            | Self::Cookies
            | Self::Hsts
            | Self::Headers
            | Self::HeaderSize
            | Self::Timeout => None,
        }
    }

    fn lines(self) -> Option<Lines> {
        let lines = match self {
            Self::NoRedirect => Lines {
                nginx: "a server of its own with `listen 80;` and `return 308 https://$host$request_uri;`",
                caddy: "leave `http://` out of the site's address, and `auto_https` out of the options",
                traefik: "entryPoints.web.http.redirections.entryPoint.to: websecure (in traefik.yml)",
                haproxy: "http-request redirect scheme https code 308 unless { ssl_fc }",
                apache: "a host of its own for port 80 with `Redirect permanent / https://…/`",
            },
            Self::Scheme => Lines {
                nginx: "proxy_set_header X-Forwarded-Proto $scheme;",
                caddy: "leave out `header_up X-Forwarded-Proto`: Caddy sends it by itself",
                traefik: "leave out what sets X-Forwarded-Proto: Traefik sends it by itself",
                haproxy: "http-request set-header X-Forwarded-Proto https if { ssl_fc }",
                apache: "RequestHeader set X-Forwarded-Proto https",
            },
            Self::Host => Lines {
                nginx: "proxy_set_header Host $http_host;",
                caddy: "leave out `header_up Host`: Caddy passes it on by itself",
                traefik: "loadBalancer.passHostHeader: true",
                haproxy: "leave out `http-request set-header Host`: HAProxy passes it on by itself",
                apache: "ProxyPreserveHost On",
            },
            Self::ClientAddress | Self::ClientAddressForged => Lines {
                nginx: "proxy_set_header X-Forwarded-For $remote_addr;",
                caddy: "leave out `header_up X-Forwarded-For` and `trusted_proxies`: Caddy sends it by itself",
                traefik: "leave out forwardedHeaders.insecure (in traefik.yml): Traefik sends X-Forwarded-For by itself",
                haproxy: "http-request set-header X-Forwarded-For %[src]",
                apache: "RequestHeader unset X-Forwarded-For early, and leave out `ProxyAddHeaders Off`",
            },
            Self::Cookies => Lines {
                nginx: "leave out the lines with proxy_cookie_flags, proxy_cookie_path and proxy_cookie_domain",
                caddy: "leave out `header_down Set-Cookie`",
                traefik: "leave out the middlewares that change Set-Cookie",
                haproxy: "leave out what replaces or deletes the header Set-Cookie",
                apache: "leave out ProxyPassReverseCookiePath, ProxyPassReverseCookieDomain and `Header edit`",
            },
            Self::Hsts | Self::Headers => Lines {
                nginx: "leave out the proxy_hide_header that names it",
                caddy: "leave out the `header_down` and `header` that name it with `-`",
                traefik: "leave out the middleware whose customResponseHeaders empty it",
                haproxy: "leave out the `http-response del-header` that names it",
                apache: "leave out the `Header unset` that names it",
            },
            Self::HeaderSize => Lines {
                nginx: "proxy_buffer_size 16k; proxy_buffers 4 16k;",
                caddy: "leave out `max_response_header` in `transport http`",
                traefik: "leave out the plugins that limit headers: Traefik does not",
                haproxy: "tune.bufsize 32768 (in `global`)",
                apache: "ResponseFieldSize 16384",
            },
            Self::Timeout => Lines {
                nginx: "proxy_read_timeout 60s;",
                caddy: "response_header_timeout 60s (in `transport http`), or leave it out",
                traefik: "serversTransport.forwardingTimeouts.responseHeaderTimeout: 60s",
                haproxy: "timeout server 60s",
                apache: "ProxyTimeout 60",
            },
            Self::FolderIsPublic
            | Self::FileIsPublic
            | Self::KeysInFolder
            | Self::OldMasterKey
            | Self::Disk
            | Self::Backup
            | Self::Clock
            | Self::NotReady
            | Self::PlainHttp
            | Self::Certificate
            | Self::CertificateEnds
            | Self::OtherServer
            | Self::UntrustedProxy => return None,
        };
        Some(lines)
    }
}
