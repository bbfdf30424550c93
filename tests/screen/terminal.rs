//! A terminal to run programs on: a pty whose screen is read back.

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::Pid;
use std::io::{Read, Write};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long anything may take before the test gives up on it. Nothing waits for it if all is well.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A program that runs on a terminal of its own.
pub struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Option<Box<dyn MasterPty + Send>>,
    keys: Box<dyn Write + Send>,
    screen: Arc<(Mutex<Output>, Condvar)>,
    reader: Option<JoinHandle<()>>,
}

struct Output {
    parser: vt100::Parser,
    raw: Vec<u8>,
    over: bool,
}

impl Terminal {
    pub fn start(columns: u16, rows: u16, arguments: &[&str]) -> Terminal {
        Terminal::start_with(columns, rows, arguments, &[])
    }

    pub fn start_with(columns: u16, rows: u16, arguments: &[&str], environment: &[(&str, &str)]) -> Terminal {
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_tasklab"));
        command.args(arguments);
        Terminal::run(columns, rows, command, environment)
    }

    /// Any other program that shows tasklab's screen.
    pub fn run(columns: u16, rows: u16, mut command: CommandBuilder, environment: &[(&str, &str)]) -> Terminal {
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
        let child = pair.slave.spawn_command(command).expect("it starts");
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader().expect("a reader");
        let keys = pair.master.take_writer().expect("a writer");
        let screen = Arc::new((
            Mutex::new(Output {
                parser: vt100::Parser::new(rows, columns, 0),
                raw: Vec::new(),
                over: false,
            }),
            Condvar::new(),
        ));
        let shared = screen.clone();
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let read = output.read(&mut buffer).unwrap_or(0);
                let mut state = shared.0.lock().unwrap();
                state.parser.process(&buffer[..read]);
                state.raw.extend(&buffer[..read]);
                state.over = read == 0;
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

    /// Waits until the screen is as `wanted`, and returns its text.
    pub fn wait(&self, what: &str, wanted: impl Fn(&vt100::Screen) -> bool) -> String {
        let start = Instant::now();
        let mut state = self.screen.0.lock().unwrap();
        while !wanted(state.parser.screen()) {
            let text = state.parser.screen().contents();
            assert!(!state.over, "ended before {what}:\n{text}");
            assert!(start.elapsed() < PATIENCE, "never saw {what}:\n{text}");
            state = self.screen.1.wait_timeout(state, PATIENCE).unwrap().0;
        }
        state.parser.screen().contents()
    }

    pub fn wait_for(&self, text: &str) -> String {
        self.wait_for_all(&[text])
    }

    /// Waits until all of these stand there together.
    pub fn wait_for_all(&self, texts: &[&str]) -> String {
        self.wait(&texts.join(", "), |screen| {
            let screen = screen.contents();
            texts.iter().all(|text| screen.contains(text))
        })
    }

    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal takes keys");
        self.keys.flush().expect("the terminal takes keys");
    }

    pub fn resize(&self, columns: u16, rows: u16) {
        self.screen
            .0
            .lock()
            .unwrap()
            .parser
            .screen_mut()
            .set_size(rows, columns);
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        self.master
            .as_ref()
            .expect("a terminal")
            .resize(size)
            .expect("a new size");
    }

    pub fn pid(&self) -> Pid {
        let pid = self.child.process_id().expect("a process");
        Pid::from_raw(pid.try_into().expect("a pid")).expect("a pid")
    }

    /// Waits for the end: the exit status and the screen that is left.
    pub fn end(mut self) -> (u32, vt100::Screen, Vec<u8>) {
        let status = self.child.wait().expect("an end").exit_code();
        self.reader.take().expect("a reader").join().expect("no panic");
        let state = self.screen.0.lock().unwrap();
        (status, state.parser.screen().clone(), state.raw.clone())
    }
}

/// The terminal is as it was: main screen, cursor visible.
pub fn assert_restored(screen: &vt100::Screen) {
    assert!(!screen.alternate_screen(), "still on the alternate screen");
    assert!(!screen.hide_cursor(), "the cursor is still hidden");
}
