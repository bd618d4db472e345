use bridge_store::MessageId;
use clap::{Args, Parser, Subcommand};
use std::path::PathBuf;

/// The command line.
#[derive(Debug, Parser)]
#[command(version, subcommand_required = true, arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub(super) command: Command,
    /// The configuration directory, with company.toml, clients/ and partners/
    #[arg(long, global = true, value_name = "DIR", default_value = "config")]
    pub(super) config: PathBuf,
    /// Print JSON
    #[arg(long, global = true)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the company: issuer, API and operations pages
    Serve,
    /// Look at the configuration
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    /// Look at the partners
    Partners {
        #[command(subcommand)]
        command: PartnersCommand,
    },
    /// Look at the own keys, replace them, withdraw them
    Keys {
        #[command(subcommand)]
        command: KeysCommand,
    },
    /// Look at the clients of the own issuer
    Clients {
        #[command(subcommand)]
        command: ClientsCommand,
    },
    /// Look at the messages on their way to partners, and settle those that were given up
    Outbox {
        #[command(subcommand)]
        command: OutboxCommand,
    },
    /// Revoke tokens of the own issuer, and tell partners at once
    Revoke(RevokeArguments),
    /// Call a partner's API like curl, with a token that is never shown
    Call(CallArguments),
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Validate everything without starting anything; exit code 2 when something is wrong
    Check,
}

#[derive(Debug, Subcommand)]
pub(super) enum PartnersCommand {
    /// Show the trust policies
    List,
    /// Fetch each partner's metadata and keys from here; exit code 1 when a partner fails
    Check,
}

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// Show the keys of the own issuer and of the managed clients, without their private halves
    List,
    /// Replace a key in good order. The company that serves does it, as soon as every partner knows the next key
    Rotate {
        /// The client whose key pair it is: the name of its file in clients/. Default: the issuer's key
        #[arg(long, value_name = "NAME")]
        client: Option<String>,
        /// Wait this long for the next key to sign; exit code 1 when it does not
        #[arg(long, value_name = "SECONDS")]
        wait: Option<u64>,
    },
    /// A key may be in somebody else's hands: replace it at once. What it signed stays valid until it expires
    Taint(KeyInDanger),
    /// A key is in somebody else's hands: replace it at once and withdraw it, with all that it signed
    Revoke(KeyInDanger),
    /// Seal the private halves under the first key-encryption key of its file. Works beside a company that serves
    Rewrap {
        /// Make a new key-encryption key first, and forget the others in the end
        #[arg(long)]
        new: bool,
    },
}

/// A key that must sign no more.
#[derive(Debug, Args)]
pub(super) struct KeyInDanger {
    /// Its id, as `keys list` shows it
    #[arg(value_name = "KID", allow_hyphen_values = true)]
    pub(super) kid: String,
    /// Why, in a few words: for the log, for `keys list` and for partners
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: String,
}

#[derive(Debug, Subcommand)]
pub(super) enum ClientsCommand {
    /// Show the clients of the own issuer and what they may ask for
    List,
    /// Let a client get no more tokens, and revoke those that it has
    Disable {
        /// The client: the name of its file in clients/
        name: String,
        /// Why. Kept, and told to partners
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Let a disabled client get tokens again. Tokens that were revoked stay revoked
    Enable {
        /// The client: the name of its file in clients/
        name: String,
    },
}

/// Revoke tokens of the own issuer, and tell partners at once. Works beside a company that serves.
#[derive(Debug, Args)]
#[command(group = clap::ArgGroup::new("what").required(true))]
pub(super) struct RevokeArguments {
    /// One token, read from standard input. It is never taken from the command line, where others could read it
    #[arg(long, group = "what")]
    pub(super) token: bool,
    /// One token, read from a file; - is standard input
    #[arg(long, value_name = "FILE", group = "what")]
    pub(super) token_file: Option<PathBuf>,
    /// Every token that a client has got until now. Its next ones are good: `clients disable` ends that too
    #[arg(long, value_name = "NAME", group = "what")]
    pub(super) client: Option<String>,
    /// A key, of the own issuer or of a managed client, and every token that was got by it: as `keys revoke`
    #[arg(long, value_name = "KID", group = "what", requires = "reason", allow_hyphen_values = true)]
    pub(super) key: Option<String>,
    /// Every token that the own issuer has issued until now
    #[arg(long, group = "what")]
    pub(super) all: bool,
    /// Why. Told to partners. A key is not revoked without
    #[arg(long, value_name = "TEXT")]
    pub(super) reason: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum OutboxCommand {
    /// Show what waits for each partner, and the dead letters: messages that their partner refused again and again. Each
    /// holds back the later messages about the same thing
    List,
    /// Try dead letters again, from the beginning; exit code 1 when one is not there
    Retry(DeadLetters),
    /// Forget dead letters for good, so that those behind them are delivered; exit code 1 when one is not there
    Drop(DeadLetters),
}

/// Dead letters, by their ids.
#[derive(Debug, Args)]
pub(super) struct DeadLetters {
    /// The ids that `outbox list` shows
    #[arg(required = true, value_name = "ID")]
    pub(super) ids: Vec<MessageId>,
}

/// Call a partner's API with a token of the own issuer.
#[derive(Debug, Args)]
pub(super) struct CallArguments {
    /// The client that calls: the name of its file in clients/. Default: the one of the partner's [outbound]
    #[arg(long, value_name = "NAME")]
    pub(super) client: Option<String>,
    /// The partner that is called: the name of its file in partners/
    #[arg(long, value_name = "NAME")]
    pub(super) partner: String,
    /// A scope to ask for; may be repeated. Default: all that the client may ask for there
    #[arg(long = "scope", value_name = "SCOPE")]
    pub(super) scopes: Vec<String>,
    /// The body, or @FILE to read it from a file
    #[arg(short, long, value_name = "BODY|@FILE")]
    pub(super) data: Option<String>,
    /// A further header; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    pub(super) headers: Vec<String>,
    /// Print status and headers before the body
    #[arg(short, long)]
    pub(super) include: bool,
    /// The HTTP method
    pub(super) method: String,
    /// The path at the partner's API, such as /shipments?limit=2
    pub(super) path: String,
}
