//! Portero and a real proxy with printed settings, before two apps at hosts that have nothing in common.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::portero::{PASSWORD, Server, ok, portero};
use crate::support::ports::free_ports;
use crate::support::proxies::{Certificates, HOSTS, Kind, Proxy, SmallServer};

pub(crate) struct Gate {
    pub(crate) kind: Kind,
    pub(crate) folder: TempDir,
    pub(crate) certificates: Certificates,
    pub(crate) ports: [u16; 2],
    /// Both apps.
    pub(crate) app: SmallServer,
    pub(crate) proxy: Proxy,
    pub(crate) server: Server,
    /// As printed, one text for each app.
    pub(crate) settings: Vec<String>,
}

impl Gate {
    pub(crate) fn start(kind: Kind) -> Self {
        Self::start_with(kind, &[])
    }

    /// `more`: arguments of `app add`.
    pub(crate) fn start_with(kind: Kind, more: &[&str]) -> Self {
        let app = SmallServer::app();
        let upstream = app.address;
        Self::before(kind, app, upstream, more)
    }

    /// `upstream`: where the proxy looks for the apps. `more`: arguments of `app add`.
    pub(crate) fn before(kind: Kind, app: SmallServer, upstream: SocketAddr, more: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path();
        let certificates = Certificates::make(path);
        let [one, other] = free_ports();
        // HAProxy has one frontend for each app as printed; the others take both at one port.
        let ports = if kind == Kind::Haproxy { [one, other] } else { [one, one] };
        ok(path, &["user", "add", "ana", "--admin", "--password-stdin"], PASSWORD);
        for (host, port) in HOSTS.iter().zip(ports) {
            let origin = format!("https://{host}:{port}");
            ok(path, &[&["app", "add", host, "--origin", &origin], more].concat(), "");
        }
        let mut command = portero(path);
        command.env("PORTERO_TRUSTED_PROXIES", "127.0.0.1");
        let server = Server::with(path, command);
        let script = path.join("portero.lua");
        std::fs::write(&script, ok(path, &["proxy", "lua"], "")).unwrap();
        let file = |path: &PathBuf| path.to_str().unwrap().to_owned();
        let (certificate, key, script) = (file(&certificates.certificate), file(&certificates.key), file(&script));
        let upstream = format!("http://{upstream}");
        let print = |host: &&str| {
            let named = ["--upstream", &upstream, "--certificate", &certificate, "--key", &key, "--lua", &script];
            ok(path, &[&["proxy", "print", kind.name(), *host], &named[..]].concat(), "")
        };
        let settings: Vec<_> = HOSTS.iter().map(print).collect();
        let proxy = Proxy::start(kind, path, &settings, &ports);
        Self { kind, folder, certificates, ports, app, proxy, server, settings }
    }

    /// Starts the proxy again, with other settings for the first app.
    pub(crate) fn change(&mut self, first: String) {
        self.change_at(first, &[]);
    }

    /// The same, where it listens at more ports.
    pub(crate) fn change_at(&mut self, first: String, more: &[u16]) {
        self.proxy.stop();
        let settings = [first, self.settings[1].clone()];
        self.proxy = Proxy::start(self.kind, self.path(), &settings, &[&self.ports, more].concat());
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn origin(&self, number: usize) -> String {
        format!("https://{}:{}", HOSTS[number], self.ports[number])
    }
}
