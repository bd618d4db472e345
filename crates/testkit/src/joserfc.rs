use std::io::Write;
use std::process::{Command, Stdio};

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
        assert!(!Self::is_required(), "BRIDGE_REQUIRE contains joserfc: expected it in python3 on PATH, found none");
        eprintln!("not run: this test needs joserfc in python3 on PATH (pip install joserfc==1.8.0)");
        None
    }

    /// True when `python3` has joserfc.
    pub fn is_installed() -> bool {
        let mut import = Command::new("python3");
        import.args(["-c", "import joserfc"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
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
