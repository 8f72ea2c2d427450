//! The yardstick: actix-web that checks nothing and gives the answer that Portero once gave, headers and body.

use std::path::{Path, PathBuf};
use std::process::Command;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};

use crate::Bench;
use crate::servers::{ask, is_success, ours};
use crate::support::{Failure, Server};

/// Asks Portero once and starts a bare server that gives the same answer under the same path.
pub(crate) fn start_like(bench: &Bench, portero: &Server, path: &str, request: &str) -> Result<Server, Failure> {
    let answer = answer_of(bench, portero, request)?;
    Server::start(&mut command(path, &answer)?)
}

/// Asks Portero once. Returns the file with its answer.
pub(crate) fn answer_of(bench: &Bench, portero: &Server, request: &str) -> Result<PathBuf, Failure> {
    let answer = ask(portero.address, request)?;
    if !is_success(&answer) {
        return Err(format!("no success, but: {answer}").into());
    }
    let file = bench.path("answer");
    std::fs::write(&file, answer)?;
    Ok(file)
}

/// A bare server that answers what is in the file.
pub(crate) fn command(path: &str, answer: &Path) -> Result<Command, Failure> {
    ours(&["--serve-bare", path, answer.to_str().ok_or("the path is not Unicode")?], &[])
}

/// Runs in the bare server's process: answers with what is in the file, and under `/plain` with a small body without those headers.
pub(crate) fn serve(path: &str, answer: &Path) -> Result<(), Failure> {
    let answer = Answer::read(answer)?;
    actix_web::rt::System::new().block_on(async {
        let path = path.to_owned();
        let server = HttpServer::new(move || {
            App::new()
                .route(&path, web::get().to(move || std::future::ready(answer.response())))
                .route("/plain", web::get().to(|| async { HttpResponse::Ok().body(r#"{"logged_in_as":"user1"}"#) }))
        })
        .bind("127.0.0.1:0")?;
        println!("http://{}", server.addrs().first().ok_or("no address")?);
        server.run().await?;
        Ok(())
    })
}

/// An answer whose parts are all static, so that sending it costs as little as possible.
#[derive(Clone, Copy)]
struct Answer {
    headers: &'static [(HeaderName, HeaderValue)],
    body: &'static str,
}

impl Answer {
    /// Reads the body and all headers except those that Actix adds itself.
    fn read(file: &Path) -> Result<Self, Failure> {
        let text: &'static str = std::fs::read_to_string(file)?.leak();
        let (head, body) = text.split_once("\r\n\r\n").ok_or("no body")?;
        let lines = head.lines().filter_map(|line| line.split_once(": "));
        let lines = lines.filter(|(name, _)| !["date", "content-length"].contains(name));
        let headers = lines.map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        Ok(Self { headers: headers.collect::<Vec<_>>().leak(), body })
    }

    fn response(&self) -> HttpResponse {
        let mut res = HttpResponse::new(StatusCode::OK).set_body(Bytes::from_static(self.body.as_bytes()));
        for (name, value) in self.headers {
            res.headers_mut().append(name.clone(), value.clone());
        }
        res.map_into_boxed_body()
    }
}
