//! `--console [ADDR]`: an option with an optional value, followed by the required name of a
//! scenario.
//!
//! clap would take `mixed` in `run --console mixed` for ADDR, and fail. So the arguments are
//! rewritten before clap reads them: the default address is inserted unless the next argument looks
//! like an address.

use std::ffi::OsString;
use std::net::SocketAddr;

/// The default address for tokio-console; it is also the one that tokio-console connects to by
/// default.
pub(crate) const DEFAULT: &str = "127.0.0.1:6669";

/// Inserts the default address after a `--console` without a value.
pub(crate) fn insert_default_address(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut rewritten: Vec<OsString> = Vec::new();
    let mut before_dashes = true;
    for arg in args {
        if before_dashes && rewritten.last().is_some_and(|last| last == "--console") && !ends_in_port(&arg) {
            rewritten.pop();
            rewritten.push(format!("--console={DEFAULT}").into());
        }
        before_dashes &= arg != "--";
        rewritten.push(arg);
    }
    rewritten
}

/// Whether an argument ends in a colon and digits, which no name of a scenario does. clap rejects
/// it later if it is not an address.
fn ends_in_port(arg: &OsString) -> bool {
    arg.to_str()
        .and_then(|text| text.rsplit_once(':'))
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Parses a loopback address. Other addresses are refused, because tokio-console asks for no
/// password.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    let address: SocketAddr = numeric
        .parse()
        .map_err(|_| format!("it is not an address with its port, such as {DEFAULT}"))?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("tokio-console can be served on this machine only, at an address such as 127.0.0.1 or [::1]".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_argument_that_ends_in_a_port_is_an_address() {
        for (given, expected) in [
            ("run --console mixed", "run --console=127.0.0.1:6669 mixed"),
            (
                "run --console --json mixed",
                "run --console=127.0.0.1:6669 --json mixed",
            ),
            ("run --console -- mixed", "run --console=127.0.0.1:6669 -- mixed"),
            ("run mixed --console", "run mixed --console"),
            ("run --console [::1]:6670 mixed", "run --console [::1]:6670 mixed"),
            (
                "run --console localhost:6670 mixed",
                "run --console localhost:6670 mixed",
            ),
            (
                "run --console=127.0.0.1:6670 mixed",
                "run --console=127.0.0.1:6670 mixed",
            ),
            ("run -- --console mixed", "run -- --console mixed"),
        ] {
            let args = insert_default_address(given.split(' ').map(OsString::from));
            assert_eq!(
                args,
                expected.split(' ').map(OsString::from).collect::<Vec<_>>(),
                "{given}"
            );
        }
    }

    #[test]
    fn only_loopback_addresses_are_accepted() {
        for (text, expected) in [
            ("127.0.0.1:6670", Ok("127.0.0.1:6670")),
            ("127.66.69.1:80", Ok("127.66.69.1:80")),
            ("[::1]:6670", Ok("[::1]:6670")),
            ("localhost:6670", Ok("127.0.0.1:6670")),
            ("0.0.0.0:6669", Err("this machine only")),
            ("10.1.2.3:6669", Err("this machine only")),
            ("example.com:6669", Err("not an address with its port")),
            ("127.0.0.1:99999", Err("not an address with its port")),
            ("localhost", Err("not an address with its port")),
        ] {
            match (address(text), expected) {
                (Ok(address), Ok(wanted)) => assert_eq!(address.to_string(), wanted, "{text}"),
                (Err(why), Err(message)) => assert!(why.contains(message), "{text}: {why}"),
                (got, _) => panic!("{text}: {got:?}"),
            }
        }
    }
}
