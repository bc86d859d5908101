//! Hosts and ports as they stand in a URL.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The address that `host` is, when it is no name. An IPv6 address stands in brackets.
pub(super) fn ip(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|it| it.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

/// Takes `host` or `host:port` apart; the host comes back in lower case.
///
/// # Errors
/// What to write instead.
pub(super) fn split(authority: &str) -> Result<(String, Option<u16>), String> {
    let after_brackets = authority.rfind(']').map_or(0, |end| end + 1);
    let colons = authority[after_brackets..].matches(':').count();
    let (host, port) = match authority.rsplit_once(':') {
        _ if colons > 1 => return Err("write an IPv6 address in brackets, as [::1]".to_owned()),
        Some((host, port)) if colons == 1 => (host, Some(port)),
        _ => (authority, None),
    };
    let host = normal(host)?;
    let port = port
        .map(|port| {
            let digits = port.bytes().all(|byte| byte.is_ascii_digit());
            let number = port.parse().ok().filter(|number| *number > 0 && digits);
            number.ok_or("write a port from 1 to 65535 after the colon")
        })
        .transpose()?;
    Ok((host, port))
}

/// A host in its one form: a name of letters, digits, hyphens and dots in lower case, or an
/// address.
fn normal(host: &str) -> Result<String, String> {
    if host.is_empty() {
        return Err("a host is missing; write it after the ://".to_owned());
    }
    if !host.is_ascii() {
        return Err(format!(
            "write {host} in its ASCII form, which starts with xn--"
        ));
    }
    if let Some(ip) = ip(host) {
        return Ok(match ip {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        });
    }
    let label_is_good = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    // What ends in a number is an address to a browser, and it was none above.
    let ends_in_number = host
        .rsplit('.')
        .next()
        .is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    if host.len() > 253 || ends_in_number || !host.split('.').all(label_is_good) {
        return Err(format!("{host} is no host name"));
    }
    Ok(host.to_ascii_lowercase())
}
