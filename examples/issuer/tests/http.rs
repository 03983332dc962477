//! What the reference issuer promises at its edge, asked of the built program over TCP.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    unreachable_pub
)]

mod server;

use server::{Answer, Server, folder, run};

fn demo() -> Server {
    Server::demo(&folder().join("ledger.sqlite"))
}

fn refused(answer: &Answer, status: u16, code: &str) {
    let problem = answer.json();
    assert_eq!(answer.status, status);
    assert_eq!(answer.header("content-type"), "application/problem+json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(problem["status"], status);
    assert_eq!(problem["code"], code);
    assert_eq!(problem["type"], format!("urn:jitsuin:problem:{code}"));
    assert!(problem["title"].is_string());
}

#[test]
fn demo_refuses_to_be_reached_from_elsewhere() {
    let ledger = format!("sqlite:{}", folder().join("ledger.sqlite").display());
    for address in ["0.0.0.0:0", "[::]:0"] {
        let (status, said) = run(&["--demo", "--listen", "127.0.0.1:0", "--listen", address, "--ledger", &ledger]);
        assert_eq!(status.code(), Some(2));
        assert!(said.contains("--demo refuses to listen on"), "{said}");
    }
}

#[test]
fn unusable_arguments_say_what_is_needed() {
    let (status, said) = run(&["--listen", "127.0.0.1:0"]);
    assert_eq!(status.code(), Some(2));
    assert!(said.contains("--ledger must be given") && said.contains("usage:"), "{said}");
}

#[test]
fn help_explains_the_options_and_starts_nothing() {
    for option in ["--help", "-h"] {
        let program = env!("CARGO_BIN_EXE_jitsuin-issuer");
        let output = std::process::Command::new(program).args(["--demo", option]).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]));
        for line in ["\n  --listen IP:PORT ", "\n  --ledger PLACE ", "\n  --demo ", "\n  --rotate-keys "] {
            assert!(said.contains(line), "{said}");
        }
        assert!(!said.contains("\nlistening on"), "{said}");
    }
}

#[test]
fn demo_says_its_addresses_by_name() {
    let server = demo();
    let port = server.address.rsplit_once(':').unwrap().1;
    for page in ["/", "/till.html", "/inbox.html", "/attack.html"] {
        let address = format!("http://localhost:{port}{page}");
        assert!(
            server.said.iter().any(|line| line.split_whitespace().any(|word| word == address)),
            "{:?}",
            server.said
        );
    }
    // WebAuthn takes no IP address, so none is offered to a browser.
    assert!(!server.said.iter().any(|line| line.contains("http://127.")), "{:?}", server.said);
}

#[test]
fn pages_run_nothing_but_their_own_files() {
    let server = demo();
    for (path, kind) in [
        ("/", "text/html"),
        ("/till.html", "text/html"),
        ("/wallet.js", "text/javascript"),
        ("/sw.js", "text/javascript"),
        ("/style.css", "text/css"),
        ("/icon.svg", "image/svg+xml"),
        ("/manifest.webmanifest", "application/manifest+json"),
    ] {
        let answer = server.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").starts_with(kind), "{path}: {}", answer.header("content-type"));
        let policy = answer.header("content-security-policy");
        for part in [
            "default-src 'none'",
            "script-src 'self' 'wasm-unsafe-eval'",
            "style-src 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "require-trusted-types-for 'script'",
        ] {
            assert!(policy.split("; ").any(|directive| directive == part), "{path}: {part} in {policy}");
        }
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin");
        assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin");
        assert!(answer.header("permissions-policy").contains("publickey-credentials-get=(self)"));
    }
}

