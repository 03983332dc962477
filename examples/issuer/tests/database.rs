//! The ledger in a PostgreSQL database, asked of the built program: which database it takes, and over which connection.
//! Servers of its own, with a certificate of an authority of its own; where PostgreSQL or openssl is missing nothing can be
//! asked, and that is said.
#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    dead_code,
    missing_docs,
    unreachable_pub
)]

#[path = "../../../tests/lib/server.rs"]
mod postgres;
mod server;

use server::{Server, folder, run};
use sqlx::{Connection as _, Row as _};
use std::net::{TcpListener, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Command;

const URL: &str = "http://localhost:8080";

fn start(ledger: &str, more: &[&str]) -> Server {
    Server::start(&[&["--ledger", ledger, "--public-url", URL], more].concat())
}

/// What the program says when it does not start.
fn refusal(ledger: &str, more: &[&str]) -> String {
    let arguments = ["--listen", "127.0.0.1:0", "--public-url", URL, "--ledger", ledger];
    let (status, said) = run(&[&arguments, more].concat());
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("the ledger in PostgreSQL") && !said.contains("a-password"), "{said}");
    said
}

fn root(server: &Server) -> String {
    let line = server.said.iter().find_map(|line| line.strip_prefix("root ")).unwrap();
    line.split_whitespace().next().unwrap().to_owned()
}

fn asked(url: &str, question: &'static str) -> i64 {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
        sqlx::query(question).fetch_one(&mut connection).await.unwrap().try_get(0).unwrap()
    })
}

/// A server, or why there is none.
fn or_say<T>(made: Result<T, String>) -> Option<T> {
    made.inspect_err(|why| eprintln!("NOT TESTED: {why}")).ok()
}

#[test]
fn a_database_is_taken_only_where_told() {
    let Some(server) = or_say(postgres::Server::start()) else { return };
    for scheme in ["postgres://", "postgresql://"] {
        let name = format!("made_{}", scheme.len());
        let url = server.database(&name).replace("postgres://", scheme);
        let said = refusal(&url, &[]);
        assert!(said.contains("has no tables") && said.contains("--create"), "{said}");
        assert_eq!(asked(&url, "SELECT COUNT(*) FROM pg_class WHERE relname = 'schema_version'"), 0);
        let made = root(&start(&url, &["--create"]));
        let said = refusal(&url, &["--create"]);
        assert!(said.contains("already there") && said.contains("leave --create out"), "{said}");
        assert_eq!(root(&start(&url, &[])), made);
        assert!(refusal(&url, &["--root", &jitsuin::wire::id::to_base64(&[7; 32])]).contains(&made));
    }
    let demo = server.database("demo");
    let made = root(&start(&demo, &["--demo"]));
    assert_eq!(root(&start(&demo, &["--demo"])), made);
}

#[test]
fn another_programs_database_is_refused_and_left_as_it_is() {
    let Some(server) = or_say(postgres::Server::start()) else { return };
    // A table of this name is to be found in many a database.
    for (name, table) in [("with_accounts", "accounts"), ("with_version", "schema_version")] {
        let url = server.database(name);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
            let statement = format!("CREATE TABLE {table} (version BIGINT); INSERT INTO {table} VALUES (3)");
            sqlx::raw_sql(sqlx::AssertSqlSafe(statement)).execute(&mut connection).await.unwrap();
        });
        for more in [&[][..], &["--create"], &["--demo"]] {
            let said = refusal(&url, more);
            assert!(said.contains("another program's"), "{said}");
        }
        assert_eq!(asked(&url, "SELECT COUNT(*) FROM pg_class WHERE relname = 'issuer_keys'"), 0);
    }
}

/// An authority, and what it signed: a certificate for `localhost`.
struct Authority {
    folder: PathBuf,
}

impl Authority {
    fn new(name: &str) -> Result<Self, String> {
        let made = Self { folder: folder() };
        let config = "[req]\ndistinguished_name = none\n[none]\n[ca]\nbasicConstraints = critical, CA:TRUE\n\
                      keyUsage = critical, keyCertSign\n[host]\nbasicConstraints = CA:FALSE\nsubjectAltName = DNS:localhost\n";
        std::fs::write(made.folder.join("openssl.cnf"), config).unwrap();
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -config openssl.cnf";
        made.openssl(&format!("req -x509 {key} -keyout ca.key -out ca.crt -days 2 -subj /CN={name} -extensions ca"))?;
        made.openssl(&format!("req {key} -keyout server.key -out server.csr -subj /CN=localhost"))?;
        made.sign("server.crt", "2")?;
        Ok(made)
    }

