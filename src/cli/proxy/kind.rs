//! The proxies that can ask the gate about requests for an app.

use clap::ValueEnum;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum GateProxy {
    Nginx,
    Caddy,
    Traefik,
    Haproxy,
}

impl GateProxy {
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
