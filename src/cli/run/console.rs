//! The option `--console [ADDR]`. ADDR is optional. The name of a scenario is required, and can
//! follow the option.
//!
//! In `run --console mixed`, clap would read `mixed` as ADDR and fail. Therefore this module
//! rewrites the arguments before clap reads them: it inserts the default address, unless the next
//! argument looks like an address.

use std::ffi::OsString;
use std::net::SocketAddr;

/// The default address of the server. A tokio-console without arguments connects to the same
/// address.
pub(crate) const DEFAULT: &str = "127.0.0.1:6669";

/// Inserts the default address after each `--console` that has no value.
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

/// Whether an argument ends in a colon and digits. No name of a scenario ends in this way. If such
/// an argument is not a valid address, clap rejects it later.
fn ends_in_port(arg: &OsString) -> bool {
    arg.to_str()
        .and_then(|text| text.rsplit_once(':'))
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Parses a loopback address. Rejects all other addresses, because tokio-console asks for no
/// password.
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let numeric = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    let address: SocketAddr = numeric
        .parse()
        .map_err(|_| format!("it is not an address with a port, such as {DEFAULT}"))?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("it is not a loopback address; use an address such as 127.0.0.1:6669 or [::1]:6669".to_owned())
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
            ("0.0.0.0:6669", Err("not a loopback address")),
            ("10.1.2.3:6669", Err("not a loopback address")),
            ("example.com:6669", Err("not an address with a port")),
            ("127.0.0.1:99999", Err("not an address with a port")),
            ("localhost", Err("not an address with a port")),
        ] {
            match (address(text), expected) {
                (Ok(address), Ok(wanted)) => assert_eq!(address.to_string(), wanted, "{text}"),
                (Err(why), Err(message)) => assert!(why.contains(message), "{text}: {why}"),
                (got, _) => panic!("{text}: {got:?}"),
            }
        }
    }
}
