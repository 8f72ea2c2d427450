//! What stands between a node and the database and lets no NOTIFY through, as a pooler does: a TCP proxy that leaves those messages out.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};

/// The address of one before this server. It lives as long as the test.
pub(crate) fn before(server: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let Ok(server) = TcpStream::connect(server) else { continue };
            // Each message goes out at once, as the server sends it.
            [&client, &server].into_iter().for_each(|stream| stream.set_nodelay(true).unwrap());
            let (from_client, from_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || drop(std::io::copy(&mut &from_client, &mut &server)));
            std::thread::spawn(move || {
                drop(without_notifications(from_server, &client));
                drop(client.shutdown(std::net::Shutdown::Both));
            });
        }
    });
    address
}

/// Passes on what the server says but for those messages. (PostgreSQL, "Frontend/Backend Protocol")
fn without_notifications(mut from: TcpStream, mut to: &TcpStream) -> std::io::Result<()> {
    let (mut buffer, mut said, mut is_begun) = ([0; 64 * 1024], Vec::new(), false);
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok(());
        }
        said.extend(&buffer[..read]);
        let mut passed_on = Vec::new();
        while let Some(length) = length_of_first(&said, is_begun) {
            let rest = said.split_off(length);
            let message = std::mem::replace(&mut said, rest);
            is_begun |= length > 1;
            if message[0] != b'A' {
                passed_on.extend(message);
            }
        }
        // At once, as the server did.
        to.write_all(&passed_on)?;
    }
}

/// `None`: it is not whole yet.
fn length_of_first(said: &[u8], is_begun: bool) -> Option<usize> {
    // Asked whether it speaks TLS, the server answers with a single letter.
    if !is_begun && said.first() == Some(&b'N') {
        return Some(1);
    }
    let length = u32::from_be_bytes(said.get(1..5)?.try_into().unwrap()) as usize + 1;
    (said.len() >= length).then_some(length)
}