#[test]
fn pages_have_nothing_inline() {
    let server = demo();
    for path in ["/", "/card.html", "/stop.html", "/till.html", "/inbox.html", "/attack.html"] {
        let page = server.get(path).body;
        for tag in page.split("<script").skip(1) {
            let (open, rest) = tag.split_once('>').unwrap();
            assert!(open.contains("src=\"/") && rest.starts_with("</script>"), "{path}: <script{open}>");
        }
        for tag in page.split('<').skip(1).filter_map(|tag| tag.split_once('>')).map(|(tag, _)| tag) {
            let handler = tag.split_whitespace().any(|word| word.starts_with("on") && word.contains('='));
            assert!(!tag.starts_with("style") && !tag.contains(" style=") && !handler, "{path}: <{tag}>");
        }
        assert!(!page.contains("http:") && !page.contains("https:"), "{path} names another place");
    }
}

#[test]
fn the_pages_are_given_the_root_that_the_issuer_describes() {
    let server = demo();
    let known: jitsuin::wire::calls::WellKnown =
        serde_json::from_value(server.get("/.well-known/jitsuin").json()).unwrap();
    let script = server.get("/issuer.js");
    assert_eq!(script.header("content-type"), "text/javascript; charset=utf-8");
    let constant = format!("export const ROOT = \"{}\";", known.key_set.root.thumbprint());
    assert!(script.body.lines().any(|line| line == constant), "{}", script.body);
    // The pages that open a wallet read it there.
    for page in ["/wallet.js", "/attack-steps.js"] {
        let text = server.get(page).body;
        assert!(text.contains("from \"/issuer.js\"") && text.contains("root: ROOT"), "{page}");
    }
}

#[test]
fn wasm_has_its_type() {
    let package = folder();
    std::fs::write(package.join("module.wasm"), b"\0asm").unwrap();
    let ledger = format!("sqlite:{}", folder().join("ledger.sqlite").display());
    let server = Server::start(&["--demo", "--ledger", &ledger, "--pkg", package.to_str().unwrap()]);
    assert_eq!(server.get("/pkg/module.wasm").header("content-type"), "application/wasm");
}

#[test]
fn pages_stay_inside_their_folder() {
    let server = demo();
    for path in ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/pkg/..%2f..%2fCargo.toml", "/..%2fCargo.toml"] {
        let answer = server.get(path);
        assert!(answer.status >= 400 && !answer.body.contains("[package]"), "{path}");
    }
}

#[test]
fn listed_origins_may_call_and_no_others() {
    let ledger = format!("sqlite:{}", folder().join("ledger.sqlite").display());
    let server =
        Server::start(&["--demo", "--ledger", &ledger, "--origins", "https://wallet.example,capacitor://localhost"]);
    let ask = |origin| {
        let headers = [
            ("Origin", origin),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "dpop,content-type"),
        ];
        server.ask("OPTIONS", "/v1/sync", &headers, "")
    };
    for origin in ["https://wallet.example", "capacitor://localhost"] {
        let answer = ask(origin);
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        assert_eq!(answer.header("access-control-allow-headers"), "DPoP, Content-Type");
        assert_eq!(answer.header("access-control-allow-credentials"), "");
        assert_eq!(answer.header("vary"), "Origin");
        let answer = server.post("/v1/sync", &[("Origin", origin)], "{}");
        assert_eq!(answer.header("access-control-allow-origin"), origin);
        assert_eq!(answer.header("access-control-expose-headers"), "DPoP-Nonce, Retry-After");
    }
    for origin in ["https://evil.example", "null", "https://wallet.example.evil.example", "http://wallet.example"] {
        let answer = ask(origin);
        refused(&answer, 403, "wrong-origin");
        assert_eq!(answer.header("access-control-allow-origin"), "");
        assert_eq!(answer.header("vary"), "Origin");
        assert_eq!(server.post("/v1/sync", &[("Origin", origin)], "{}").header("access-control-allow-origin"), "");
    }
}

#[test]
fn what_is_not_there_is_a_problem() {
    let server = demo();
    for (method, path) in
        [("GET", "/nothing"), ("POST", "/v1/nothing"), ("GET", "/v1/sync"), ("DELETE", "/"), ("GET", "/demo/inbox")]
    {
        refused(&server.ask(method, path, &[("Content-Type", "application/json")], ""), 404, "not-found");
    }
}

