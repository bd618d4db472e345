use std::io::Write;
use std::process::{Command, Stdio};

/// The one version whose differences `docs/differential.md` explains.
const VERSION: &str = "1.8.0";

/// An independent verifier in another language: joserfc, in Python.
#[derive(Debug)]
pub struct Joserfc(());

impl Joserfc {
    /// The verifier. `None` when the machine has none: then the test that asked says so and ends.
    ///
    /// # Panics
    /// When `BRIDGE_REQUIRE` contains `joserfc` and there is none.
    #[expect(clippy::print_stderr, reason = "the test runner shows it")]
    pub fn find() -> Option<Self> {
        if Self::is_installed() {
            return Some(Self(()));
        }
        assert!(!Self::is_required(), "BRIDGE_REQUIRE contains joserfc: expected joserfc {VERSION} in python3 on PATH");
        eprintln!("not run: this test needs joserfc {VERSION} in python3 on PATH (pip install joserfc=={VERSION})");
        None
    }

    /// True when `python3` has joserfc, and the version for which its differences are explained.
    pub fn is_installed() -> bool {
        let mut import = Command::new("python3");
        let script = format!("from importlib.metadata import version; assert version('joserfc') == '{VERSION}'");
        import.args(["-c", &script]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        import.status().is_ok_and(|status| status.success())
    }

    #[expect(clippy::disallowed_methods, reason = "a test is its own main function")]
    fn is_required() -> bool {
        std::env::var("BRIDGE_REQUIRE").is_ok_and(|names| names.split(',').any(|name| name.trim() == "joserfc"))
    }

    /// Runs a script with these arguments and this text on its standard input; gives what it printed.
    ///
    /// # Errors
    /// What it printed, when it ended with another code than 0.
    pub fn run(&self, script: &str, arguments: &[&str], input: &str) -> Result<String, String> {
        let mut python = Command::new("python3");
        python.arg(script).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = python.spawn().expect("python3 can be run");
        child.stdin.take().expect("the input is a pipe").write_all(input.as_bytes()).expect("the script reads");
        let output = child.wait_with_output().expect("the script ends");
        let printed = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        if output.status.success() { Ok(printed) } else { Err(printed) }
    }
}
