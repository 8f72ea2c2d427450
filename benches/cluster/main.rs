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

use std::path::PathBuf;

use report::Section;
use support::Failure;
use support::cluster::Cluster;

/// What every section works with.
struct Bench {
    /// On the disk that holds `target`; deleted at the end.
    folder: tempfile::TempDir,
    cluster: Option<Cluster>,
}

impl Bench {
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

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
    // Cargo itself adds `--bench`.
    let names: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    if let Some(unknown) = names.iter().find(|name| SECTIONS.iter().all(|(section, _)| section != name)) {
        return Err(format!("{unknown} is no section").into());
    }
    let folder = tempfile::TempDir::new_in(env!("CARGO_TARGET_TMPDIR"))?;
    let bench = Bench { folder, cluster: Some(Cluster::start("postgres-nodes")?) };
    println!("load average before: {}", report::load_average()?);
    for (name, run) in SECTIONS {
        if names.is_empty() || names.iter().any(|wanted| wanted == name) {
            println!("\n{}", run(&bench)?);
        }
    }
    Ok(())
}
