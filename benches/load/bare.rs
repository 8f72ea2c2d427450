//! The measure of all: actix-web that checks nothing and answers what Portero answered once, headers and body.

use std::path::Path;

use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::web::{self, Bytes};
use actix_web::{App, HttpResponse, HttpServer};

use crate::seed::{ACCOUNT, PROTECTED};
use crate::servers::{ask, ours};
use crate::support::{Failure, Server};

/// Asks Portero once for each path and starts a bare server that says the same. `folder`: where the answers are kept.
pub(crate) fn start_like(portero: &Server, requests: &[(&str, &str)], folder: &Path) -> Result<Server, Failure> {
    std::fs::create_dir_all(folder)?;
    for (path, request) in requests {
        std::fs::write(folder.join(path.trim_start_matches('/')), ask(portero.address, request)?)?;
    }
    ours(&["--serve-bare", folder.to_str().ok_or("the path is not Unicode")?], &[])
}

/// The other process: serves what lies in the folder, and `/plain`, a small body without those headers.
pub(crate) fn serve(answers: &Path) -> Result<(), Failure> {
    let [protected, account] = [PROTECTED, ACCOUNT].map(|path| Answer::read(answers, path));
    let (protected, account) = (protected?, account?);
    actix_web::rt::System::new().block_on(async {
        let server = HttpServer::new(move || {
            let answer = |answer: &Answer| {
                let answer = answer.clone();
                web::get().to(move || std::future::ready(answer.response()))
            };
            App::new()
                .route(PROTECTED, answer(&protected))
                .route(ACCOUNT, answer(&account))
                .route("/plain", web::get().to(|| async { HttpResponse::Ok().body(r#"{"logged_in_as":"user1"}"#) }))
        })
        .bind("127.0.0.1:0")?;
        println!("http://{}", server.addrs().first().ok_or("no address")?);
        server.run().await?;
        Ok(())
    })
}

/// Static through and through, so that sending it again costs as little as it can.
#[derive(Clone)]
struct Answer {
    headers: &'static [(HeaderName, HeaderValue)],
    body: &'static str,
}

impl Answer {
    /// All headers but those that Actix itself adds. Empty where Portero was not asked.
    fn read(folder: &Path, path: &str) -> Result<Self, Failure> {
        let file = folder.join(path.trim_start_matches('/'));
        if !file.exists() {
            return Ok(Self { headers: &[], body: "" });
        }
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
