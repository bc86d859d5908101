use std::os::unix::fs::PermissionsExt;

use super::*;

const PLACE: Place<'static> = Place {
    table: "webhooks",
    column: "secret",
    row: "whk_1",
};

fn key() -> MasterKey {
    MasterKey::from_bytes(&[7; 32])
}

fn refusal(path: &Path) -> String {
    MasterKey::load_or_create(path).unwrap_err().to_string()
}

fn write(path: &Path, text: &[u8], mode: u32) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn the_file_is_made_once_for_the_owner_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data/secret.key");
    let first = MasterKey::load_or_create(&path).unwrap();
    let second = MasterKey::load_or_create(&path).unwrap();

    assert_eq!(first.fingerprint(), second.fingerprint());
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(fs::read_to_string(&path).unwrap().len(), 45);
    let files = fs::read_dir(path.parent().unwrap()).unwrap().count();
    assert_eq!(files, 1, "no draft is left behind");
}

#[test]
fn processes_that_start_together_use_one_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.key");
    let prints: Vec<String> = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..16)
            .map(|_| scope.spawn(|| MasterKey::load_or_create(&path).unwrap().fingerprint()))
            .collect();
        starts.into_iter().map(|it| it.join().unwrap()).collect()
    });
    assert!(prints.iter().all(|print| *print == prints[0]));
}

#[test]
fn a_file_that_others_can_read_is_refused_with_the_cure() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.key");
    for mode in [0o640, 0o604, 0o620, 0o644] {
        write(&path, BASE64_STANDARD.encode([1; 32]).as_bytes(), mode);
        let message = refusal(&path);
        assert!(
            message.contains(&format!("run: chmod 600 {}", path.display())),
            "{message}"
        );
        assert!(message.contains(&format!("{mode:04o}")), "{message}");
    }
}

#[test]
fn a_file_that_holds_no_key_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.key");
    let contents = [
        Vec::new(),
        b"not base64!".to_vec(),
        b"\xff\xfe\x00".to_vec(),
        BASE64_STANDARD.encode([1; 31]).into_bytes(),
        BASE64_STANDARD.encode([1; 33]).into_bytes(),
        vec![b'A'; 100_000],
    ];
    for content in contents {
        write(&path, &content, 0o600);
        let message = refusal(&path);
        assert!(message.contains("is not a master key"), "{message}");
        assert!(message.contains(&path.display().to_string()), "{message}");
    }
}

#[test]
fn a_key_with_or_without_a_line_end_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.key");
    for end in ["", "\n", "\r\n"] {
        let text = BASE64_STANDARD.encode([7; 32]) + end;
        write(&path, text.as_bytes(), 0o400);
        let loaded = MasterKey::load(&path).unwrap();
        assert_eq!(loaded.fingerprint(), key().fingerprint());
    }
}

#[test]
fn a_missing_file_is_not_made_by_load() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.key");
    assert!(MasterKey::load(&path).is_err());
    assert!(!path.exists());
}

#[test]
fn the_fingerprint_tells_keys_apart_and_hides_them() {
    let print = key().fingerprint();
    assert_eq!(print.len(), 16);
    assert_ne!(print, MasterKey::from_bytes(&[8; 32]).fingerprint());
    assert!(!print.contains("0707"));
    assert_eq!(format!("{:?}", key()), "MasterKey");
}

#[test]
fn each_purpose_has_a_key_of_its_own() {
    let key = key();
    let tag = key.mac("codes", b"123456");
    assert_eq!(tag, key.mac("codes", b"123456"));
    assert_ne!(tag, key.mac("codes", b"123457"));
    assert_ne!(tag, key.mac("audit", b"123456"));
    assert_ne!(tag, MasterKey::from_bytes(&[8; 32]).mac("codes", b"123456"));
    assert_ne!(*key.subkey::<32>("codes"), *key.subkey::<32>("audit"));
}

#[test]
fn a_mac_is_checked_whole() {
    let key = key();
    let mut tag = key.mac("codes", b"123456");
    assert!(key.mac_matches("codes", b"123456", &tag));
    assert!(!key.mac_matches("codes", b"123456", &tag[..31]));
    assert!(!key.mac_matches("codes", b"123456", b""));
    tag[31] ^= 1;
    assert!(!key.mac_matches("codes", b"123456", &tag));
}

#[test]
fn what_was_sealed_is_opened_in_its_place() {
    let key = key();
    for plain in [&b""[..], b"x", &[0xff; 5_000]] {
        let sealed = key.seal(PLACE, plain);
        assert_eq!(sealed.len(), plain.len() + 29);
        assert_eq!(key.open(PLACE, &sealed).as_deref(), Some(plain));
        assert_ne!(
            sealed,
            key.seal(PLACE, plain),
            "each seal has its own nonce"
        );
    }
}

#[test]
fn another_place_or_key_opens_nothing() {
    let key = key();
    let sealed = key.seal(PLACE, b"plain");
    let elsewhere = [
        Place {
            row: "whk_2",
            ..PLACE
        },
        Place {
            column: "url",
            ..PLACE
        },
        Place {
            table: "outbox",
            ..PLACE
        },
        // The same letters, cut elsewhere.
        Place {
            table: "webhookss",
            column: "ecret",
            ..PLACE
        },
    ];
    for place in elsewhere {
        assert_eq!(key.open(place, &sealed), None, "{place:?}");
    }
    assert_eq!(MasterKey::from_bytes(&[8; 32]).open(PLACE, &sealed), None);
}

#[test]
fn a_changed_value_opens_nothing() {
    let key = key();
    let sealed = key.seal(PLACE, b"plain");
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        assert_eq!(key.open(PLACE, &changed), None, "byte {at}");
        assert_eq!(key.open(PLACE, &sealed[..at]), None, "cut at {at}");
    }
}
