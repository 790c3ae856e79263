//! The command line: a thin shell over the library.

#[cfg(not(target_arch = "wasm32"))]
mod cli;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    cli::run()
}

/// The page is the library; there is no command line in a browser.
#[cfg(target_arch = "wasm32")]
fn main() {}
