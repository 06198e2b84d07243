//! The binary: parse the command line, run the command, exit.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // The allocator asks for huge pages, and of most of them it needs a few
    // kilobytes: an idle server held half as much memory again. Where this
    // can't be had, nothing is lost but that.
    #[cfg(target_os = "linux")]
    let _ = rustix::thread::disable_transparent_huge_pages(true);
    match perspektive::cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("perspektive: {error}");
            ExitCode::FAILURE
        }
    }
}
