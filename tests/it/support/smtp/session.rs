//! One connection: the commands of RFC 5321, `STARTTLS` of RFC 3207 and `AUTH` of RFC 4954.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::{ServerConnection, StreamOwned};

use super::{Act, Received, Security, Shared, Stage};

/// The biggest mail taken, in bytes, told in the answer to `EHLO`.
const SIZE: usize = 10 * 1024 * 1024;
/// The longest command taken, in bytes (RFC 4954 §4 asks for 12,288).
const LINE: u64 = 12 * 1024;

enum Wire {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Wire {
    fn tls(shared: &Shared, stream: TcpStream) -> io::Result<Self> {
        let connection =
            ServerConnection::new(Arc::clone(&shared.tls)).map_err(io::Error::other)?;
        Ok(Self::Tls(Box::new(StreamOwned::new(connection, stream))))
    }
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }
}

impl Write for Wire {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

struct Session<'a> {
    shared: &'a Shared,
    wire: BufReader<Wire>,
    /// The same connection, for `STARTTLS` to build on.
    stream: TcpStream,
    encrypted: bool,
    greeted: bool,
    user: Option<String>,
    from: Option<String>,
    to: Vec<String>,
}

/// Speaks with one sender until either side has enough.
pub(super) fn serve(shared: &Shared, stream: TcpStream) -> io::Result<()> {
    let encrypted = shared.security == Security::Tls;
    let again = stream.try_clone()?;
    let wire = if encrypted {
        Wire::tls(shared, stream)?
    } else {
        Wire::Plain(stream)
    };
    let mut session = Session {
        shared,
        wire: BufReader::new(wire),
        stream: again,
        encrypted,
        greeted: false,
        user: None,
        from: None,
        to: Vec::new(),
    };
    if session.misbehaves(Stage::Connect, &[])? {
        return Ok(());
    }
    session.reply(220, "localhost ESMTP")?;
    while let Some(line) = session.line()? {
        let (verb, rest) = line.split_once(' ').unwrap_or((&line, ""));
        if verb.eq_ignore_ascii_case("QUIT") {
            session.reply(221, "2.0.0 Bye")?;
            if let Wire::Tls(stream) = session.wire.get_mut() {
                stream.conn.send_close_notify();
                stream.flush()?;
            }
            return Ok(());
        }
        session.command(&verb.to_ascii_uppercase(), rest)?;
    }
    Ok(())
}