#[test]
fn large_bodies_are_refused_unread() {
    let server = demo();
    let body = format!("{{\"a\":\"{}\"}}", "x".repeat(64 * 1024));
    refused(&server.post("/v1/sync", &[], &body), 413, "too-large");
}

#[test]
fn calls_are_json() {
    let server = demo();
    let answer = server.ask("POST", "/v1/sync", &[("Content-Type", "text/plain")], "{}");
    refused(&answer, 422, "bad-argument");
}

#[test]
fn calls_need_a_proof_whatever_they_say_of_their_host() {
    let server = demo();
    let answer = server.post("/v1/sync", &[("Host", "evil.example")], "{}");
    let code = answer.json()["code"].as_str().unwrap().to_owned();
    assert!(["proof-refused", "use-dpop-nonce"].contains(&code.as_str()), "{code}");
    assert_eq!(answer.header("cache-control"), "no-store");
    refused(&answer, 401, &code);
    let known = server.ask("GET", "/.well-known/jitsuin", &[("Host", "evil.example")], "");
    assert_eq!(known.status, 200);
    let port = server.address.rsplit_once(':').unwrap().1;
    assert_eq!(known.json()["issuer"], format!("http://localhost:{port}"));
    assert_eq!(known.json()["rp_id"], "localhost");
}

#[test]
fn inbox_answers_only_its_own_pages() {
    let server = demo();
    let messages = server.post("/demo/inbox", &[], "{}");
    assert_eq!(messages.status, 200);
    assert_eq!(messages.header("cache-control"), "no-store");
    assert!(messages.json().as_array().is_some_and(|all| !all.is_empty()));
    // A page elsewhere whose name was made to point at this machine sends its own name along.
    refused(&server.post("/demo/inbox", &[("Host", "rebound.example:8787")], "{}"), 404, "not-found");
    refused(&server.post("/demo/inbox", &[("Origin", "https://evil.example")], "{}"), 404, "not-found");
}

#[test]
fn books_are_shown_of_victims_only() {
    let server = demo();
    let victim = server.post("/demo/victim", &[], "{}").json();
    let books = server.post("/demo/books", &[], &format!("{{\"login\":{}}}", victim["login"])).json();
    assert_eq!(books, serde_json::json!({ "opened": "90000", "balance": "90000", "charged": "0" }));
    for login in ["hanako", "nobody", "victim-1"] {
        refused(&server.post("/demo/books", &[], &format!("{{\"login\":\"{login}\"}}")), 404, "not-found");
    }
    refused(&server.post("/demo/victim", &[("Origin", "https://evil.example")], "{}"), 404, "not-found");
    refused(&server.post("/demo/books", &[("Host", "rebound.example:8787")], "{}"), 404, "not-found");
}

#[test]
fn without_demo_there_is_no_inbox_and_no_page() {
    let ledger = format!("sqlite:{}", folder().join("ledger.sqlite").display());
    let server = Server::start(&["--create", "--ledger", &ledger, "--public-url", "https://issuer.example"]);
    for path in ["/", "/inbox.html", "/demo/inbox"] {
        refused(&server.get(path), 404, "not-found");
    }
    refused(&server.post("/demo/inbox", &[], "{}"), 404, "not-found");
    for path in ["/demo/card", "/demo/victim", "/demo/books"] {
        refused(&server.post(path, &[], "{}"), 404, "not-found");
    }
    assert_eq!(server.get("/.well-known/jitsuin").json()["issuer"], "https://issuer.example");
}

#[test]
fn it_ends_in_order_and_comes_back_with_the_same_ledger() {
    let ledger = folder().join("ledger.sqlite");
    let argument = format!("sqlite:{}", ledger.display());
    // The keys in a ledger belong to one issuer, so its name stays the same while the port changes.
    let arguments = ["--demo", "--ledger", &argument, "--public-url", "http://localhost:8787"];
    let server = Server::start(&arguments);
    let keys = server.get("/.well-known/jitsuin").json()["key_set"].clone();
    let messages = server.post("/demo/inbox", &[], "{}").json();
    assert!(server.stop().success());
    // Closed in order, SQLite leaves no log behind: the file alone is the ledger.
    assert!(ledger.exists());
    assert!(!ledger.with_extension("sqlite-wal").exists());
    let server = Server::start(&arguments);
    assert_eq!(server.get("/.well-known/jitsuin").json()["key_set"], keys);
    assert_eq!(server.post("/demo/inbox", &[], "{}").json()[0], messages[0]);
    assert!(server.stop().success());
}

