//! Memory of a server that does nothing, and after many sign-ins; the time to its first answer.

use crate::requests::sign_in;
use crate::seed;
use crate::serve::Process;

/// Sign-ins at a time.
const SIGN_INS: usize = 200;

/// Prints resident memory and start-up time on an existing database.
pub fn memory() {
    let (folder, parts) = seed::empty();
    seed::users(&parts, 1_000);
    let password = "seven quiet lighthouses";
    seed::session(&parts, password);
    drop(parts);
    drop(Process::start(folder.path(), None));
    let server = Process::start(folder.path(), None);
    std::thread::sleep(std::time::Duration::from_secs(1));
    println!(
        "\nstart to first answer (under 0.15 s) {:.3} s",
        server.first_answer
    );
    println!("resident, idle (under 30 MiB) {:.1} MiB", server.resident());
    std::thread::scope(|scope| {
        for _ in 0..SIGN_INS {
            scope.spawn(|| sign_in(&server, password));
        }
    });
    println!(
        "resident after {SIGN_INS} parallel sign-ins (under 80 MiB) {:.1} MiB",
        server.resident()
    );
}
