//! A PostgreSQL server of a benchmark's own, on the disk, where fsync takes its time.

use std::net::SocketAddr;
use std::process::Command;

use super::Failure;

/// Runs until it is dropped.
pub(crate) struct Cluster {
    name: &'static str,
    pub(crate) address: SocketAddr,
}

impl Cluster {
    /// `name`: of its folder in `target/`.
    pub(crate) fn start(name: &'static str) -> Result<Self, Failure> {
        let said = command("durable", name)?;
        let port = said.trim().split(' ').next().and_then(|url| url.rsplit(':').next()).ok_or("no port")?;
        Ok(Self { name, address: SocketAddr::from(([127, 0, 0, 1], port.parse()?)) })
    }

    /// Makes an empty database and returns its URL.
    pub(crate) fn create(&self, database: &str) -> Result<String, Failure> {
        let url = |database: &str| format!("postgres://portero@{}/{database}", self.address);
        execute(&url("postgres"), &format!("CREATE DATABASE \"{database}\""))?;
        Ok(url(database))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(command("stop", self.name));
    }
}

#[cfg(feature = "postgres")]
fn execute(url: &str, statement: &str) -> Result<(), Failure> {
    use diesel::connection::SimpleConnection;
    use diesel::{Connection, PgConnection};

    Ok(PgConnection::establish(url)?.batch_execute(statement)?)
}

#[cfg(not(feature = "postgres"))]
fn execute(_url: &str, _statement: &str) -> Result<(), Failure> {
    Err("this Portero knows SQLite only: run the benchmark with --features postgres".into())
}

fn command(action: &str, name: &str) -> Result<String, Failure> {
    let mut command = Command::new("tests/postgres/cluster");
    let output = command.args([action, name]).current_dir(env!("CARGO_MANIFEST_DIR")).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(String::from_utf8(output.stdout)?)
}
