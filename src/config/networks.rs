//! Lists of addresses and networks.

use std::fmt;
use std::net::IpAddr;

/// Addresses and networks, as in `127.0.0.1, 10.0.0.0/8, fd00::/8`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Networks(Vec<Network>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    address: IpAddr,
    prefix: u32,
}

impl Networks {
    /// Takes a list with commas or spaces between.
    ///
    /// # Errors
    /// What to write instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        text.split([',', ' '])
            .filter(|part| !part.is_empty())
            .map(Network::parse)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether `address` is in one of them. An IPv4 address that came in over IPv6
    /// (`::ffff:10.0.0.1`) counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, network) in self.0.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(f, "{comma}{}", network.address)?;
            if network.prefix < width(network.address) {
                write!(f, "/{}", network.prefix)?;
            }
        }
        Ok(())
    }
}

impl Network {
    fn parse(text: &str) -> Result<Self, String> {
        let form =
            || format!("{text:?} is no address; write one as 10.0.0.1, or a network as 10.0.0.0/8");
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| form())?;
        let address = address.to_canonical();
        let prefix = match prefix {
            Some(prefix) => prefix.parse().map_err(|_| form())?,
            None => width(address),
        };
        if prefix > width(address) {
            return Err(form());
        }
        if prefix == 0 {
            return Err(format!("{text} is everybody; name the proxies"));
        }
        let network = Self { address, prefix };
        if network.first() != bits(address) {
            return Err(format!(
                "{text} has bits beyond its prefix; write {address} alone or a smaller network"
            ));
        }
        Ok(network)
    }

    fn contains(self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.address.is_ipv4()
            && Self { address, ..self }.first() == self.first()
    }

    /// The network's first address, as a number.
    fn first(self) -> u128 {
        let host_bits = width(self.address) - self.prefix;
        bits(self.address) >> host_bits << host_bits
    }
}

const fn width(address: IpAddr) -> u32 {
    match address {
        IpAddr::V4(_) => 32,
        IpAddr::V6(_) => 128,
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_in_their_networks() {
        let networks =
            Networks::parse("127.0.0.1, 10.0.0.0/8,192.0.2.128/25 fd00::/8 ::1").unwrap();
        for (address, inside) in [
            ("127.0.0.1", true),
            ("127.0.0.2", false),
            ("10.255.0.3", true),
            ("11.0.0.0", false),
            ("192.0.2.127", false),
            ("192.0.2.128", true),
            ("::ffff:10.0.0.1", true),
            ("::1", true),
            ("::2", false),
            ("fd12:3456::1", true),
            ("fe80::1", false),
            ("::a00:1", false),
        ] {
            let found = networks.contains(address.parse().unwrap());
            assert_eq!(found, inside, "{address}");
        }
        assert_eq!(
            networks.to_string(),
            "127.0.0.1,10.0.0.0/8,192.0.2.128/25,fd00::/8,::1"
        );
    }

    #[test]
    fn an_empty_list_trusts_nobody() {
        let networks = Networks::parse(" , ").unwrap();
        assert!(networks.is_empty());
        assert!(!networks.contains("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn each_refusal_says_what_to_write() {
        for (text, words) in [
            ("proxy.example.org", "write one as 10.0.0.1"),
            ("10.0.0", "write one as 10.0.0.1"),
            ("10.0.0.1:80", "write one as 10.0.0.1"),
            ("10.0.0.0/33", "a network as 10.0.0.0/8"),
            ("10.0.0.0/", "a network as 10.0.0.0/8"),
            ("10.0.0.0/-1", "a network as 10.0.0.0/8"),
            ("10.0.0.1/8", "write 10.0.0.1 alone"),
            ("fd00::1/8", "write fd00::1 alone"),
            ("0.0.0.0/0", "name the proxies"),
            ("127.0.0.1,::/0", "name the proxies"),
        ] {
            let problem = Networks::parse(text).expect_err(text);
            assert!(problem.contains(words), "{text}: {problem}");
        }
    }
}
