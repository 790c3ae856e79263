//! Serves a site over HTTP as a good static host would: media types, compression by what the client takes, tags, and
//! names that carry a hash kept for ever. In live mode it rebuilds when a source changes, and open pages reload.
//!
//! Reloading adds a script to the page on its way out, from a file of its own so that the page's content security
//! policy holds. The script asks for the tag of the newest build and waits for the answer until there is another one.

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use httparse::{EMPTY_HEADER, Request, Status};

use crate::bundle::{bundle, rebundle};
use crate::site::{Asset, Site};
use crate::watch::Snapshot;

/// Where the script that reloads the page lives, from the base. No file of a site can have this name: dots stay out.
const RELOAD: &str = ".reload.js";
const NEWEST: &str = ".newest";

/// The service worker. A page that changes all the time keeps none, and rids itself of one that was there before.
const KEEPER: &str = "sw.js";
const NO_KEEPER: &str = "addEventListener(\"activate\", () => registration.unregister());\nskipWaiting();\n";

/// How long a request for the newest build may wait.
const WAIT: Duration = Duration::from_secs(25);

/// How long a connection may stay silent before it is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// Most bytes of a request that are read.
const LONGEST_HEAD: usize = 64 * 1024;

/// Most headers of a request.
const MOST_HEADERS: usize = 128;

const RELOAD_SCRIPT: &str = r#"// Added by `cargo xtask serve`: reloads the page once there is another build than the one it came from.
const seen = new URL(import.meta.url).searchParams.get("seen");
for (;;) {
  try {
    const answer = await fetch(new URL(`.newest?seen=${seen}`, import.meta.url), { cache: "no-store" });
    if (answer.ok && (await answer.text()) !== seen) location.reload();
  } catch {
    await new Promise((resume) => setTimeout(resume, 1000)); // The server is away; it may come back.
  }
}
"#;

/// Where to listen, and the path to serve under.
pub struct Place {
    pub host: String,
    pub port: u16,
    pub base: String,
}

/// A server at work on its own threads.
pub struct Serving {
    pub url: String,
    shared: Arc<Shared>,
}

struct Shared {
    base: String,
    live: bool,
    site: Mutex<Arc<Site>>,
    changed: Condvar,
}

/// Serves `dist/` as it stands, until it is stopped.
pub fn still(root: &Path, at: &Place) -> Result<()> {
    let serving = start(Arc::new(Site::read(&root.join("dist"))?), at, false)?;
    println!("serving dist/ at {}", serving.url);
    loop {
        thread::park();
    }
}

/// Builds, serves, and builds again whenever a source changes, until it is stopped.
pub fn live(root: &Path, at: &Place) -> Result<()> {
    let mut seen = Snapshot::take(root);
    let serving = start(Arc::new(with_reload(bundle(root, "")?)), at, true)?;
    loop {
        println!("\nserving at {}; ctrl-c stops it\n", serving.url);
        let changed = seen.wait_for_change(root);
        println!("{} changed", changed.display());
        seen = Snapshot::take(root);
        match rebundle(root) {
            Ok(site) => serving.publish(site),
            Err(error) => eprintln!("\n{error:#}\nthe last good build stays up"),
        }
    }
}

/// Starts to serve a site.
pub fn start(site: Arc<Site>, at: &Place, live: bool) -> Result<Serving> {
    let base = match at.base.trim_matches('/') {
        "" => "/".to_owned(),
        path => format!("/{path}/"),
    };
    let listener = TcpListener::bind((at.host.as_str(), at.port))
        .with_context(|| format!("cannot listen on {}:{}; try --port 0", at.host, at.port))?;
    let url = format!("http://{}:{}{base}", at.host, listener.local_addr()?.port());
    let site = Mutex::new(site);
    let shared = Arc::new(Shared { base, live, site, changed: Condvar::new() });
    let for_requests = Arc::clone(&shared);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let shared = Arc::clone(&for_requests);
            // A thread each, since browsers open connections ahead of need and leave them idle: with a pool of threads
            // those would keep others waiting. The client may be gone; that is its own affair.
            thread::spawn(move || shared.converse(&stream));
        }
    });
    Ok(Serving { url, shared })
}

