//! Several nodes on one PostgreSQL: `cargo bench --features postgres --bench cluster`. Starts a database server of its own, on the disk, and
//! the nodes as processes, each with a network of its own before the database. Everything shares this machine's cores. Words after
//! `--` choose sections (`ends`, `cut`, `frozen`, `checked`, `renewals`, `start`). A goal that is missed is reported and is no failure.

#[path = "../load/debian.rs"]
mod debian;
mod nodes;
#[path = "../load/report.rs"]
#[allow(dead_code, reason = "the load benchmark writes its report to a file")]
mod report;
mod sections;
#[path = "../load/seed.rs"]
#[allow(dead_code, reason = "each benchmark uses its part")]
mod seed;
#[path = "../load/servers.rs"]
#[allow(dead_code, reason = "each benchmark uses its part")]
mod servers;
#[path = "../support/mod.rs"]
mod support;
#[path = "../load/wrk.rs"]
#[allow(dead_code, reason = "each benchmark uses its part")]
mod wrk;

use report::Section;
use support::Failure;
use support::bench::{Bench, arguments, chosen};
use support::cluster::Cluster;

type Run = fn(&Bench) -> Result<Section, Failure>;

const SECTIONS: [(&str, Run); 6] = [
    ("ends", sections::ends),
    ("cut", sections::cut),
    ("frozen", sections::frozen),
    ("checked", sections::checked),
    ("renewals", sections::renewals),
    ("start", sections::start),
];

fn main() -> Result<(), Failure> {
    let words = arguments();
    let sections = chosen(&SECTIONS, &words.iter().map(String::as_str).collect::<Vec<_>>())?;
    let bench = Bench { cluster: Some(Cluster::start("postgres-nodes")?), ..Bench::new()? };
    println!("load average before: {}", report::load_average()?);
    for (_, run) in sections {
        println!("\n{}", run(&bench)?);
    }
    Ok(())
}
