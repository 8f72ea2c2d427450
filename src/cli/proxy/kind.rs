//! The proxies that Portero knows.

use clap::ValueEnum;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Proxy {
    Nginx,
    Caddy,
    Traefik,
    Haproxy,
}

impl Proxy {
    /// As people write it.
    pub(super) fn shown(self) -> &'static str {
        match self {
            Self::Nginx => "nginx",
            Self::Caddy => "Caddy",
            Self::Traefik => "Traefik",
            Self::Haproxy => "HAProxy",
        }
    }
}
