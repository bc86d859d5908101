//! An SMS gateway for tests: takes one JSON document a connection, and answers as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// How the gateway answers.
#[derive(Clone, Debug)]
pub enum Mood {
    /// Takes messages.
    Takes,
    /// Answers with this status and these words.
    Says(u16, &'static str),
    /// Sends callers on to this address.
    SendsOn(String),
    /// Takes the connection and says nothing.
    Hangs,
}

/// A message that the gateway took.
#[derive(Clone, Debug)]
pub struct Message {
    /// The number.
    pub to: String,
    /// The words.
    pub text: String,
    /// The head of the request, names in small letters.
    pub head: String,
}

impl Message {
    /// The six digits in the words.
    pub fn code(&self) -> String {
        code_in(&self.text)
    }
}

/// The six digits in a mail or a message.
pub fn code_in(text: &str) -> String {
    let is_code = |word: &&str| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit());
    let found = text.split_whitespace().find(is_code);
    found
        .unwrap_or_else(|| panic!("no code in {text:?}"))
        .to_owned()
}

/// A running gateway. It ends with the process; a connection takes a thread of its own.
pub struct Gateway {
    url: String,
    mood: Arc<Mutex<Mood>>,
    taken: Arc<Mutex<Vec<Message>>>,
}

impl Gateway {
    /// A gateway that takes messages.
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/send?key=s3cret", listener.local_addr().unwrap());
        let mood = Arc::new(Mutex::new(Mood::Takes));
        let taken = Arc::new(Mutex::new(Vec::new()));
        let (moods, messages) = (mood.clone(), taken.clone());
        std::thread::spawn(move || {
            let mut held = Vec::new();
            for stream in listener.incoming() {
                let stream = stream.unwrap();
                let mood = moods.lock().unwrap().clone();
                match mood {
                    Mood::Hangs => held.push(stream),
                    mood => answer(stream, &mood, &messages),
                }
            }
        });
        Self { url, mood, taken }
    }

    /// Where to post to.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// Answers otherwise from now on.
    pub fn feels(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    /// The messages that came since the last call, whatever was answered.
    pub fn take(&self) -> Vec<Message> {
        std::mem::take(&mut self.taken.lock().unwrap())
    }
}

fn answer(mut stream: TcpStream, mood: &Mood, messages: &Mutex<Vec<Message>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let (mut head, mut length) = (String::new(), 0);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap() == 0 || line == "\r\n" {
            break;
        }
        let lower = line.to_ascii_lowercase();
        if let Some(value) = lower.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
        // Names in small letters, values as they came.
        match line.split_once(':') {
            Some((name, value)) => head += &format!("{}:{value}", name.to_ascii_lowercase()),
            None => head += &line,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    if let Ok(json) = serde_json::from_slice::<Value>(&body) {
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        messages.lock().unwrap().push(Message {
            to: text("to"),
            text: text("text"),
            head,
        });
    }
    let (status, more, words) = match mood {
        Mood::Takes | Mood::Hangs => (202, String::new(), "{}"),
        Mood::Says(status, words) => (*status, String::new(), *words),
        Mood::SendsOn(to) => (307, format!("location: {to}\r\n"), ""),
    };
    let length = words.len();
    let answer = format!(
        "HTTP/1.1 {status} X\r\n{more}content-length: {length}\r\nconnection: close\r\n\r\n{words}"
    );
    // Who called may have gone away: that is one of the things that are tested.
    drop(stream.write_all(answer.as_bytes()));
}
