//! A pseudo-terminal that runs a program and records the program's screen.

use parking_lot::{Condvar, Mutex, MutexGuard};
use portable_pty::{Child, ChildKiller, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::fs::{Mode, OFlags};
use rustix::process::Pid;
use std::io::{Read, Write};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// The maximum duration of every wait. A test that passes never waits that long.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);

/// A program that runs on its own terminal.
pub(crate) struct Terminal {
    pid: Pid,
    exit: Exit,
    master: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    screen: Arc<(Mutex<Output>, Condvar)>,
    first_modes: String,
}

struct Output {
    parser: vt100::Parser,
    raw: Vec<u8>,
    ended: bool,
    /// The thread that reads the terminal must stop while this is true.
    unread: bool,
    /// Whether the thread that reads the terminal has stopped.
    reader_waits: bool,
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
        let first_modes = modes(&*pair.master);
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
                unread: false,
                reader_waits: false,
            }),
            Condvar::new(),
        ));
        let shared = screen.clone();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            loop {
                let read = output.read(&mut buffer).unwrap_or(0);
                let mut state = shared.0.lock();
                while state.unread {
                    state.reader_waits = true;
                    shared.1.notify_all();
                    shared.1.wait(&mut state);
                }
                state.reader_waits = false;
                state.parser.process(&buffer[..read]);
                state.raw.extend(&buffer[..read]);
                state.ended = read == 0;
                shared.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        let pid = child.process_id().and_then(|pid| Pid::from_raw(pid.try_into().ok()?));
        Terminal {
            pid: pid.expect("a pid"),
            exit: Exit::of(child),
            master: pair.master,
            keys,
            screen,
            first_modes,
        }
    }

    /// From now on, nobody reads what the program writes, and the terminal has no room for more.
    pub(crate) fn stop_reading(&self) {
        self.screen.0.lock().unread = true;
        let name = self.master.tty_name().expect("a name");
        let flags = OFlags::WRONLY | OFlags::NOCTTY | OFlags::NONBLOCK;
        let terminal = rustix::fs::open(name, flags, Mode::empty()).expect("the terminal");
        // A terminal ignores zero bytes. The first zero ends the read that is in progress.
        let fill = || while rustix::io::write(&terminal, &[0; 256]).is_ok() {};
        fill();
        drop(self.wait_for_output("the end of the last read", |output| output.reader_waits));
        fill();
        while rustix::io::write(&terminal, &[0]).is_ok() {}
    }

    /// Ends the effect of [`stop_reading`](Terminal::stop_reading).
    pub(crate) fn read_again(&self) {
        self.screen.0.lock().unread = false;
        self.screen.1.notify_all();
    }

    /// Waits until the program has written `bytes` more bytes. `what` names the event in the
    /// failure message.
    pub(crate) fn wait_for_more(&self, what: &str, bytes: usize) {
        let wanted = self.screen.0.lock().raw.len() + bytes;
        drop(self.wait_for_output(what, |output| output.raw.len() >= wanted));
    }

    /// The modes of the terminal before the program started.
    pub(crate) fn first_modes(&self) -> &str {
        &self.first_modes
    }

    /// The modes of the terminal: raw or not, with echo or not.
    pub(crate) fn modes(&self) -> String {
        modes(&*self.master)
    }

    /// Waits until `condition` holds for the screen, and returns the screen's text. `what` names
    /// the condition in the failure message.
    pub(crate) fn wait(&self, what: &str, condition: impl Fn(&vt100::Screen) -> bool) -> String {
        let state = self.wait_for_output(what, |state| state.ended || condition(state.parser.screen()));
        let screen = state.parser.screen();
        let text = screen.contents();
        assert!(
            condition(screen),
            "the program ended before the screen showed {what}:\n{text}"
        );
        text
    }

    fn wait_for_output(&self, what: &str, condition: impl Fn(&Output) -> bool) -> MutexGuard<'_, Output> {
        let deadline = Instant::now() + DEADLINE;
        let mut state = self.screen.0.lock();
        while !condition(&state) {
            let timeout = self.screen.1.wait_until(&mut state, deadline);
            assert!(
                !timeout.timed_out() || condition(&state),
                "waited {DEADLINE:?} for {what}; the screen shows:\n{}",
                state.parser.screen().contents()
            );
        }
        state
    }

    /// Waits until the screen contains `text`.
    pub(crate) fn wait_for(&self, text: &str) -> String {
        self.wait_for_all(&[text])
    }

    /// Waits until the screen contains all of `texts` at the same time.
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
        self.claim_size(columns, rows);
    }

    /// Tells the program a size that the terminal does not have.
    pub(crate) fn claim_size(&self, columns: u16, rows: u16) {
        let size = PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        };
        self.master.resize(size).expect("a new size");
    }

    /// The program's process id.
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits until the program has ended, and returns its exit status.
    pub(crate) fn wait_for_exit(&mut self) -> u32 {
        self.exit.wait()
    }

    /// Waits until no process has the terminal open any more.
    pub(crate) fn wait_for_last_output(&self) {
        drop(self.wait_for_output("the end of the output", |state| state.ended));
    }

    /// Waits until the program has ended. Returns its exit status, the last screen, and all bytes
    /// that the program wrote.
    pub(crate) fn end(mut self) -> (u32, vt100::Screen, Vec<u8>) {
        let status = self.exit.wait();
        let state = self.wait_for_output("the end of the output", |state| state.ended);
        (status, state.parser.screen().clone(), state.raw.clone())
    }
}

/// The end of a program. Another thread waits for this end.
pub(crate) struct Exit {
    killer: Box<dyn ChildKiller + Send + Sync>,
    status: mpsc::Receiver<u32>,
    /// The exit status, if it has been received.
    known: Option<u32>,
}

impl Exit {
    /// Starts to wait for the end of this program.
    pub(crate) fn of(mut child: Box<dyn Child + Send + Sync>) -> Exit {
        let killer = child.clone_killer();
        let (send, status) = mpsc::channel();
        thread::spawn(move || {
            let exit = child.wait().expect("a child process");
            // If the test has failed, no thread receives the status.
            let _ = send.send(exit.exit_code());
        });
        Exit {
            killer,
            status,
            known: None,
        }
    }

    /// Waits until the program has ended, and returns its exit status.
    ///
    /// # Panics
    /// If the program does not end within [`DEADLINE`]: in this case, this method kills the
    /// program.
    pub(crate) fn wait(&mut self) -> u32 {
        *self.known.get_or_insert_with(|| {
            self.status.recv_timeout(DEADLINE).unwrap_or_else(|error| {
                let _ = self.killer.kill();
                panic!("waited {DEADLINE:?} for the end of the program: {error}");
            })
        })
    }
}

fn modes(terminal: &dyn MasterPty) -> String {
    let modes = terminal.get_termios().expect("a terminal");
    format!(
        "{:?} {:?} {:?}",
        modes.input_flags, modes.output_flags, modes.local_flags
    )
}

/// Checks that the terminal is restored: it shows the main screen and the cursor.
pub(crate) fn assert_restored(screen: &vt100::Screen) {
    assert!(!screen.alternate_screen(), "still on the alternate screen");
    assert!(!screen.hide_cursor(), "the cursor is still hidden");
}
