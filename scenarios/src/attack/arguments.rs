use clap::Args;
use reqwest::Url;
use std::num::NonZeroU32;
use std::path::PathBuf;

/// What to attack, and how hard.
#[derive(Debug, Args)]
pub(crate) struct Attack {
    /// The resource server, or the server of the token endpoint: scheme, host and port
    #[arg(long, value_name = "URL")]
    pub(crate) target: Url,
    /// What the target was told about the test issuer or the test clients: a TOML file, see attacks/README.md
    #[arg(long, value_name = "FILE")]
    pub(crate) policy: PathBuf,
    /// Where the report goes
    #[arg(long, value_name = "DIR", default_value = "report/attack")]
    pub(crate) report: PathBuf,
    /// A host outside private networks that may be attacked: its operator has agreed; may be repeated
    #[arg(long = "i-am-authorised", value_name = "HOST")]
    pub(crate) authorised: Vec<String>,
    /// How many requests a second at most
    #[arg(long, value_name = "N", default_value = "50", value_parser = within::<1000>)]
    pub(crate) rate: NonZeroU32,
    /// How many cases at most
    #[arg(long, value_name = "N", default_value = "5000", value_parser = within::<20_000>)]
    pub(crate) count: NonZeroU32,
    /// Fires only the cases with this text in their id, such as `es256/signature`
    #[arg(long, value_name = "TEXT")]
    pub(crate) only: Option<String>,
}

/// A number from 1 to a bound.
fn within<const MOST: u32>(text: &str) -> Result<NonZeroU32, String> {
    let number = text.parse().ok().filter(|number: &NonZeroU32| number.get() <= MOST);
    number.ok_or_else(|| format!("expected a number from 1 to {MOST}"))
}

#[cfg(test)]
mod tests {
    use super::Attack;
    use clap::Parser;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        attack: Attack,
    }

    fn parse(more: &[&str]) -> Result<Attack, clap::Error> {
        let least = ["attack", "--target", "https://api.example:8442", "--policy", "p.toml"];
        Command::try_parse_from(least.iter().chain(more)).map(|command| command.attack)
    }

    #[test]
    fn is_gentle_unless_told_otherwise() {
        let attack = parse(&[]).unwrap();
        assert_eq!((attack.rate.get(), attack.count.get(), attack.authorised.len()), (50, 5000, 0));
        assert_eq!(attack.report.to_str(), Some("report/attack"));
    }

    #[test]
    fn refuses_a_rate_that_is_no_test_any_more() {
        for more in [["--rate", "0"], ["--rate", "1001"], ["--count", "0"], ["--count", "20001"]] {
            assert!(parse(&more).is_err(), "{more:?}");
        }
    }
}
