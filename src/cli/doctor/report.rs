//! What the doctor has found, gathered and told.

use serde_json::json;

use super::faults::{Fault, FrontProxy};

pub(super) enum Verdict {
    Good,
    /// With what was seen.
    Wrong(String),
    /// With the reason.
    NotJudged(&'static str),
}

/// One verdict for each fault that was looked for, in the order of looking.
#[derive(Default)]
pub(super) struct Report(Vec<(Fault, Verdict)>);

impl Report {
    pub(super) fn add(&mut self, fault: Fault, verdict: Verdict) {
        self.0.push((fault, verdict));
    }

    /// `wrong`: what was seen, if it is not as it should be.
    pub(super) fn judge(&mut self, fault: Fault, wrong: Option<String>) {
        self.add(fault, wrong.map_or(Verdict::Good, Verdict::Wrong));
    }

    pub(super) fn leave_out(&mut self, faults: &[Fault], why: &'static str) {
        for fault in faults {
            self.add(*fault, Verdict::NotJudged(why));
        }
    }

    pub(super) fn is_good(&self) -> bool {
        !self.0.iter().any(|(_, verdict)| matches!(verdict, Verdict::Wrong(_)))
    }

    pub(super) fn print(&self, proxy: Option<FrontProxy>) {
        for (fault, verdict) in &self.0 {
            if let Verdict::Wrong(seen) = verdict {
                println!("WRONG  {}", fault.title());
                println!("  Seen: {seen}");
                println!("  For people: {}", fault.effect());
                println!("  What to change: {}\n", fault.mend(proxy));
            }
        }
        for (fault, verdict) in &self.0 {
            if let Verdict::NotJudged(why) = verdict {
                println!("NOT JUDGED  {}: {why}", fault.word());
            }
        }
        let count = |is: fn(&Verdict) -> bool| self.0.iter().filter(|(_, verdict)| is(verdict)).count();
        println!(
            "{} checks: {} as they should be, {} wrong, {} not judged",
            self.0.len(),
            count(|verdict| matches!(verdict, Verdict::Good)),
            count(|verdict| matches!(verdict, Verdict::Wrong(_))),
            count(|verdict| matches!(verdict, Verdict::NotJudged(_))),
        );
    }

    /// One object for each check.
    pub(super) fn print_json(&self, proxy: Option<FrontProxy>) {
        for (fault, verdict) in &self.0 {
            let check = fault.word();
            let line = match verdict {
                Verdict::Good => json!({ "check": check, "result": "good" }),
                Verdict::NotJudged(why) => json!({ "check": check, "result": "not_judged", "why": why }),
                Verdict::Wrong(seen) => json!({
                    "check": check,
                    "result": "wrong",
                    "title": fault.title(),
                    "seen": seen,
                    "effect": fault.effect(),
                    "change": fault.mend(proxy),
                }),
            };
            println!("{line}");
        }
    }
}
