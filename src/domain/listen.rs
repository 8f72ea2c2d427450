//! Where a server listens.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// What a path begins with in a setting.
const UNIX: &str = "unix:";
/// The system takes no longer path, in bytes. (`unix(7)`)
const LONGEST: usize = 107;

/// What the setting `listen` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenAddress {
    /// An address and a port.
    Tcp(SocketAddr),
    /// The absolute path of a Unix socket.
    Unix(PathBuf),
}

impl ListenAddress {
    /// Address and port. `None`: it is a Unix socket.
    pub fn tcp(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(address) => Some(*address),
            Self::Unix(_) => None,
        }
    }

    /// Whether only this machine can connect.
    pub fn is_local(&self) -> bool {
        self.tcp().is_none_or(|address| address.ip().is_loopback())
    }

    /// Whether it says by which address people come: not if it is every address of the machine, any port, or none at all.
    pub fn is_one_address(&self) -> bool {
        self.tcp().is_some_and(|address| !address.ip().is_unspecified() && address.port() != 0)
    }

    /// Where a program of this machine connects: every address of the machine stands for loopback.
    pub fn on_this_machine(&self) -> Self {
        let Self::Tcp(address) = self else { return self.clone() };
        let ip = match address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        Self::Tcp(SocketAddr::new(ip, address.port()))
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "{UNIX}{}", path.display()),
        }
    }
}

/// Why a text is no [`ListenAddress`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListenFault {
    /// It is neither an address nor a path.
    #[error(
        "is not an address with a port, such as 127.0.0.1:8080 or [::1]:8080, nor a socket, such as unix:/run/portero/portero.sock"
    )]
    Form,
    /// The path does not begin at `/`, is too long, or has characters that proxies' settings can't hold.
    #[error("has to be unix: and a whole path of at most {LONGEST} bytes, without spaces, quotes, ; and the like")]
    Path,
}

impl FromStr for ListenAddress {
    type Err = ListenFault;

    fn from_str(text: &str) -> Result<Self, ListenFault> {
        let Some(path) = text.strip_prefix(UNIX) else {
            return text.parse().map(Self::Tcp).map_err(|_| ListenFault::Form);
        };
        let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | '@' | '+');
        let is_whole = Path::new(path).is_absolute() && !path.ends_with('/');
        if is_whole && path.len() <= LONGEST && path.chars().all(is_plain) {
            Ok(Self::Unix(path.into()))
        } else {
            Err(ListenFault::Path)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_is_written() {
        for text in ["127.0.0.1:8080", "[::1]:0", "0.0.0.0:80", "unix:/run/portero/portero.sock"] {
            assert_eq!(text.parse::<ListenAddress>().unwrap().to_string(), text);
        }
        for text in ["", "127.0.0.1", "/run/portero.sock", "localhost:80"] {
            assert_eq!(text.parse::<ListenAddress>(), Err(ListenFault::Form), "{text}");
        }
        let long = format!("unix:/{}", "a".repeat(LONGEST));
        for text in
            ["unix:", "unix:portero.sock", "unix:/run/", "unix:/run/a b", "unix:/run/a;b", "unix:/run/a\nb", &long]
        {
            assert_eq!(text.parse::<ListenAddress>(), Err(ListenFault::Path), "{text}");
        }
    }
}
