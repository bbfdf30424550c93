//! `--console [ADDR]`: an option whose value may be left out, before a scenario that may not.
//!
//! Left alone, clap takes whatever comes next for ADDR, and `run --console mixed` would fail. So arguments are looked at
//! first, and the default is filled in unless what follows looks like an address.

use std::ffi::OsString;
use std::net::SocketAddr;

/// Where consoles are served unless the command line says otherwise; tokio-console looks there by itself.
pub const DEFAULT: &str = "127.0.0.1:6669";

/// The arguments, with the value of `--console` filled in where it was left out.
pub fn fill_in(args: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut filled: Vec<OsString> = Vec::new();
    let mut options = true;
    for arg in args {
        if options && filled.last().is_some_and(|last| last == "--console") && !ends_in_a_port(&arg) {
            filled.pop();
            filled.push(format!("--console={DEFAULT}").into());
        }
        options &= arg != "--";
        filled.push(arg);
    }
    filled
}

/// No scenario's name does. What does and yet is no address is clap's to refuse.
fn ends_in_a_port(arg: &OsString) -> bool {
    arg.to_str()
        .and_then(|text| text.rsplit_once(':'))
        .is_some_and(|(_, port)| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Reads an address that only this machine reaches: consoles ask for no password.
pub fn address(text: &str) -> Result<SocketAddr, String> {
    let written = match text.strip_prefix("localhost:") {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    let address: SocketAddr = written
        .parse()
        .map_err(|_| format!("it is not an address with its port, such as {DEFAULT}"))?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("consoles are served on this machine only, at addresses such as 127.0.0.1 and [::1]".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_ends_in_a_port_is_taken_for_an_address() {
        for (given, filled) in [
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
            let args = fill_in(given.split(' ').map(OsString::from));
            assert_eq!(
                args,
                filled.split(' ').map(OsString::from).collect::<Vec<_>>(),
                "{given}"
            );
        }
    }

    #[test]
    fn consoles_are_served_on_loopback_and_nowhere_else() {
        for (text, read) in [
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
            match (address(text), read) {
                (Ok(address), Ok(wanted)) => assert_eq!(address.to_string(), wanted, "{text}"),
                (Err(why), Err(says)) => assert!(why.contains(says), "{text}: {why}"),
                (got, _) => panic!("{text}: {got:?}"),
            }
        }
    }
}
