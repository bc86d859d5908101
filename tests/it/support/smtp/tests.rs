//! The sink, tried with the client that the product uses, and by hand where that client is too well-behaved.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

use lettre::message::{Mailbox, MultiPart};
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::transport::smtp::{Error, SmtpTransportBuilder};
use lettre::{Message, SmtpTransport, Transport};

use super::{Received, Rule, Security, SmtpSink, Stage};

const SECURITIES: [Security; 3] = [Security::Plain, Security::StartTls, Security::Tls];

fn client(sink: &SmtpSink) -> SmtpTransportBuilder {
    let ca = Certificate::from_pem(&std::fs::read(sink.ca_file()).unwrap()).unwrap();
    let tls = TlsParameters::builder("localhost".to_owned())
        .add_root_certificate(ca)
        .build()
        .unwrap();
    SmtpTransport::builder_dangerous("localhost")
        .port(sink.port())
        .timeout(Some(Duration::from_millis(500)))
        .tls(match sink.shared.security {
            Security::Plain => Tls::None,
            Security::StartTls => Tls::Required(tls),
            Security::Tls => Tls::Wrapper(tls),
        })
}

fn mail_to(name: &str, address: &str) -> Message {
    Message::builder()
        .from("Vestibule <no-reply@example.org>".parse().unwrap())
        .to(Mailbox::new(
            Some(name.to_owned()),
            address.parse().unwrap(),
        ))
        .message_id(Some("<out_1@example.org>".to_owned()))
        .subject(
            "Grüße an Zoë, née Müller — a subject that is long enough to be folded over two lines",
        )
        .multipart(MultiPart::alternative_plain_html(
            "Hello Zoë,\n\n.a line with a dot\n..\nOpen https://example.org/i/abc?x=1, please.\n"
                .to_owned(),
            "<p>Hello Zoë, open <a href=\"https://example.org/i/abc?x=1\">the invite</a></p>"
                .to_owned(),
        ))
        .unwrap()
}

fn send(sink: &SmtpSink) -> Result<(), Error> {
    client(sink)
        .build()
        .send(&mail_to("Zoë", "zoe@example.org"))
        .map(|_| ())
}

fn looks_right(mail: &Received) {
    assert_eq!(mail.from, "no-reply@example.org");
    assert_eq!(mail.to, ["zoe@example.org"]);
    assert_eq!(
        mail.subject(),
        "Grüße an Zoë, née Müller — a subject that is long enough to be folded over two lines"
    );
    assert_eq!(mail.message_id(), "out_1@example.org");
    assert_eq!(mail.header("To").unwrap(), "Zoë <zoe@example.org>");
    assert_eq!(mail.header("Bcc"), None);
    assert_eq!(
        mail.header_names()
            .iter()
            .filter(|name| *name == "To")
            .count(),
        1
    );
    assert!(
        mail.text()
            .contains("Hello Zoë,\n\n.a line with a dot\n..\n"),
        "{}",
        mail.text()
    );
    assert!(
        mail.html()
            .unwrap()
            .contains("Zoë, open <a href=\"https://example.org/i/abc?x=1\">")
    );
    assert_eq!(mail.links(), ["https://example.org/i/abc?x=1"]);
}

#[test]
fn mail_comes_in_over_each_kind_of_connection() {
    for security in SECURITIES {
        let sink = SmtpSink::start(security);
        send(&sink).unwrap_or_else(|error| panic!("{security:?}: {error:?}"));
        let mail = sink.wait_for(1).remove(0);
        looks_right(&mail);
        assert_eq!(mail.encrypted, security != Security::Plain);
        assert_eq!(mail.user, None);
        assert_eq!(sink.take_mails().len(), 1);
        assert!(sink.mails().is_empty());
        assert_eq!(sink.connections(), 1);
    }
}

#[test]
fn credentials_are_asked_for_and_checked() {
    for security in SECURITIES {
        let sink = SmtpSink::start_with_login(security, "mailer@example.org", "s3cret/@:");
        for mechanism in [Mechanism::Plain, Mechanism::Login] {
            let with = |password: &str| {
                client(&sink)
                    .credentials(Credentials::new(
                        "mailer@example.org".to_owned(),
                        password.to_owned(),
                    ))
                    .authentication(vec![mechanism])
                    .build()
                    .send(&mail_to("Zoë", "zoe@example.org"))
            };
            with("s3cret/@:")
                .unwrap_or_else(|error| panic!("{security:?} {mechanism:?}: {error:?}"));
            assert_eq!(
                sink.take_mails()[0].user.as_deref(),
                Some("mailer@example.org")
            );
            assert_eq!(
                with("wrong").unwrap_err().status().unwrap().to_string(),
                "535"
            );
        }
        assert_eq!(
            send(&sink).unwrap_err().status().unwrap().to_string(),
            "530"
        );
        assert!(sink.mails().is_empty());
    }
}

#[test]
fn url_says_how_to_connect() {
    let sink = SmtpSink::start_with_login(Security::StartTls, "mailer@example.org", "s3cret/@:");
    let port = sink.port();
    assert_eq!(
        sink.url(),
        format!("smtp+starttls://mailer%40example.org:s3cret%2F%40%3A@localhost:{port}")
    );
    assert!(
        SmtpSink::start(Security::Tls)
            .url()
            .starts_with("smtps://localhost:")
    );
    assert!(
        SmtpSink::start(Security::Plain)
            .url()
            .starts_with("smtp://localhost:")
    );
}