impl Serving {
    /// Puts a new build up; open pages reload.
    fn publish(&self, site: Site) {
        *self.shared.lock() = Arc::new(with_reload(site));
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Arc<Site>> {
        self.site.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One request on a connection, then no more.
    fn converse(&self, mut stream: &TcpStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        let bytes = match Question::read(stream)? {
            Some(question) => self.answer(&question).bytes(!question.head_only),
            None => Reply::text(400, "no request that this server can read").bytes(true),
        };
        stream.write_all(&bytes)?;
        stream.flush()
    }

    fn answer(&self, question: &Question) -> Reply {
        let (path, query) = question.target.split_once('?').unwrap_or((&question.target, ""));
        let file = |asset| Reply::asset(asset, &question.accept_encoding, &question.if_none_match);
        match path.strip_prefix(&self.base) {
            _ if !question.only_reads => Reply::text(405, "only GET and HEAD").with("Allow", "GET, HEAD"),
            None if format!("{path}/") == self.base => Reply::text(308, "").with("Location", &self.base),
            None => Reply::text(404, "not under the base path"),
            Some(RELOAD) if self.live => file(&Asset::new(RELOAD, RELOAD_SCRIPT.as_bytes().to_vec())),
            Some(NEWEST) if self.live => {
                let seen = query.strip_prefix("seen=").unwrap_or_default();
                Reply::text(200, &self.newest_but(seen)).with("Cache-Control", "no-store")
            }
            Some(name) => {
                let site = Arc::clone(&self.lock());
                let name = if name.is_empty() { "index.html" } else { name };
                site.assets.get(name).map_or_else(|| Reply::text(404, "no such file"), file)
            }
        }
    }

    /// The tag of the newest build, as soon as it is another than `seen`.
    fn newest_but(&self, seen: &str) -> String {
        let wait = self.changed.wait_timeout_while(self.lock(), WAIT, |site| site.tag == seen);
        wait.unwrap_or_else(PoisonError::into_inner).0.tag.clone()
    }
}

/// The site with the reload script in its pages, which carries the tag of the build they come from.
fn with_reload(mut site: Site) -> Site {
    let script = format!("<script type=\"module\" src=\"{RELOAD}?seen={}\"></script>\n</body>", site.tag);
    for (name, asset) in &mut site.assets {
        if name == KEEPER {
            *asset = Asset::new(name, NO_KEEPER.as_bytes().to_vec());
        } else if name.ends_with(".html") {
            let page = String::from_utf8_lossy(&asset.bytes).replace("</body>", &script);
            *asset = Asset::new(name, page.into_bytes());
        }
    }
    site
}

/// An answer before it is bytes on a wire.
struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Reply {
    fn text(status: u16, text: &str) -> Self {
        let kind = ("Content-Type", "text/plain; charset=utf-8".to_owned());
        Self { status, headers: vec![kind], body: text.as_bytes().to_vec() }
    }

    fn with(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.to_owned()));
        self
    }

    /// A file in the best form the client takes, or the word that its copy is still good.
    fn asset(asset: &Asset, accept_encoding: &str, if_none_match: &str) -> Self {
        let brotli = || asset.brotli().filter(|_| takes(accept_encoding, "br"));
        let gzip = || asset.gzip().filter(|_| takes(accept_encoding, "gzip"));
        let (coding, body) = if let Some(body) = brotli() {
            (Some("br"), body)
        } else if let Some(body) = gzip() {
            (Some("gzip"), body)
        } else {
            (None, asset.bytes.as_slice())
        };
        // Each form is another sequence of bytes, so each has a tag of its own.
        let tag =
            format!("\"{}{}\"", asset.tag, coding.map(|coding| format!("-{coding}")).unwrap_or_default());
        let age = if asset.immutable { "public, max-age=31536000, immutable" } else { "no-cache" };
        let known = if_none_match.split(',').any(|other| {
            let other = other.trim();
            other == "*" || other.strip_prefix("W/").unwrap_or(other) == tag
        });
        let mut headers =
            vec![("ETag", tag), ("Cache-Control", age.to_owned()), ("Vary", "Accept-Encoding".to_owned())];
        if known {
            return Self { status: 304, headers, body: Vec::new() };
        }
        headers.push(("Content-Type", asset.mime.to_owned()));
        headers.push(("X-Content-Type-Options", "nosniff".to_owned()));
        // A page in a sandboxed frame has no origin, so that its own files are foreign to it.
        headers.push(("Access-Control-Allow-Origin", "*".to_owned()));
        if let Some(coding) = coding {
            headers.push(("Content-Encoding", coding.to_owned()));
        }
        Self { status: 200, headers, body: body.to_vec() }
    }

