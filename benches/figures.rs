//! The figures of the README, as ratios within one run where that can be: `cargo bench --bench figures`.
//!
//! First start to first page, idle memory, size of the binary, and `GET /protected` with a token against a bare actix-web
//! server that sends the same body, in turn, with the same load. The load and both servers share the machine's cores:
//! read the ratio, not the requests per second.

#[path = "support/mod.rs"]
mod support;

use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use actix_web::{App, HttpResponse, HttpServer, web};
use support::{Server, add_user, exchange, get, log_in, mega};

const CONNECTIONS: usize = 16;
const ROUND: Duration = Duration::from_secs(2);
const ROUNDS: usize = 5;

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

    add_user(program, &data, "ana", &[])?;
    let token = log_in(portero.address, "ana")?;

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

fn median(rates: &mut [f64]) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
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