#[test]
fn a_certificate_that_nobody_vouches_for_is_not_believed() {
    let sink = SmtpSink::start(Security::Tls);
    let other = SmtpSink::start(Security::Tls);
    let stranger = client(&other).port(sink.port()).build();
    assert!(stranger.send(&mail_to("Zoë", "zoe@example.org")).is_err());
    assert!(sink.mails().is_empty());
}

#[test]
fn starttls_is_insisted_on() {
    let sink = SmtpSink::start(Security::StartTls);
    let error = client(&sink)
        .tls(Tls::None)
        .build()
        .send(&mail_to("Zoë", "zoe@example.org"))
        .unwrap_err();
    assert_eq!(error.status().unwrap().to_string(), "530");
}

#[test]
fn rules_refuse_at_each_stage() {
    let sink = SmtpSink::start(Security::Plain);
    for stage in [
        Stage::Connect,
        Stage::Hello,
        Stage::Sender,
        Stage::Recipient,
        Stage::Data,
        Stage::Content,
    ] {
        sink.rule(Rule::refuse(stage, 451, "4.3.0 Later\n4.3.0 Really").times(1));
        assert!(send(&sink).unwrap_err().is_transient(), "{stage:?}");
        send(&sink).unwrap_or_else(|error| panic!("after {stage:?}: {error:?}"));
        assert_eq!(sink.take_mails().len(), 1);
    }
}

#[test]
fn one_recipient_is_refused_for_good_until_the_rules_are_cleared() {
    let sink = SmtpSink::start(Security::Plain);
    sink.rule(Rule::refuse(Stage::Recipient, 550, "5.1.1 No such user").only_to("zoe@example.org"));
    let client = client(&sink).build();
    for _ in 0..2 {
        assert!(
            client
                .send(&mail_to("Zoë", "zoe@example.org"))
                .unwrap_err()
                .is_permanent()
        );
        client.send(&mail_to("Bob", "bob@example.org")).unwrap();
    }
    sink.clear_rules();
    client.send(&mail_to("Zoë", "zoe@example.org")).unwrap();
    assert_eq!(sink.mails().len(), 3);
}

#[test]
fn connections_are_dropped_and_left_hanging() {
    let sink = SmtpSink::start(Security::Plain);
    for rule in [
        Rule::close(Stage::Connect),
        Rule::close(Stage::Content),
        Rule::hang(Stage::Content),
    ] {
        sink.rule(rule.times(1));
        let error = send(&sink).unwrap_err();
        assert!(!error.is_permanent(), "{error:?}");
        assert!(sink.mails().is_empty());
    }
    sink.rule(Rule::hang(Stage::Connect));
    assert!(!send(&sink).unwrap_err().is_permanent());
    sink.clear_rules();
    send(&sink).unwrap();
}

#[test]
fn an_answer_can_be_lost_after_the_mail_was_kept() {
    let sink = SmtpSink::start(Security::Plain);
    sink.rule(Rule::close(Stage::Kept).times(1));
    assert!(send(&sink).is_err());
    send(&sink).unwrap();
    let ids: Vec<String> = sink.mails().iter().map(Received::message_id).collect();
    assert_eq!(ids, ["out_1@example.org", "out_1@example.org"]);
}

#[test]
fn a_sign_in_can_be_refused_for_now() {
    let sink = SmtpSink::start_with_login(Security::Plain, "mailer", "secret");
    sink.rule(Rule::refuse(Stage::Login, 454, "4.7.0 Temporary failure").times(1));
    let client = client(&sink)
        .credentials(Credentials::new("mailer".to_owned(), "secret".to_owned()))
        .build();
    assert!(
        client
            .send(&mail_to("Zoë", "zoe@example.org"))
            .unwrap_err()
            .is_transient()
    );
    client.send(&mail_to("Zoë", "zoe@example.org")).unwrap();
}

#[test]
fn a_bad_sequence_and_a_bare_line_feed_are_refused() {
    let sink = SmtpSink::start(Security::Plain);
    let mut stream = TcpStream::connect(("127.0.0.1", sink.port())).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap()).lines();
    let mut say = |line: &str| {
        stream.write_all(line.as_bytes()).unwrap();
        let answer = answers.next().unwrap().unwrap();
        answer[..3].to_owned()
    };
    assert_eq!(say(""), "220");
    assert_eq!(say("MAIL FROM:<a@example.org>\r\n"), "503");
    assert_eq!(say("HELO client\r\n"), "250");
    assert_eq!(say("DATA\r\n"), "503");
    assert_eq!(say("MAIL FROM:a@example.org\r\n"), "501");
    assert_eq!(say("MAIL FROM:<> COLOUR=red\r\n"), "555");
    assert_eq!(say("MAIL FROM:<a@example.org> SIZE=99999999\r\n"), "552");
    assert_eq!(say("mail from:<a@example.org> SIZE=100\r\n"), "250");
    assert_eq!(say("RCPT TO:<>\r\n"), "501");
    assert_eq!(say("RCPT TO:<b@example.org>\r\n"), "250");
    assert_eq!(say("DATA\r\n"), "354");
    assert_eq!(say("Subject: x\r\n\r\none\n.\ntwo\r\n.\r\n"), "554");
    assert_eq!(say("RSET\r\n"), "250");
    assert_eq!(say("NOOP\r\n"), "250");
    assert_eq!(say("VRFY b\r\n"), "500");
    assert_eq!(say("QUIT\r\n"), "221");
    assert!(sink.mails().is_empty());
}
