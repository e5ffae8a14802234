//! The servers that natter is compared with. Each runs in a process of its own (`natter-bench NAME …`), so that its CPU
//! time and memory can be measured.

pub mod floor;
pub mod page;
pub mod sockets;

use std::{
    env,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use natter_test_support::{ServerProcess, free_address};

/// Starts the floor. It sends `hello` bytes to each new socket.
pub fn start_floor(hello: usize) -> Result<ServerProcess, String> {
    start("floor", &[hello])
}

/// Starts the bare hyper server. Each response has `body` bytes, and a head of `head` bytes with `headers` headers.
pub fn start_page(body: usize, headers: usize, head: usize) -> Result<ServerProcess, String> {
    start("bare-page", &[body, headers, head])
}

/// Starts the bare WebSocket server.
pub fn start_sockets() -> Result<ServerProcess, String> {
    start("bare-sockets", &[])
}

fn start(name: &str, arguments: &[usize]) -> Result<ServerProcess, String> {
    let address = free_address();
    ServerProcess::start(command(name, address.port(), arguments)?.stdout(Stdio::null()), address)
}

/// The command that starts the server `name`.
pub fn command(name: &str, port: u16, arguments: &[usize]) -> Result<Command, String> {
    let mut command = Command::new(env::current_exe().map_err(|why| why.to_string())?);
    command.arg(name).arg(port.to_string()).args(arguments.iter().map(usize::to_string)).stdin(Stdio::null());
    Ok(command)
}

/// Writes a file with the URL of the server's sockets, for the load generator.
pub fn write_urls(server: &ServerProcess, dir: &Path) -> PathBuf {
    let path = dir.join(format!("{}.urls", server.pid()));
    std::fs::write(&path, format!("ws://{}/\n", server.address)).expect("the directory can be written to");
    path
}

/// Runs the server `name` in this process, without end.
pub fn run(name: &str, arguments: &[String]) -> Result<(), String> {
    let number = |at: usize| -> Result<usize, String> {
        let raw = arguments.get(at).ok_or_else(|| format!("{name}: a number is missing"))?;
        raw.parse().map_err(|_| format!("{name}: {raw} is not a number"))
    };
    let port = u16::try_from(number(0)?).map_err(|why| why.to_string())?;
    let runtime = || tokio::runtime::Runtime::new().map_err(|why| why.to_string());
    let ended = match name {
        "floor" => floor::run(port, if arguments.len() > 1 { number(1)? } else { 0 }),
        "bare-page" => runtime()?.block_on(page::run(port, number(1)?, number(2)?, number(3)?)),
        _ => runtime()?.block_on(sockets::run(port)),
    };
    ended.map_err(|why| format!("{name}: {why}"))
}
