//! A bootstrap that misbehaves as a test wants it: `unruly HOW MARKER`.
//!
//! The first process misbehaves, and writes its id into the file MARKER. Processes after it find the file, and answer each
//! event with `{"pid": ...}`. HOW is one of:
//!
//! - `sleeps-at-start`, `ends-at-start`, `fails-at-start`: does not ask for an event.
//! - `sleeps`, `ends`: does not answer the event that it gets.
//! - `ticks`: answers, and appends to MARKER all the time from its first event on.
//! - `meets`: handles two events at once, and answers neither before it has both.
#![expect(clippy::expect_used, reason = "for tests: what is not as expected ends the process")]

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process;
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

/// Longer than any test takes.
const FOREVER: Duration = Duration::from_secs(3_600);

/// Makes a request to the Runtime API, and gives the head and the body of the answer.
fn request(method: &str, path: &str, body: &str) -> (String, String) {
    let api = std::env::var("AWS_LAMBDA_RUNTIME_API").expect("Lambda sets it");
    let mut stream = TcpStream::connect(&api).expect("the Runtime API is there");
    let length = body.len();
    let head = format!("{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nhost: {api}\r\nconnection: close\r\n");
    write!(stream, "{head}content-length: {length}\r\n\r\n{body}").expect("the request is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer comes");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    (head.to_owned(), body.to_owned())
}

/// Waits for an event, and gives the id of its request.
fn next() -> String {
    let (head, _) = request("GET", "invocation/next", "");
    let mut headers = head.lines().filter_map(|line| line.split_once(": "));
    let id = headers.find(|(name, _)| name.eq_ignore_ascii_case("lambda-runtime-aws-request-id"));
    id.expect("an event has an id").1.to_owned()
}

fn respond(id: &str) {
    let pid = process::id();
    request("POST", &format!("invocation/{id}/response"), &format!("{{\"pid\": {pid}}}"));
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (how, marker) = (arguments.next().expect("how"), arguments.next().expect("a marker"));
    let is_first = File::create_new(&marker).is_ok_and(|mut file| write!(file, "{}", process::id()).is_ok());
    match how.as_str() {
        "sleeps-at-start" if is_first => thread::sleep(FOREVER),
        "ends-at-start" if is_first => process::exit(3),
        "fails-at-start" if is_first => {
            request("POST", "init/error", r#"{"errorType": "Unruly", "errorMessage": "does not want to"}"#);
            process::exit(1);
        }
        "meets" => meet(),
        _ => {}
    }
    let mut handled = 0;
    loop {
        let id = next();
        match how.as_str() {
            "sleeps" if is_first => thread::sleep(FOREVER),
            "ends" if is_first => process::exit(3),
            "ticks" if handled == 0 => drop(thread::spawn({
                let marker = marker.clone();
                move || tick(&marker)
            })),
            _ => {}
        }
        handled += 1;
        respond(&id);
    }
}

fn tick(marker: &str) {
    let mut file = OpenOptions::new().append(true).open(marker).expect("the marker can be opened");
    loop {
        file.write_all(b".").expect("the marker can be written");
        thread::sleep(Duration::from_millis(1));
    }
}

fn meet() {
    let both = Barrier::new(2);
    thread::scope(|threads| {
        for _ in 0..2 {
            threads.spawn(|| {
                loop {
                    let id = next();
                    both.wait();
                    respond(&id);
                }
            });
        }
    });
}
