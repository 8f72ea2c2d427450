//! The figures of the README, as ratios within one run where that can be: `cargo bench --bench figures`.
//!
//! First start to first page, idle memory, size of the binary, and `GET /protected` with a token against a bare actix-web
//! server that sends the same body, in turn, with the same load. The load and both servers share the machine's cores:
//! read the ratio, not the requests per second.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};

const CONNECTIONS: usize = 16;
const ROUND: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;
const PASSWORD: &str = "correct horse battery";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    if std::env::args().any(|argument| argument == "--serve-bare") {
        return serve_bare();
    }
    let folder = tempfile::TempDir::new()?;
    let data = folder.path().join("data");
    let program = env!("CARGO_BIN_EXE_portero");
    println!("binary                       {:7.1} MB", mega(std::fs::metadata(program)?.len()));

    let begin = Instant::now();
    let mut portero = Server::start(Command::new(program).args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(&data))?;
    let page = exchange(&mut TcpStream::connect(portero.address)?, &get("/login", "accept: text/html\r\n"))?;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    println!("first start to first page    {:7.0} ms", begin.elapsed().as_secs_f64() * 1000.0);
    std::thread::sleep(Duration::from_secs(1));
    println!("memory when idle             {:7.1} MB", portero.resident_megabytes()?);

    let mut add = Command::new(program)
        .arg("--data-dir")
        .arg(&data)
        .args(["user", "add", "ana", "--password-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    add.stdin.take().ok_or("no stdin")?.write_all(PASSWORD.as_bytes())?;
    assert!(add.wait()?.success());
    let body = format!(r#"{{"username":"ana","password":"{PASSWORD}"}}"#);
    let login = format!(
        "POST /login HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = exchange(&mut TcpStream::connect(portero.address)?, &login)?;
    let token = answer.split("\"access_token\":\"").nth(1).and_then(|rest| rest.split('"').next()).ok_or("no token")?;

    let request = get("/protected", &format!("authorization: Bearer {token}\r\n"));
    let bare = Server::start(Command::new(std::env::current_exe()?).arg("--serve-bare"))?;
    let (mut checked, mut unchecked) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        unchecked.push(load(bare.address, &request)?);
        checked.push(load(portero.address, &request)?);
    }
    let (checked, unchecked) = (median(&mut checked), median(&mut unchecked));
    println!("bare actix-web               {unchecked:7.0} req/s");
    println!("/protected with a token      {checked:7.0} req/s, {:.2} of bare", checked / unchecked);
    println!("memory after the load        {:7.1} MB", portero.resident_megabytes()?);
    portero.stop();
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn mega(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

fn get(path: &str, header: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: x\r\n{header}\r\n")
}

/// Requests per second that the server answers with 200 while all connections keep asking.
#[expect(clippy::cast_precision_loss, reason = "figures for people")]
fn load(address: SocketAddr, request: &str) -> std::io::Result<f64> {
    let (stop, answered) = (AtomicBool::new(false), AtomicU64::new(0));
    let begin = Instant::now();
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS)
            .map(|_| {
                scope.spawn(|| {
                    let mut stream = TcpStream::connect(address)?;
                    stream.set_nodelay(true)?;
                    while !stop.load(Ordering::Relaxed) {
                        let answer = exchange(&mut stream, request)?;
                        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
                        answered.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(())
                })
            })
            .collect();
        std::thread::sleep(ROUND);
        stop.store(true, Ordering::Relaxed);
        workers.into_iter().try_for_each(|worker| worker.join().expect("a worker panics only with the bench"))
    })
    .map(|()| answered.load(Ordering::Relaxed) as f64 / begin.elapsed().as_secs_f64())
}

/// Sends a request and reads head and body, by `content-length`.
fn exchange(stream: &mut TcpStream, request: &str) -> std::io::Result<String> {
    stream.write_all(request.as_bytes())?;
    let (mut answer, mut buffer) = (Vec::new(), [0; 16 * 1024]);
    loop {
        let read = stream.read(&mut buffer)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        answer.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&answer);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok()).unwrap_or(0);
        if body.len() >= length {
            return Ok(text.into_owned());
        }
    }
}

/// A server in a process of its own, which says on its first line where it listens.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    fn start(command: &mut Command) -> Result<Self, Box<dyn std::error::Error>> {
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
        let mut line = String::new();
        BufReader::new(process.stdout.take().ok_or("no stdout")?).read_line(&mut line)?;
        let address = line.trim().rsplit("http://").next().ok_or("no address")?.parse()?;
        Ok(Self { process, address })
    }

    fn resident_megabytes(&self) -> Result<f64, Box<dyn std::error::Error>> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
        let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
        Ok(mega(kilobytes * 1024))
    }

    fn stop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

/// What a request costs that checks nothing.
fn serve_bare() -> Result<(), Box<dyn std::error::Error>> {
    actix_web::rt::System::new().block_on(async {
        let server = HttpServer::new(|| {
            App::new().route(
                "/protected",
                web::get().to(|| async {
                    HttpResponse::Ok().content_type("application/json").body(r#"{"logged_in_as":"ana"}"#)
                }),
            )
        })
        .bind("127.0.0.1:0")?;
        println!("http://{}", server.addrs()[0]);
        server.run().await?;
        Ok(())
    })
}