impl Session<'_> {
    fn command(&mut self, verb: &str, rest: &str) -> io::Result<()> {
        match verb {
            "EHLO" => self.hello(),
            "HELO" => {
                self.greeted = true;
                self.reply(250, "localhost")
            }
            "STARTTLS" => self.start_tls(),
            "AUTH" => self.login(rest),
            "MAIL" => self.sender(rest),
            "RCPT" => self.recipient(rest),
            "DATA" => self.data(),
            "RSET" => {
                self.forget();
                self.reply(250, "2.0.0 Ok")
            }
            "NOOP" => self.reply(250, "2.0.0 Ok"),
            _ => self.reply(500, "5.5.2 Unknown command"),
        }
    }

    fn hello(&mut self) -> io::Result<()> {
        if self.misbehaves(Stage::Hello, &[])? {
            return Ok(());
        }
        self.greeted = true;
        self.forget();
        let mut lines =
            format!("localhost\nPIPELINING\n8BITMIME\nSMTPUTF8\nENHANCEDSTATUSCODES\nSIZE {SIZE}");
        if self.lacks_tls() {
            lines += "\nSTARTTLS";
        } else if self.shared.login.is_some() {
            lines += "\nAUTH PLAIN LOGIN";
        }
        self.reply(250, &lines)
    }

    fn start_tls(&mut self) -> io::Result<()> {
        if !self.lacks_tls() {
            return self.reply(503, "5.5.1 Not now");
        }
        self.reply(220, "2.0.0 Go ahead")?;
        // What was sent before the handshake came from anybody (RFC 3207 §4.2).
        if !self.wire.buffer().is_empty() {
            return Err(ErrorKind::InvalidData.into());
        }
        self.wire = BufReader::new(Wire::tls(self.shared, self.stream.try_clone()?)?);
        self.encrypted = true;
        self.greeted = false;
        self.forget();
        Ok(())
    }

    fn login(&mut self, rest: &str) -> io::Result<()> {
        if self.misbehaves(Stage::Login, &[])? {
            return Ok(());
        }
        let shared = self.shared;
        let Some((user, password)) = &shared.login else {
            return self.reply(502, "5.5.1 No logins here");
        };
        if self.lacks_tls() {
            return self.reply(538, "5.7.11 Encryption required");
        }
        let (mechanism, initial) = rest.split_once(' ').unwrap_or((rest, ""));
        let right = match mechanism.to_ascii_uppercase().as_str() {
            "PLAIN" => {
                let answer = if initial.is_empty() {
                    self.ask("")?
                } else {
                    decode(initial)
                };
                answer == format!("\0{user}\0{password}")
            }
            "LOGIN" => {
                let named = if initial.is_empty() {
                    self.ask("Username:")?
                } else {
                    decode(initial)
                };
                self.ask("Password:")? == *password && named == *user
            }
            _ => return self.reply(504, "5.5.4 Unknown mechanism"),
        };
        if !right {
            return self.reply(535, "5.7.8 Authentication credentials invalid");
        }
        self.user = Some(user.clone());
        self.reply(235, "2.7.0 Accepted")
    }

    fn sender(&mut self, rest: &str) -> io::Result<()> {
        if self.misbehaves(Stage::Sender, &[])? {
            return Ok(());
        }
        if !self.greeted || self.from.is_some() {
            return self.reply(503, "5.5.1 Bad sequence of commands");
        }
        if self.lacks_tls() {
            return self.reply(530, "5.7.0 Must issue a STARTTLS command first");
        }
        if self.shared.login.is_some() && self.user.is_none() {
            return self.reply(530, "5.7.0 Authentication required");
        }
        let Some((from, parameters)) = path(rest, "FROM:") else {
            return self.reply(501, "5.5.4 Syntax: MAIL FROM:<address>");
        };
        for parameter in parameters.split_whitespace() {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            match name.to_ascii_uppercase().as_str() {
                "SIZE" if value.parse::<usize>().is_ok_and(|size| size <= SIZE) => {}
                "SIZE" => return self.reply(552, "5.3.4 Too big"),
                "BODY" | "SMTPUTF8" => {}
                _ => return self.reply(555, "5.5.4 Unknown parameter"),
            }
        }
        self.from = Some(from.to_owned());
        self.reply(250, "2.1.0 Ok")
    }

    fn recipient(&mut self, rest: &str) -> io::Result<()> {
        let Some((to, _)) = path(rest, "TO:").filter(|(to, _)| !to.is_empty()) else {
            return self.reply(501, "5.5.4 Syntax: RCPT TO:<address>");
        };
        if self.misbehaves(Stage::Recipient, &[to.to_owned()])? {
            return Ok(());
        }
        if self.from.is_none() {
            return self.reply(503, "5.5.1 Bad sequence of commands");
        }
        self.to.push(to.to_owned());
        self.reply(250, "2.1.5 Ok")
    }

    fn data(&mut self) -> io::Result<()> {
        let to = self.to.clone();
        if self.misbehaves(Stage::Data, &to)? {
            return Ok(());
        }
        if to.is_empty() {
            return self.reply(503, "5.5.1 Bad sequence of commands");
        }
        self.reply(354, "End with a dot alone on a line")?;
        let content = self.content()?;
        let from = self.from.take().unwrap_or_default();
        self.forget();
        if self.misbehaves(Stage::Content, &to)? {
            return Ok(());
        }
        let data = match content {
            Ok(data) => data,
            Err(fault) => return self.reply(554, fault),
        };
        let mail = Received {
            from,
            to: to.clone(),
            data,
            encrypted: self.encrypted,
            user: self.user.clone(),
        };
        self.shared.keep(mail);
        if self.misbehaves(Stage::Kept, &to)? {
            return Ok(());
        }
        self.reply(250, "2.0.0 Kept")
    }

    /// Reads up to the dot, without the dots that were added on the way; or says what is wrong with it.
    fn content(&mut self) -> io::Result<Result<String, &'static str>> {
        let mut content = Vec::new();
        let mut fault = None;
        loop {
            let mut line = Vec::new();
            if self.wire.read_until(b'\n', &mut line)? == 0 {
                return Err(ErrorKind::UnexpectedEof.into());
            }
            if line == b".\r\n" {
                break;
            }
            // RFC 5321 §2.3.8: neither CR nor LF may appear alone.
            let text = line.strip_suffix(b"\r\n");
            if text.is_none_or(|text| text.contains(&b'\r')) {
                fault = Some("5.6.0 A bare CR or LF");
            }
            content.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
            if content.len() > SIZE {
                fault = Some("5.3.4 Too big");
                content.clear();
            }
        }
        let text = String::from_utf8(content).map_err(|_| "5.6.0 Neither ASCII nor UTF-8");
        Ok(fault.map_or(text, Err))
    }

    fn lacks_tls(&self) -> bool {
        self.shared.security == Security::StartTls && !self.encrypted
    }

    fn forget(&mut self) {
        self.from = None;
        self.to.clear();
    }

    /// Does what a rule for this moment asks for; false when there is none.
    fn misbehaves(&mut self, stage: Stage, recipients: &[String]) -> io::Result<bool> {
        match self.shared.act(stage, recipients) {
            None => return Ok(false),
            Some(Act::Reply(code, text)) => {
                self.reply(code, &text)?;
                if code != 421 {
                    return Ok(true);
                }
            }
            Some(Act::Close) => {}
            Some(Act::Hang) => self.shared.hang(),
        }
        Err(ErrorKind::ConnectionAborted.into())
    }

    fn ask(&mut self, prompt: &str) -> io::Result<String> {
        self.reply(334, &STANDARD.encode(prompt))?;
        Ok(decode(&self.line()?.ok_or(ErrorKind::UnexpectedEof)?))
    }

    fn line(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        if (&mut self.wire).take(LINE).read_line(&mut line)? == 0 {
            return Ok(None);
        }
        line.strip_suffix("\r\n")
            .map(|line| Some(line.to_owned()))
            .ok_or_else(|| ErrorKind::InvalidData.into())
    }

    fn reply(&mut self, code: u16, text: &str) -> io::Result<()> {
        let lines: Vec<&str> = text.split('\n').collect();
        let mut reply = String::new();
        for (index, line) in lines.iter().enumerate() {
            let mark = if index + 1 == lines.len() { ' ' } else { '-' };
            reply += &format!("{code}{mark}{line}\r\n");
        }
        let wire = self.wire.get_mut();
        wire.write_all(reply.as_bytes())?;
        wire.flush()
    }
}

/// The address in `FROM:<address> parameters`, and the parameters.
fn path<'a>(text: &'a str, word: &str) -> Option<(&'a str, &'a str)> {
    let (start, rest) = text.split_at_checked(word.len())?;
    let (address, parameters) = rest.trim_start().strip_prefix('<')?.split_once('>')?;
    start
        .eq_ignore_ascii_case(word)
        .then_some((address, parameters))
}

/// What cannot be read is the wrong answer.
fn decode(text: &str) -> String {
    STANDARD
        .decode(text)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default()
}