    fn sign(&self, to: &str, days: &str) -> Result<(), String> {
        self.openssl(&format!(
            "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out {to} -days {days} -extfile openssl.cnf \
             -extensions host"
        ))
    }

    fn openssl(&self, line: &str) -> Result<(), String> {
        let ran = Command::new("openssl").args(line.split_whitespace()).current_dir(&self.folder).output();
        let ran = ran.map_err(|_| "no openssl on this machine")?;
        assert!(ran.status.success(), "openssl {line}: {}", String::from_utf8_lossy(&ran.stderr));
        Ok(())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Puts the server's key and certificate where PostgreSQL reads them.
    fn install(&self, data: &Path, certificate: &str) {
        std::fs::copy(self.file(certificate), data.join("server.crt")).unwrap();
        std::fs::copy(self.file("server.key"), data.join("server.key")).unwrap();
        std::fs::set_permissions(data.join("server.key"), std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// An address of this machine that is not loopback; to ask for the way there sends nothing.
fn own_address() -> Result<String, String> {
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    let way = socket.connect("192.0.2.1:9").and_then(|()| socket.local_addr());
    let address = way.map_err(|_| "this machine has no address but loopback")?.ip();
    if address.is_loopback() { Err("this machine has no address but loopback".into()) } else { Ok(address.to_string()) }
}

const TLS: [&str; 2] = ["-c", "ssl=on"];

#[test]
fn a_connection_over_tls_knows_its_server() {
    let Some(authority) = or_say(Authority::new("authority")) else { return };
    // One of the same name is another one all the same.
    let (other, renewed) = (Authority::new("other").unwrap(), Authority::new("authority").unwrap());
    let port = free_port();
    let started = postgres::Server::start_with(port, "127.0.0.1", &TLS, |data| authority.install(data, "server.crt"));
    let Some(server) = or_say(started) else { return };
    let by_socket = server.database("issuer");
    let url = |host: &str, mode: &str, trusts: Option<&Authority>| {
        let certificate = trusts.map(|held| format!("&sslrootcert={}", held.file("ca.crt").display()));
        let certificate = certificate.unwrap_or_default();
        format!("postgresql://jitsuin:a-password@{host}:{port}/issuer?sslmode={mode}{certificate}")
    };
    let right = url("localhost", "verify-full", Some(&authority));

    let said = refusal(&url("127.0.0.1", "verify-full", Some(&authority)), &["--create"]);
    assert!(said.contains("certificate is for another name"), "{said}");
    for (mode, trusts) in [
        ("verify-full", Some(&other)),
        ("verify-full", Some(&renewed)),
        ("verify-full", None),
        ("verify-ca", Some(&other)),
    ] {
        let said = refusal(&url("localhost", mode, trusts), &["--create"]);
        assert!(said.contains("of an authority that this machine does not know"), "{said}");
    }
    // Files that are no authority's are not blamed on the server.
    let no_certificate = "-----BEGIN CERTIFICATE-----\n@\n-----END CERTIFICATE-----\n";
    let no_authority = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (text, said_of_it) in [
        (None, "sslrootcert: the file can't be read"),
        (Some(""), "sslrootcert: the file holds no certificate"),
        (Some(no_certificate), "sslrootcert: the file holds no certificate"),
        (Some(no_authority), "sslrootcert: the file holds no certificate"),
    ] {
        let named = Authority { folder: folder() };
        if let Some(text) = text {
            std::fs::write(named.file("ca.crt"), text).unwrap();
        }
        for mode in ["verify-full", "verify-ca"] {
            let said = refusal(&url("localhost", mode, Some(&named)), &["--create"]);
            assert!(said.contains(said_of_it), "{said}");
        }
    }
    assert_eq!(asked(&by_socket, "SELECT COUNT(*) FROM pg_class WHERE relname = 'issuer_keys'"), 0);

    let running = start(&right, &["--create"]);
    let made = root(&running);
    let in_clear = "SELECT COUNT(*) FILTER (WHERE ssl) - 1000 * COUNT(*) FILTER (WHERE NOT ssl) FROM pg_stat_ssl \
                    JOIN pg_stat_activity USING (pid) WHERE application_name = 'jitsuin'";
    assert!(asked(&by_socket, in_clear) > 0, "each connection is encrypted");
    assert!(running.stop().success());
    // The name alone may be left out.
    assert_eq!(root(&start(&url("127.0.0.1", "verify-ca", Some(&authority)), &[])), made);
    assert_eq!(root(&start(&right.replace("postgresql:", "postgres:"), &[])), made);
}

/// As docs/ledger.md says it: who lists processes sees no password.
#[test]
fn a_password_may_be_left_out_of_the_address() {
    let Some(server) = or_say(postgres::Server::start()) else { return };
    let url = server.database("issuer").replace("jitsuin@", "asks@");
    server.ask("CREATE ROLE asks LOGIN SUPERUSER PASSWORD 'a-pass:word'".into()).unwrap();
    server.demand_password("asks");
    let said = refusal(&url, &["--create"]);
    assert!(said.contains("password authentication failed"), "{said}");
    let file = folder().join("pgpass");
    std::fs::write(&file, "localhost:5432:issuer:asks:a-pass\\:word\n").unwrap();
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    for (name, value) in [("PGPASSFILE", file.to_str().unwrap()), ("PGPASSWORD", "a-pass:word")] {
        let mut command = Command::new(server::PROGRAM);
        command.env(name, value).args(["--listen", "127.0.0.1:0", "--public-url", URL, "--demo", "--ledger", &url]);
        assert!(Server::run(command.stderr(std::process::Stdio::null())).stop().success(), "{name}");
    }
}

#[test]
fn an_address_of_ipv6_is_reached() {
    let Some(listener) = or_say(TcpListener::bind("[::1]:0").map_err(|_| "no IPv6 on this machine".into())) else {
        return;
    };
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let Some(server) = or_say(postgres::Server::start_with(port, "::1", &[], |_| ())) else { return };
    server.database("issuer");
    let url = format!("postgresql://jitsuin@[::1]:{port}/issuer");
    let made = root(&start(&url, &["--create"]));
    assert_eq!(root(&start(&format!("{url}?sslmode=disable"), &[])), made);
}

#[test]
fn a_certificate_that_has_ended_is_refused() {
    let Some(authority) = or_say(Authority::new("authority")) else { return };
    authority.sign("ended.crt", "-1").unwrap();
    let port = free_port();
    let started = postgres::Server::start_with(port, "127.0.0.1", &TLS, |data| authority.install(data, "ended.crt"));
    let Some(server) = or_say(started) else { return };
    server.database("issuer");
    let trusts = authority.file("ca.crt");
    let url =
        format!("postgresql://jitsuin@localhost:{port}/issuer?sslmode=verify-full&sslrootcert={}", trusts.display());
    let said = refusal(&url, &["--create"]);
    assert!(said.contains("certificate does not hold"), "{said}");
}

#[test]
fn nothing_goes_to_another_machine_in_clear() {
    let said = refusal("postgresql://jitsuin:a-password@192.0.2.1/issuer?sslmode=disable", &["--create"]);
    assert!(said.contains("sslmode=disable") && said.contains("on another machine"), "{said}");

    let port = free_port();
    let Some(own) = or_say(own_address()) else { return };
    let hosts = format!("127.0.0.1,{own}");
    let Some(server) = or_say(postgres::Server::start_with(port, &hosts, &[], |_| ())) else { return };
    server.database("issuer");
    for mode in ["", "?sslmode=allow", "?sslmode=prefer", "?sslmode=require", "?sslmode=verify-ca"] {
        let said = refusal(&format!("postgresql://jitsuin:a-password@{own}:{port}/issuer{mode}"), &["--create"]);
        assert!(said.contains("server has no TLS"), "{mode}: {said}");
    }
    let here = format!("postgresql://jitsuin@127.0.0.1:{port}/issuer");
    let said = refusal(&format!("{here}?sslmode=verify-full"), &["--create"]);
    assert!(said.contains("server has no TLS"), "{said}");
    assert!(start(&here, &["--create"]).stop().success(), "what stays on this machine may be in clear");
}
