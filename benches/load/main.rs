//! Portero under load, compared with servers that do less, or do the same in another way: `cargo bench --bench load`.
//!
//! Everything runs on one machine over loopback, and the load shares the cores with the servers. Read the ratios, which are
//! measured in turn (A B A B) within one run, not the absolute figures. Words after `--` choose sections (`checked`, `revoked`, `gate`,
//! `writes`, `logins`, `openid`, `told`, `growth`, `start`); `--peers` adds flask-jwt-extended; `--database postgres` has Portero's rows
//! in a PostgreSQL server of the benchmark's own, on the same machine (it wants `--features postgres`). A run of all sections, or
//! `--write`, writes `results.md` here and `docs/load.svg`, on PostgreSQL `results-postgres.md`. A goal that is missed is reported and is
//! no failure. An answer that is not a success is one, except a 503 in a flood of sign-ins. `openid` needs what `tests/peers/install`
//! installs.
//!
//! Two other ways to judge a change, which other load on the machine can't bend as much: `--count` counts instructions and cache misses
//! (words after it choose rows), and `--against` times this build and another (a file, or a revision, which it builds) in pairs.
//! `budget.md` has the figures of record.

#[path = "../support/mod.rs"]
mod support;

mod against;
mod bare;
mod checked;
mod clients;
mod count;
mod debian;
mod fixed_rate;
mod gate;
mod growth;
mod logins;
mod naive;
mod openid;
mod peers;
mod picture;
mod report;
mod revoked;
mod seed;
mod servers;
mod start;
mod told;
mod writes;
mod wrk;

use std::path::Path;
use std::time::Instant;

use report::Section;
use support::Failure;
use support::bench::{Bench, arguments, chosen};
use support::cluster::Cluster;

type Run = fn(&Bench) -> Result<Section, Failure>;

const SECTIONS: [(&str, Run); 9] = [
    ("checked", checked::run),
    ("revoked", revoked::run),
    ("gate", gate::run),
    ("writes", writes::run),
    ("logins", logins::run),
    ("openid", openid::run),
    ("told", told::run),
    ("growth", growth::run),
    ("start", start::run),
];

fn main() -> Result<(), Failure> {
    let arguments = arguments();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["--serve-bare", path, answer] => bare::serve(path, Path::new(answer)),
        ["--serve-naive", how, database] => naive::serve(how, Path::new(database)),
        ["--count", rows @ ..] => count::run(&Bench::new()?, rows),
        ["--against", other] => against::run(&Bench::new()?, other),
        ["--database", "postgres", ..] => {
            let cluster = Cluster::start("postgres-load")?;
            measure(Bench { cluster: Some(cluster), ..Bench::new()? }, &arguments)
        }
        _ => measure(Bench::new()?, &arguments),
    }
}

/// `arguments`: the whole command line, which the report names.
fn measure(bench: Bench, arguments: &[&str]) -> Result<(), Failure> {
    let more = if bench.cluster.is_some() { &arguments[2..] } else { arguments };
    let (flags, names): (Vec<&str>, Vec<&str>) = more.iter().partition(|argument| argument.starts_with("--"));
    if let Some(unknown) = flags.iter().find(|flag| !["--peers", "--write"].contains(flag)) {
        return Err(format!("{unknown} is neither --peers nor --write").into());
    }
    let chosen = chosen(&SECTIONS, &names)?;

    let busy = report::load_average()?;
    let begin = Instant::now();
    let bench = Bench { with_peers: flags.contains(&"--peers"), ..bench };
    let mut sections = Vec::new();
    for (name, run) in chosen {
        if bench.cluster.is_some() && name == "told" {
            println!("told: looks into SQLite's file, so not on PostgreSQL");
        } else {
            let section = run(&bench)?;
            println!("\n{section}");
            sections.push(section);
        }
    }
    println!("took {:.0} s", begin.elapsed().as_secs_f64());
    if names.is_empty() || flags.contains(&"--write") {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let report = report::whole(&sections, bench.cores, &busy, arguments)?;
        if bench.cluster.is_some() {
            std::fs::write(root.join("benches/load/results-postgres.md"), report)?;
        } else {
            std::fs::write(root.join("benches/load/results.md"), report)?;
            let bars: Vec<_> = sections.iter().flat_map(|section| &section.bars).collect();
            std::fs::write(root.join("docs/load.svg"), picture::draw(&bars))?;
        }
    }
    Ok(())
}