    /// As it goes over the wire.
    fn bytes(&self, with_body: bool) -> Vec<u8> {
        let reason = match self.status {
            200 => "OK",
            304 => "Not Modified",
            308 => "Permanent Redirect",
            400 => "Bad Request",
            404 => "Not Found",
            405 => "Method Not Allowed",
            _ => "",
        };
        let mut text = format!("HTTP/1.1 {} {reason}\r\nConnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.status != 304 {
            text.push_str(&format!("Content-Length: {}\r\n", self.body.len()));
        }
        text.push_str("\r\n");
        let mut bytes = text.into_bytes();
        if with_body {
            bytes.extend_from_slice(&self.body);
        }
        bytes
    }
}

/// What a client asks: all that is read of it.
struct Question {
    /// GET or HEAD.
    only_reads: bool,
    /// HEAD.
    head_only: bool,
    /// Path and query, as they came.
    target: String,
    accept_encoding: String,
    if_none_match: String,
}

impl Question {
    /// `None` when it is no request.
    fn read(mut stream: impl Read) -> io::Result<Option<Self>> {
        let (mut head, mut piece) = (Vec::new(), [0; 4096]);
        loop {
            let count = stream.read(&mut piece)?;
            head.extend_from_slice(piece.get(..count).unwrap_or_default());
            match Self::parse(&head) {
                Ok(Some(question)) => return Ok(Some(question)),
                // There is more to come.
                Ok(None) if count > 0 && head.len() < LONGEST_HEAD => {}
                _ => return Ok(None),
            }
        }
    }

    /// `None` when the head is not whole yet.
    fn parse(head: &[u8]) -> Result<Option<Self>, httparse::Error> {
        let mut headers = [EMPTY_HEADER; MOST_HEADERS];
        let mut request = Request::new(&mut headers);
        Ok(match request.parse(head)? {
            Status::Complete(_) => Some(Self::of(&request)),
            Status::Partial => None,
        })
    }

    fn of(request: &Request<'_, '_>) -> Self {
        let header = |name: &str| {
            let found = request.headers.iter().find(|own| own.name.eq_ignore_ascii_case(name));
            found.map(|own| String::from_utf8_lossy(own.value).into_owned()).unwrap_or_default()
        };
        let method = request.method.unwrap_or_default();
        Self {
            only_reads: matches!(method, "GET" | "HEAD"),
            head_only: method == "HEAD",
            target: request.path.unwrap_or_default().to_owned(),
            accept_encoding: header("Accept-Encoding"),
            if_none_match: header("If-None-Match"),
        }
    }
}

