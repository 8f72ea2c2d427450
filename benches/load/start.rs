//! How long the first start takes, how much memory Portero needs when idle, and how large its binary is.

use std::time::{Duration, Instant};

use crate::report::{Section, Spread, Table};
use crate::seed::Data;
use crate::support::{Failure, get, mega};
use crate::{Bench, servers};

const ROUNDS: usize = 5;

pub(crate) fn run(bench: &Bench) -> Result<Section, Failure> {
    println!("start: the first ones");
    let (mut times, mut memory) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let data = Data::none(bench, &format!("start-{round}"))?;
        let begin = Instant::now();
        let portero = servers::portero(&data, &[])?;
        let page = servers::ask(portero.address, &get("/login", "accept: text/html\r\n"))?;
        if !servers::is_success(&page) {
            return Err(format!("no page, but: {page}").into());
        }
        times.push(begin.elapsed().as_secs_f64() * 1e3);
        std::thread::sleep(Duration::from_secs(1));
        memory.push(portero.resident_megabytes()?);
    }
    let mut table = Table::new(&["figure", "measured"]);
    table.rows = vec![
        vec!["first start to first page, ms".into(), format!("{:.0}", Spread::of(times))],
        vec!["memory when idle, MB".into(), format!("{:.1}", Spread::of(memory))],
        vec!["binary, MB".into(), format!("{:.1}", mega(std::fs::metadata(servers::PORTERO)?.len()))],
    ];
    Ok(Section {
        title: "Start",
        how: format!("An empty data folder: database, keys and pepper are made on the way. {ROUNDS} times."),
        tables: vec![table],
        goals: Vec::new(),
        bars: Vec::new(),
    })
}
