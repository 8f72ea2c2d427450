//! `cargo +nightly fuzz run forwarded`: looks for headers of a proxy's question that make reading it panic, or lead to another host. A
//! header is a line: its name, `:` and its value.

#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use libfuzzer_sys::fuzz_target;
use portero::gate::forwarded::{Style, read};

const PROXY: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

fuzz_target!(|bytes: &[u8]| {
    let headers = bytes.split(|byte| *byte == b'\n').filter_map(|line| {
        let at = line.iter().position(|byte| *byte == b':')?;
        Some((std::str::from_utf8(&line[..at]).ok()?, &line[at + 1..]))
    });
    for style in Style::ALL {
        match read(style, PROXY, |peer| peer == PROXY, headers.clone()) {
            Ok(request) => {
                let _ = request.is_open(["/share"].into_iter());
                let begin = format!("{}/", request.origin());
                let whole = format!("{}{}", request.origin(), request.path_and_query);
                assert!(whole.starts_with(&begin) && whole.bytes().all(|byte| byte.is_ascii_graphic()));
            }
            Err(refusal) => drop(refusal.to_string()),
        }
    }
});
