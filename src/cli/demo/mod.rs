//! `portero demo`: a throw-away server on this machine, with people and a fortnight of what happened to them, to look around in.

mod cast;
mod fortnight;

use std::fmt::Write as _;
use std::io::{self, Write};
use std::sync::Arc;

use super::output::Failure;
use super::{log, serve, wrong_settings};
use crate::accounts::upkeep::memory;
use crate::clock::Clock;
use crate::config::{Config, Loaded, Overrides};
use crate::domain::ListenAddress;
use crate::installation::{Installation, TempFolder};
use cast::{PASSWORD, Stage};

/// Settings that would lead to data that are somebody's, or to another place than people are told.
const OF_A_REAL_SERVER: [&str; 3] = ["data_dir", "database_url", "public_url"];

pub(super) fn run(overrides: &Overrides) -> Result<(), Failure> {
    if overrides.config.is_some() {
        return Err("the demo reads no settings file: leave out --config".into());
    }
    if let Some((key, _)) = overrides.set.iter().find(|(key, _)| OF_A_REAL_SERVER.contains(&key.as_str())) {
        return Err(format!("the demo has data and an address of its own: leave out {key}").into());
    }
    let folder = TempFolder::make(&std::env::temp_dir(), "portero-demo-")?;
    let data = folder.path().join("data");
    let data = data.to_str().ok_or("the folder for temporary files has a name that is not UTF-8")?;
    let loaded = settings(data, overrides)?;
    if !loaded.config.listen.tcp().is_some_and(|address| address.ip().is_loopback()) {
        return Err(
            "everybody knows the demo's password, so it listens on this machine alone: 127.0.0.1 or [::1]".into()
        );
    }
    play(&loaded)?;
    // Only now: that somebody's token was stolen is no warning to whoever looks around.
    log::start_for_command();
    serve::serve(loaded, |address, _| io::stdout().lock().write_all(playbill(address).as_bytes()))
}

/// The settings of the demo, with those given for it. Neither a file nor the environment has a say: they are a real server's.
fn settings(data: &str, overrides: &Overrides) -> Result<Loaded, Failure> {
    // The cheapest hash: the password is in this file. With plain http allowed, it is the demo that refuses other machines, and says why.
    let fixed = [("password.bcrypt_cost", "4"), ("allow_plain_http", "true"), ("data_dir", data)];
    let fixed = fixed.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let set = fixed.into_iter().chain(overrides.set.iter().cloned()).collect();
    let no_environment: [(&str, &str); 0] = [];
    Config::from_sources(None, no_environment, &Overrides { config: None, set }).map_err(wrong_settings)
}

/// Lets a fortnight happen, by the acts by which it would have happened, on a clock that is set back.
fn play(loaded: &Loaded) -> Result<(), Failure> {
    let clock = Clock::default();
    let today = clock.now();
    clock.advance(-fortnight::SECONDS);
    let installation = Installation::open(&Arc::new(loaded.config.clone()), clock.clone())?;
    let Installation { accounts, ring, .. } = &installation;
    ring.follow_settings(&accounts.db, clock.now())?;
    let stage = Stage::new(Arc::clone(accounts), clock, today);
    fortnight::set_the_stage(&stage)?;
    // Acts that make tokens or lead into an app ask what a server has in memory.
    accounts.engine.set_keys(accounts.db.read(|conn| Ok::<_, crate::store::Error>(ring.load(conn)))??);
    accounts.db.read(|conn| memory::load(accounts, conn, accounts.now()))?;
    fortnight::happens(&stage)?;
    accounts.db.close();
    Ok(())
}

/// What is told beside the address.
fn playbill(address: &ListenAddress) -> String {
    let mut told =
        format!("Portero listens on http://{address}\n\nSign in there with the password\n\n    {PASSWORD}\n\nas\n\n");
    for (name, what) in fortnight::ROLES {
        let _ = writeln!(told, "    {name:8} {what}");
    }
    told.push_str(
        "\nTo see what Portero is for, sign in as bruno in two browsers and end one of the two in the other: it is out on its\n\
         next click. Nothing here is kept: stop it with Ctrl-C, and all of it is gone.\n",
    );
    told
}
