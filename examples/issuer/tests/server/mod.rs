//! The built server as its own process, and an HTTP client of a few lines: what is tested is what is shipped.
#![allow(dead_code, reason = "a module of several suites, each of which uses its own part")]

pub mod proof;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

pub const PROGRAM: &str = env!("CARGO_BIN_EXE_jitsuin-issuer");
static FOLDERS: AtomicU32 = AtomicU32::new(0);

pub struct Server {
    process: Child,
    pub address: String,
    /// Its identity: the public URL that it was given, or a demo's own.
    pub url: String,
    pub said: Vec<String>,
}

pub struct Answer {
    pub status: u16,
    pub headers: HashMap<String, String>,
    pub body: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// A folder of this test's own, empty; what an earlier run left there goes first.
pub fn folder() -> PathBuf {
    let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{}-{number}", env!("CARGO_CRATE_NAME")));
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}

/// Runs the program to its end: what it says on stdout.
pub fn run_well(arguments: &[&str]) -> String {
    let output = Command::new(PROGRAM).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs the program to its end: its status, and what it says on stderr.
pub fn run(arguments: &[&str]) -> (ExitStatus, String) {
    let (status, _, log) = run_in_full(arguments);
    (status, log)
}

/// Runs the program to its end: its status, and what it says on stdout and on stderr.
pub fn run_in_full(arguments: &[&str]) -> (ExitStatus, String, String) {
    let output = Command::new(PROGRAM).args(arguments).output().unwrap();
    (output.status, String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

fn program(by: &[&str]) -> Command {
    let mut line = by.iter().chain([&PROGRAM]);
    let mut command = Command::new(line.next().unwrap());
    command.args(line);
    command
}

/// Reads a closed connection's one answer, if there is one.
pub fn read_answer(stream: &mut TcpStream) -> Option<Answer> {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    Some(Answer { status, headers, body: body.to_owned() })
}

impl Server {
    pub fn start(arguments: &[&str]) -> Self {
        Self::logging(arguments, Stdio::null())
    }

    /// The same, with its log.
    pub fn logging(arguments: &[&str], log: impl Into<Stdio>) -> Self {
        Self::run(program(&[]).args(["--listen", "127.0.0.1:0"]).args(arguments).stderr(log))
    }

    /// Starts a prepared command, whose stderr is its caller's.
    pub fn run(command: &mut Command) -> Self {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut said = Vec::new();
        let address = loop {
            let line = lines.next().expect("the server ended before it listened").unwrap();
            said.push(line.clone());
            if let Some(address) = line.strip_prefix("listening on ") {
                break address.to_owned();
            }
        };
        let mut arguments = command.get_args().map(|argument| argument.to_str().unwrap());
        let given = arguments.find(|argument| *argument == "--public-url").and_then(|_| arguments.next());
        let own = || format!("http://localhost:{}", address.rsplit_once(':').unwrap().1);
        let url = given.map_or_else(own, str::to_owned);
        Self { process, address, url, said }
    }

    /// What the program writes to its piped stderr.
    pub fn stderr(&mut self) -> ChildStderr {
        self.process.stderr.take().unwrap()
    }

    pub fn demo(ledger: &Path) -> Self {
        Self::demo_by(&[], ledger)
    }

    /// The same by another program, such as one that plays another processor.
    pub fn demo_by(by: &[&str], ledger: &Path) -> Self {
        let ledger = format!("sqlite:{}", ledger.display());
        let listen = ["--listen", "127.0.0.1:0", "--demo", "--ledger", &ledger];
        Self::run(program(by).args(listen).stderr(Stdio::null()))
    }

    pub fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "Host") {
            request += &format!("Host: {}\r\n", self.address);
        }
        for (name, value) in headers {
            request += &format!("{name}: {value}\r\n");
        }
        // A server that refuses early may close before it has read everything.
        let _ = stream.write_all(format!("{request}\r\n{body}").as_bytes());
        read_answer(&mut stream).expect("an answer")
    }

    /// A connection from this address of this machine.
    pub fn connect_from(&self, source: &str) -> TcpStream {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let connected = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().unwrap();
            socket.bind(format!("{source}:0").parse().unwrap()).unwrap();
            socket.connect(self.address.parse().unwrap()).await.unwrap().into_std()
        });
        let stream = connected.unwrap();
        stream.set_nonblocking(false).unwrap();
        stream
    }

    /// Everything that is answered to these bytes, until the server closes.
    pub fn send_from(&self, source: &str, bytes: &str) -> String {
        let mut stream = self.connect_from(source);
        let _ = stream.write_all(bytes.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub fn id(&self) -> String {
        self.process.id().to_string()
    }

    pub fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.ask("POST", path, &[headers, &[("Content-Type", "application/json")]].concat(), body)
    }

    /// Asks it to end, as an operator does.
    pub fn terminate(&self) {
        let asked = Command::new("kill").args(["-TERM", &self.id()]).status().unwrap();
        assert!(asked.success());
    }

    /// Waits for its end.
    pub fn wait(mut self) -> ExitStatus {
        self.process.wait().unwrap()
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(self) -> ExitStatus {
        self.terminate();
        self.wait()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
