//! The program as the operator runs it: a process with a data folder, its commands and its log; and
//! what happens when it is killed, or when its disk, its clock or the system fails it.
#![allow(clippy::unwrap_used, reason = "in a test a panic is the report")]

mod audit;
mod backup;
mod clock;
mod commands;
mod crash_points;
mod damaged;
mod demo;
mod descriptors;
mod disk_full;
mod doctor;
mod drill;
mod durability;
mod export;
mod failing_disk;
mod faults;
mod gate;
mod gate_set;
mod import;
mod installed;
mod keys;
mod links;
mod locked;
mod logs;
mod lost_answers;
mod mail;
mod metrics;
mod monitoring;
mod openid;
mod packages;
mod passkeys;
mod portero;
#[cfg(feature = "postgres")]
mod postgres;
mod prompts;
mod proxies;
mod proxy;
mod second_factor;
mod start;
mod starting;
mod status_list;
mod strace;
#[path = "../support/mod.rs"]
mod support;
mod systemd;
mod told_apps;
mod unix_socket;

use support::database;