/// Whether a client's `Accept-Encoding` lets a coding in: named, and not at weight 0.
fn takes(accept_encoding: &str, coding: &str) -> bool {
    accept_encoding.split(',').any(|entry| {
        let mut parts = entry.split(';').map(str::trim);
        let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let weight = parts.find_map(|part| part.strip_prefix("q=")).map_or(Ok(1.0), str::parse::<f64>);
        named && weight.is_ok_and(|weight| weight > 0.0)
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpStream;
    use std::sync::Arc;
    use std::thread;

    use super::{Place, RELOAD, Reply, Serving, start, takes, with_reload};
    use crate::site::{Asset, Site};

    fn header<'a>(reply: &'a Reply, name: &str) -> Option<&'a str> {
        reply.headers.iter().find(|(other, _)| *other == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn the_client_chooses_the_coding() {
        assert!(takes("gzip, deflate, br", "br"));
        assert!(takes("BR;q=0.5", "br"));
        assert!(!takes("gzip, br;q=0", "br"));
        assert!(!takes("", "gzip"));
        assert!(!takes("brotli", "br"));
    }

    #[test]
    fn each_form_has_its_own_tag_and_is_known_by_it() {
        let asset = Asset::new("styles-0123456789ab.css", b"a { margin: 0 } ".repeat(100));
        let plain = Reply::asset(&asset, "", "");
        let brotli = Reply::asset(&asset, "br, gzip", "");
        assert_eq!(header(&plain, "Content-Encoding"), None);
        assert_eq!(header(&brotli, "Content-Encoding"), Some("br"));
        assert_ne!(header(&plain, "ETag"), header(&brotli, "ETag"));
        assert!(header(&plain, "Cache-Control").unwrap().contains("immutable"));

        let tag = header(&brotli, "ETag").unwrap();
        let again = Reply::asset(&asset, "br", &format!("\"other\", W/{tag}"));
        assert_eq!((again.status, again.body.len()), (304, 0));
        assert_eq!(Reply::asset(&asset, "", tag).status, 200);
    }

    #[test]
    fn a_live_page_reloads_and_is_not_kept_for_offline() {
        let files = [("index.html", "<body></body>"), ("sw.js", "keep")];
        let site = Site::new(files.map(|(name, text)| (name.to_owned(), text.as_bytes().to_vec())).into());
        let live = with_reload(site);
        let text = |name: &str| String::from_utf8(live.assets[name].bytes.clone()).unwrap();
        assert!(text("index.html").contains(&format!("{RELOAD}?seen={}", live.tag)));
        assert!(text("sw.js").contains("unregister") && !text("sw.js").contains("keep"));
    }

    /// What comes back on one connection.
    fn talk(serving: &Serving, text: &str) -> String {
        let address = serving.url.trim_start_matches("http://").split('/').next().unwrap();
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn get(serving: &Serving, method: &str, target: &str) -> String {
        talk(serving, &format!("{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
    }

    fn serving(live: bool) -> Serving {
        let files = [("index.html", "x".repeat(100_000)), ("a.css", "a { margin: 0 }".to_owned())];
        let site = Site::new(files.map(|(name, text)| (name.to_owned(), text.into_bytes())).into());
        let at = Place { host: "127.0.0.1".to_owned(), port: 0, base: "deep/path".to_owned() };
        start(Arc::new(site), &at, live).unwrap()
    }

    #[test]
    fn only_files_of_the_site_are_found_and_only_under_the_base() {
        let serving = serving(false);
        let status = |method: &str, target: &str| {
            get(&serving, method, target).split(' ').nth(1).unwrap_or_default().to_owned()
        };
        assert!(serving.url.ends_with("/deep/path/"));
        assert_eq!(status("GET", "/deep/path/"), "200");
        assert_eq!(status("GET", "/deep/path/a.css?x"), "200");
        assert_eq!(status("GET", "/deep/path"), "308");
        assert_eq!(status("POST", "/deep/path/"), "405");
        for nothing in
            ["/", "/a.css", "/deep/path/../a.css", "/deep/path/%2e%2e/Cargo.toml", "/deep/path/.newest"]
        {
            assert_eq!(status("GET", nothing), "404", "{nothing}");
        }
        assert_eq!(talk(&serving, "no request\r\n\r\n").split(' ').nth(1), Some("400"));
    }

    #[test]
    fn an_answer_has_its_length_and_a_head_no_body() {
        let serving = serving(false);
        let (whole, head) = (get(&serving, "GET", "/deep/path/"), get(&serving, "HEAD", "/deep/path/"));
        for answer in [&whole, &head] {
            assert!(answer.contains("\r\nContent-Length: 100000\r\n"), "{answer:.300}");
        }
        assert!(whole.ends_with("xxx"), "{whole:.300}");
        assert!(head.ends_with("\r\n\r\n"), "{head:.300}");
    }

    #[test]
    fn who_waits_for_the_next_build_keeps_nobody_waiting() {
        let serving = serving(true);
        let seen = serving.shared.lock().tag.clone();
        let target = format!("/deep/path/.newest?seen={seen}");
        thread::scope(|scope| {
            let waiting: Vec<_> = (0..8).map(|_| scope.spawn(|| get(&serving, "GET", &target))).collect();
            assert!(get(&serving, "GET", "/deep/path/").contains(" 200 "));
            assert!(waiting.iter().all(|own| !own.is_finished()));
            serving.publish(Site::new([("index.html".to_owned(), b"next".to_vec())].into()));
            for own in waiting {
                let answer = own.join().unwrap();
                assert!(answer.contains(" 200 ") && !answer.contains(&seen), "{answer}");
            }
        });
    }

    #[test]
    fn idle_connections_keep_nobody_waiting() {
        let serving = serving(false);
        let address = serving.url.trim_start_matches("http://").split('/').next().unwrap();
        let idle: Vec<_> = (0..50).map(|_| TcpStream::connect(address).unwrap()).collect();
        for _ in 0..50 {
            assert!(get(&serving, "GET", "/deep/path/a.css").contains(" 200 "));
        }
        drop(idle);
    }
}
