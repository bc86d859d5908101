//! Small durable actions: how many one commit holds, and the rate beside commits one by one.

use std::time::Instant;

use diesel::connection::SimpleConnection;

use crate::seed;

const WRITERS: usize = 32;
const EACH: usize = 200;

/// 32 writers at a time, each action answered when it is durable.
pub fn group_commit() {
    let (_folder, parts) = seed::empty();
    seed::users(&parts, 1_000);
    let db = parts.app.db.clone();
    let action = "UPDATE users SET updated_at = updated_at + 1 WHERE id = 'usr_00000001-0000-7000-8000-000000000001'";
    let before = db.counts();
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..WRITERS {
            let db = db.clone();
            scope.spawn(move || {
                for _ in 0..EACH {
                    db.write_now(move |tx| Ok(tx.batch_execute(action)?))
                        .expect("an action");
                }
            });
        }
    });
    let together = (WRITERS * EACH) as f64 / started.elapsed().as_secs_f64();
    let after = db.counts();
    let commits = (after.commits - before.commits) as f64 / (after.actions - before.actions) as f64;
    let started = Instant::now();
    for _ in 0..EACH {
        db.write_now(move |tx| Ok(tx.batch_execute(action)?))
            .expect("an action");
    }
    let alone = EACH as f64 / started.elapsed().as_secs_f64();
    println!(
        "\ndurable actions, {WRITERS} at a time: commits ÷ actions (at most 0.25){commits:>20.3}"
    );
    println!(
        "  actions a second {together:.0}, one by one {alone:.0}, ratio {:.1}",
        together / alone
    );
}
