//! A pseudo-terminal that runs a program and records the program's screen.

use parking_lot::{Condvar, Mutex};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::Pid;
use std::io::{Read, Write};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// The maximum duration of every wait. A test that passes never waits that long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A program that runs on its own terminal.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Box<dyn Write + Send>,
    screen: Arc<(Mutex<Output>, Condvar)>,
    reader: Option<JoinHandle<()>>,
}

struct Output {
    parser: vt100::Parser,
    raw: Vec<u8>,
    ended: bool,
}

impl Terminal {
    /// Starts tasklab with these arguments.
    pub(crate) fn start(columns: u16, rows: u16, arguments: &[&str]) -> Terminal {
        Terminal::start_with(columns, rows, arguments, &[])
    }

    /// Starts tasklab with these arguments and environment variables.
    pub(crate) fn start_with(columns: u16, rows: u16, arguments: &[&str], environment: &[(&str, &str)]) -> Terminal {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tasklab"));
        command.args(arguments);
        Terminal::run(columns, rows, command, environment)
    }

    /// Starts any program.
    pub(crate) fn run(columns: u16, rows: u16, mut command: CommandBuilder, environment: &[(&str, &str)]) -> Terminal {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).expect("a pty");
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).expect("the program starts");
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader().expect("a reader");
        let keys = pair.master.take_writer().expect("a writer");
        let screen = Arc::new((
            Mutex::new(Output {
                parser: vt100::Parser::new(rows, columns, 0),
                raw: Vec::new(),
                ended: false,
            }),
            Condvar::new(),
        ));
        let shared = screen.clone();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let read = output.read(&mut buffer).unwrap_or(0);
                let mut state = shared.0.lock();
                state.parser.process(&buffer[..read]);
                state.raw.extend(&buffer[..read]);
                state.ended = read == 0;
                shared.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        Terminal {
            child,
            master: Some(pair.master),
            keys,
            screen,
            reader: Some(reader),
        }
    }

    /// Waits until `condition` holds for the screen, and returns the screen's text. `what` names
    /// the condition in the failure message.
    pub(crate) fn wait(&self, what: &str, condition: impl Fn(&vt100::Screen) -> bool) -> String {
        let start = Instant::now();
        let mut state = self.screen.0.lock();
        while !condition(state.parser.screen()) {
            let text = state.parser.screen().contents();
            assert!(
                !state.ended,
                "the program ended before the screen showed {what}:\n{text}"
            );
            assert!(
                start.elapsed() < DEADLINE,
                "after {DEADLINE:?} the screen does not show {what}:\n{text}"
            );
            self.screen.1.wait_for(&mut state, DEADLINE);
        }
        state.parser.screen().contents()
    }

    /// Waits until the screen contains `text`.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait_for_all(&[text])
    }

    /// Waits until the screen contains all of `texts` at once.
    pub(crate) fn wait_for_all(&self, texts: &[&str]) -> String {
        self.wait(&texts.join(", "), |screen| {
            let screen = screen.contents();
            texts.iter().all(|text| screen.contains(text))
        })
    }

    /// Sends keys to the program.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keys
            .write_all(keys.as_bytes())
            .expect("the terminal accepts input");
        self.keys.flush().expect("the terminal accepts input");
    }

    /// Changes the terminal's size.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.screen.0.lock().parser.screen_mut().set_size(rows, columns);
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        let master = self.master.as_ref().expect("a terminal");
        master.resize(size).expect("a new size");
    }

    /// The program's process id.
    pub(crate) fn pid(&self) -> Pid {
        let pid = self.child.process_id().expect("a process");
        Pid::from_raw(pid.try_into().expect("a pid")).expect("a pid")
    }

    /// Waits until the program has ended. Returns its exit status, the last screen, and all bytes
    /// that the program wrote.
    pub(crate) fn end(mut self) -> (u32, vt100::Screen, Vec<u8>) {
        let status = wait_for_exit(&mut *self.child);
        self.reader.take().expect("a reader").join().expect("no panic");
        let state = self.screen.0.lock();
        (status, state.parser.screen().clone(), state.raw.clone())
    }
}

/// Waits until a program has ended, and returns its exit status.
pub(crate) fn wait_for_exit(child: &mut (dyn Child + Send + Sync)) -> u32 {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().expect("a child process") {
            return status.exit_code();
        }
        if start.elapsed() > DEADLINE {
            let _ = child.kill();
            panic!("the program has not ended after {DEADLINE:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Checks that the terminal is restored: it shows the main screen and the cursor.
pub(crate) fn assert_restored(screen: &vt100::Screen) {
    assert!(!screen.alternate_screen(), "still on the alternate screen");
    assert!(!screen.hide_cursor(), "the cursor is still hidden");
}
