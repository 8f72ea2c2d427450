//! `cargo bench --bench blocklist`: the blocklist in memory with 0, 1 million and 10 million ended sessions. Measures the memory
//! for each id, the time to load them all, to look one up and to end one more, and the longest wait while expired ones are removed.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use portero::blocklist::{Blocklist, Contents, Question, Standing, Verdict};
use portero::domain::{Role, SessionId, TokenId, UnixTime, UserId, Username};

criterion_group!(benches, blocklist);
criterion_main!(benches);

const SIZES: [usize; 3] = [0, 1_000_000, 10_000_000];
const LATER: UnixTime = UnixTime(2_000_000_000);

fn blocklist(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("blocklist");
    group.sample_size(20).warm_up_time(Duration::from_millis(200)).measurement_time(Duration::from_millis(600));
    for size in SIZES {
        let ended: Vec<_> = (0..size).map(|_| (SessionId::random(), LATER)).collect();
        let some: Vec<_> = ended.iter().step_by((size / 10_000).max(1)).map(|(sid, _)| *sid).collect();
        let list = Blocklist::default();
        let mut took = Duration::ZERO;
        let kept = allocation_counter::measure(|| {
            let begin = Instant::now();
            let contents = Contents::default();
            contents.user(ana());
            contents.ended_sessions(&ended);
            list.load(contents);
            took = begin.elapsed();
        });
        if size > 0 {
            let bytes = kept.bytes_current as f64 / size as f64;
            println!("\n{size} ids: loaded in {} ms, {bytes:.1} bytes each", took.as_millis());
        }
        drop(ended);
        assert!(some.iter().all(|sid| list.judge(question(*sid)) == Verdict::Revoked));

        let open: Vec<_> = (0..10_000).map(|_| SessionId::random()).collect();
        for (what, sids) in [("look up an open session", &open), ("look up an ended session", &some)] {
            let mut next = sids.iter().cycle();
            let Some(_) = sids.first() else { continue };
            group.bench_function(BenchmarkId::new(what, size), |b| {
                b.iter(|| next.next().map(|sid| list.judge(black_box(question(*sid)))));
            });
        }
        group.bench_function(BenchmarkId::new("end one session", size), |b| {
            b.iter(|| list.end_sessions(std::iter::once((SessionId::random(), UnixTime(1)))));
        });
        println!("pruning {}", longest_waits(&list, &open, || list.forget_expired(UnixTime(100))));
        // What the machine alone does to them.
        println!("reckoning {}\n", longest_waits(&list, &open, || reckon_for(Duration::from_millis(500))));
    }
    group.finish();
}

/// The longest time that a look-up and the ending of a session take while another thread does something, such as removing what has
/// expired.
fn longest_waits(list: &Blocklist, open: &[SessionId], something: impl FnOnce() + Send) -> String {
    let begun = Instant::now();
    std::thread::scope(|scope| {
        let other = scope.spawn(something);
        let (mut reader, mut writer) = (Duration::ZERO, Duration::ZERO);
        for sid in open.iter().cycle() {
            let begin = Instant::now();
            black_box(list.judge(question(*sid)));
            reader = reader.max(begin.elapsed());
            let begin = Instant::now();
            list.end_sessions(std::iter::once((*sid, LATER)));
            writer = writer.max(begin.elapsed());
            if other.is_finished() {
                break;
            }
        }
        format!(
            "took {:.1} ms; meanwhile nobody asked for longer than {} µs, or ended a session for longer than {} µs",
            begun.elapsed().as_secs_f64() * 1000.0,
            reader.as_micros(),
            writer.as_micros()
        )
    })
}

fn reckon_for(time: Duration) {
    let begun = Instant::now();
    while begun.elapsed() < time {
        black_box(SessionId::random());
    }
}

fn ana() -> Standing {
    Standing {
        user: UserId(1),
        uid: uuid::Uuid::nil(),
        username: Username::parse("ana").expect("a name"),
        other_subject: None,
        role: Role::User,
        tokens_valid_from: UnixTime(0),
        disable_at: None,
        has_factor: false,
        contact: None,
    }
}

fn question(sid: SessionId) -> Question<'static> {
    Question {
        subject: "ana",
        jti: Some(TokenId::from_jti("5116c888-512e-48e3-9949-c87e30a6b899")),
        session: Some((sid, 0)),
        issued_at: Some(UnixTime(1)),
    }
}
