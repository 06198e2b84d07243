//! Where a request comes from.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::HttpRequest;

/// The client's address: the one that the connection comes from, or, if that is
/// one of the trusted proxies, what it says in `X-Forwarded-For`. That header
/// is read from its end, where the nearest proxy writes; what stands before the
/// first address that is no trusted proxy may be made up.
pub fn address(request: &HttpRequest, trusted: &[IpAddr]) -> IpAddr {
    let peer = request.peer_addr().map(|peer| peer.ip().to_canonical());
    let mut client = peer.unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
    let forwarded: Vec<&str> = request
        .headers()
        .get_all("x-forwarded-for")
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .collect();
    for hop in forwarded.iter().rev() {
        if !trusted.contains(&client) {
            break;
        }
        match read(hop.trim()) {
            Some(address) => client = address,
            None => break,
        }
    }
    client
}

/// An address, perhaps with a port as some proxies write it.
fn read(text: &str) -> Option<IpAddr> {
    text.trim_start_matches('[')
        .trim_end_matches(']')
        .parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test::TestRequest;

    fn seen(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut request = TestRequest::default().peer_addr(format!("{peer}:4711").parse().unwrap());
        for value in forwarded {
            request = request.append_header(("X-Forwarded-For", *value));
        }
        let trusted: Vec<IpAddr> = trusted.iter().map(|ip| ip.parse().unwrap()).collect();
        address(&request.to_http_request(), &trusted).to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_about_its_own_client() {
        assert_eq!(seen("192.0.2.1", &["198.51.100.7"], &[]), "192.0.2.1");
        assert_eq!(
            seen("192.0.2.1", &["198.51.100.7"], &["192.0.2.1"]),
            "198.51.100.7"
        );
        assert_eq!(
            seen(
                "192.0.2.1",
                &["1.1.1.1, 198.51.100.7", "192.0.2.2"],
                &["192.0.2.1", "192.0.2.2"]
            ),
            "198.51.100.7"
        );
        assert_eq!(seen("192.0.2.1", &["what?"], &["192.0.2.1"]), "192.0.2.1");
        assert_eq!(
            seen("192.0.2.1", &["[2001:db8::1]:443"], &["192.0.2.1"]),
            "2001:db8::1"
        );
        assert_eq!(
            seen("192.0.2.1", &["198.51.100.7:999"], &["192.0.2.1"]),
            "198.51.100.7"
        );
    }
}
