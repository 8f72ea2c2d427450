//! flask-jwt-extended under gunicorn, with as many workers as cores and the blocklists that its documentation shows. The Python
//! packages are installed into a folder under `target`.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use uuid::Uuid;

use crate::Bench;
use crate::debian::{self, run};
use crate::seed::Signer;
use crate::support::Failure;
use crate::wrk::Target;

/// The number of revoked tokens in each blocklist.
const BLOCKED: usize = 100_000;

type Start = fn(&Bench, &Signer) -> Result<Peer, Failure>;

pub(crate) const ALL: [(&str, Start); 2] =
    [("flask-jwt-extended, SQLite", with_sqlite), ("flask-jwt-extended, Redis", with_redis)];

/// A server and whatever else it needs to run. All of them are asked to end when this is dropped.
pub(crate) struct Peer {
    pub(crate) target: Target,
    _processes: Vec<Process>,
}

struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // Asked to end (SIGTERM), not killed: gunicorn has to end its workers too.
        drop(Command::new("kill").arg(self.0.id().to_string()).status());
        drop(self.0.wait());
    }
}

fn with_sqlite(bench: &Bench, signer: &Signer) -> Result<Peer, Failure> {
    let database = bench.path("flask.db");
    let path = database.to_str().ok_or("the path is not Unicode")?;
    let mut conn = SqliteConnection::establish(path)?;
    // The table as SQLAlchemy makes it for the model in the documentation.
    conn.batch_execute(&format!(
        "CREATE TABLE token_blocklist (id INTEGER NOT NULL, jti VARCHAR(36) NOT NULL, created_at DATETIME NOT NULL, PRIMARY KEY (id));
         CREATE INDEX ix_token_blocklist_jti ON token_blocklist (jti);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {BLOCKED})
            INSERT INTO token_blocklist (jti, created_at) SELECT lower(hex(randomblob(18))), '2026-01-01 00:00:00' FROM n"
    ))?;
    let (gunicorn, target) = gunicorn(bench, "flask_sqlite", path, signer)?;
    Ok(Peer { target, _processes: vec![gunicorn] })
}

fn with_redis(bench: &Bench, signer: &Signer) -> Result<Peer, Failure> {
    beside_redis(bench, "flask_redis", signer)
}

/// flask-jwt-extended as a gate: it answers a proxy that asks about a request.
pub(crate) fn gate(bench: &Bench, signer: &Signer) -> Result<Peer, Failure> {
    beside_redis(bench, "flask_gate", signer)
}

fn beside_redis(bench: &Bench, app: &str, signer: &Signer) -> Result<Peer, Failure> {
    let port = free_port()?;
    let packages = ["redis-server", "redis-tools", "libatomic1", "libjemalloc2", "liblzf1", "libssl3"];
    let redis = debian::command("redis-server", &packages)?
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--dir"])
        .arg(bench.folder.path())
        .stdout(Stdio::null())
        .spawn()?;
    let redis = Process(redis);
    let mut stream = wait_for(SocketAddr::from(([127, 0, 0, 1], port)))?;
    let set: String = (0..BLOCKED).map(|_| format!("SET {} \"\" EX 3600\r\n", Uuid::new_v4())).collect();
    let answers = std::thread::scope(|scope| {
        let mut answers = vec![0; BLOCKED * "+OK\r\n".len()];
        let mut reader = stream.try_clone()?;
        let reading = scope.spawn(move || reader.read_exact(&mut answers).map(|()| answers));
        stream.write_all(set.as_bytes())?;
        reading.join().map_err(|_| "the reader panicked")?.map_err(Failure::from)
    })?;
    if answers != "+OK\r\n".repeat(BLOCKED).as_bytes() {
        return Err("Redis did not take all".into());
    }
    let (gunicorn, mut target) = gunicorn(bench, app, &port.to_string(), signer)?;
    target.processes.push(redis.0.id());
    Ok(Peer { target, _processes: vec![gunicorn, redis] })
}

/// Starts gunicorn with `app`. `blocklist`: the database's path, or Redis's port.
fn gunicorn(bench: &Bench, app: &str, blocklist: &str, signer: &Signer) -> Result<(Process, Target), Failure> {
    let address = SocketAddr::from(([127, 0, 0, 1], free_port()?));
    let process = Command::new(python()?.join("bin/gunicorn"))
        .args(["--workers", &bench.cores.to_string(), "--bind", &address.to_string(), "--chdir"])
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/load"))
        .arg(format!("{app}:app"))
        .envs(signer.settings())
        .env("BLOCKLIST", blocklist)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stderr(Stdio::null())
        .spawn()?;
    let process = Process(process);
    drop(wait_for(address)?);
    let target = Target { address, processes: vec![process.0.id()] };
    Ok((process, target))
}

/// The folder of a Python environment with what `requirements.txt` names, installed if need be.
fn python() -> Result<PathBuf, Failure> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("flask");
    let wanted = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/load/requirements.txt");
    let there = folder.join("requirements.txt");
    if std::fs::read(&wanted)? != std::fs::read(&there).unwrap_or_default() {
        println!("installing flask-jwt-extended from PyPI");
        run(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder))?;
        let mut install = Command::new(folder.join("bin/pip"));
        run(install.args(["install", "--quiet", "--disable-pip-version-check", "--requirement"]).arg(&wanted))?;
        // Comes last, so that an installation that was interrupted starts again.
        std::fs::copy(&wanted, &there)?;
    }
    Ok(folder)
}

fn free_port() -> Result<u16, Failure> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

fn wait_for(address: SocketAddr) -> Result<TcpStream, Failure> {
    let begin = Instant::now();
    loop {
        match TcpStream::connect(address) {
            Ok(stream) => return Ok(stream),
            Err(error) if begin.elapsed() > Duration::from_secs(30) => return Err(error.into()),
            Err(_) => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}