#[test]
fn news_are_for_a_proved_channel_key_by_post_alone() {
    let server = demo();
    refused(&server.post("/v1/news", &[], "{\"after\":0}"), 401, "proof-refused");
    refused(&server.get("/v1/news"), 404, "not-found");
}

fn first_account(file: &std::path::Path) -> String {
    use jitsuin::issuer::ledger::{Kind, Ledger as _, SqliteLedger};
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let keys = runtime.block_on(async { SqliteLedger::open(file).await.unwrap().keys(Kind::Accounts).await.unwrap() });
    keys.first().unwrap().clone()
}

#[test]
fn evidence_goes_to_a_new_file_that_only_its_owner_reads() {
    use std::os::unix::fs::PermissionsExt as _;
    let place = folder();
    let ledger = format!("sqlite:{}", place.join("ledger.sqlite").display());
    drop(Server::start(&["--demo", "--ledger", &ledger, "--public-url", "http://localhost:8080"]));
    let out = place.join("evidence.json");
    let common = ["--ledger", &ledger, "--public-url", "http://localhost:8080", "--out", out.to_str().unwrap()];
    let (status, said) = run(&[&common[..], &["--export-evidence", "nobody"]].concat());
    assert!(!status.success() && !out.exists(), "an account that is none: {said}");
    std::fs::write(&out, "kept").unwrap();
    let account = first_account(&place.join("ledger.sqlite"));
    let (status, _) = run(&[&common[..], &["--export-evidence", &account]].concat());
    assert!(!status.success());
    assert_eq!(std::fs::read_to_string(&out).unwrap(), "kept", "a file that is there is not written over");
    std::fs::remove_file(&out).unwrap();
    let (status, said) = run(&[&common[..], &["--export-evidence", &account]].concat());
    assert!(status.success(), "{said}");
    assert_eq!(std::fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    let file: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&out).unwrap()).unwrap();
    assert_eq!((&file["version"], &file["account"]), (&1.into(), &account.into()));
}

#[test]
fn whoever_names_another_ledger_or_issuer_is_told_so_and_nothing_is_left_behind() {
    let listed = |place: &std::path::Path| {
        let mut names: Vec<_> = std::fs::read_dir(place).unwrap().map(|file| file.unwrap().file_name()).collect();
        names.sort();
        names
    };
    let place = folder();
    let file = place.join("ledger.sqlite");
    let (ledger, out) = (format!("sqlite:{}", file.display()), place.join("evidence.json"));
    let export = |url: &str, account: &str| {
        run(&["--ledger", &ledger, "--public-url", url, "--out", out.to_str().unwrap(), "--export-evidence", account])
    };
    let (status, said) = export("http://localhost:8080", "acc-1");
    assert!(!status.success() && said.contains("there is nothing at this place"), "{said}");
    assert!(listed(&place).is_empty());

    let server = Server::start(&["--demo", "--ledger", &ledger, "--public-url", "http://localhost:8080"]);
    assert!(server.stop().success());
    let before = listed(&place);
    let (status, said) = export("http://localhost:8080", "acc-1");
    assert!(!status.success() && said.contains("has no account acc-1"), "{said}");
    assert_eq!(listed(&place), before);
    let account = first_account(&file);
    let (status, said) = export("http://localhost:8081", &account);
    assert!(!status.success() && said.contains("keeps its public URL"), "{said}");
    assert_eq!(listed(&place), before);
    let serve = ["--listen", "127.0.0.1:0", "--ledger", &ledger, "--public-url", "http://localhost:8081"];
    let (status, said) = run(&serve);
    assert!(!status.success() && said.contains("keeps its public URL"), "{said}");
    assert_eq!(listed(&place), before);
}
