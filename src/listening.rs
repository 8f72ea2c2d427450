//! Opens what the server listens on, or takes it over from systemd.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::net::UnixListener;

use crate::bounded_http::Listener;
use crate::config::Config;
use crate::domain::ListenAddress;
use crate::service_manager;
use crate::unix_socket::{self, SocketFile};

#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    #[error("could not listen on {address}: is something else using it?")]
    Listen { address: ListenAddress, source: io::Error },
    #[error("could not take over the socket that systemd has opened")]
    Socket(#[source] io::Error),
    #[error("systemd has opened {opened}, but `listen` is {address}: make ListenStream in portero.socket the same")]
    OtherSocket { opened: ListenAddress, address: ListenAddress },
}

/// What the server listens on, and its address, which is known only now if the settings name any port. `socket_file`: `None` if it is no Unix
/// socket, or systemd's.
pub struct Listening {
    pub listener: Listener,
    pub address: ListenAddress,
    pub socket_file: Option<SocketFile>,
}

/// By the socket that systemd has opened, if it has: which then has to be the address that the settings name, by which they were judged.
pub fn listen(config: &Config) -> Result<Listening, ListenError> {
    let address = config.listen.clone();
    let failed = |source| ListenError::Listen { address: address.clone(), source };
    let mut socket_file = None;
    let (listener, opened, was_given) = match &address {
        ListenAddress::Tcp(wanted) => {
            let given = service_manager::tcp_listener().map_err(ListenError::Socket)?;
            let was_given = given.is_some();
            let listener = given.map_or_else(|| TcpListener::bind(wanted), Ok).map_err(failed)?;
            let opened = listener.local_addr().map_err(failed)?;
            (Listener::Tcp(listener), ListenAddress::Tcp(opened), was_given)
        }
        ListenAddress::Unix(path) => match service_manager::unix_listener().map_err(ListenError::Socket)? {
            Some(given) => {
                let opened = path_of(&given).map_err(failed)?;
                (Listener::Unix(given), opened, true)
            }
            None => {
                let (listener, file) = unix_socket::bind(path, config.socket_mode).map_err(failed)?;
                socket_file = Some(file);
                (Listener::Unix(listener), address.clone(), false)
            }
        },
    };
    if was_given && opened != address {
        return Err(ListenError::OtherSocket { opened, address });
    }
    Ok(Listening { listener, address: opened, socket_file })
}

fn path_of(listener: &UnixListener) -> io::Result<ListenAddress> {
    let address = listener.local_addr()?;
    let path = address.as_pathname().ok_or_else(|| io::Error::other("the socket has no path"))?;
    Ok(ListenAddress::Unix(path.to_owned()))
}

pub fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), ListenError> {
    let failed = |source| ListenError::Listen { address: ListenAddress::Tcp(address), source };
    let listener = TcpListener::bind(address).map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    Ok((listener, bound))
}
