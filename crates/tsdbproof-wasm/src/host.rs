//! JavaScript as a host: one thread and the helpers that it was given, scratch space only in workers,
//! bytes that must be waited for.

use std::{cell::RefCell, sync::Arc};

use js_sys::{Reflect, Uint8Array};
use tsdbproof::{
    Error, Flow, Host, Input, Kind, Limits, Scratch, Source, Task, Work,
    host::{HEAD_BYTES, is_part_of_snapshot, is_passed_over, is_sums},
    report::NotRead,
};
use wasm_bindgen::prelude::*;

use crate::{
    helpers::{JsHelper, helpers},
    input::JsInput,
    pieces::Pieces,
    queue::{Lane, Queue, Waiting, join},
    scratch::scratch,
};

/// The inputs of a job, in the order in which it was given them.
pub(crate) struct JsHost {
    limits: Limits,
    inputs: Vec<Opened>,
}

struct Opened {
    input: JsInput,
    name: String,
    /// `None`: a stream.
    size: Option<u64>,
    /// Of a stream, what was read to see its head, and the rest.
    stream: RefCell<Option<(Vec<u8>, Pieces)>>,
}

/// Bytes that work takes at a time: a call of the wasm that takes long can't be interrupted.
const PUSHED_BYTES: u32 = 1 << 20;

impl JsHost {
    pub(crate) fn new(limits: Limits) -> Self {
        JsHost { limits, inputs: Vec::new() }
    }

    /// Opens inputs as one source, behind those of earlier sources.
    pub(crate) async fn open(&mut self, inputs: Vec<JsInput>) -> Result<Source, Error> {
        let mut source = Source::default();
        let names: Vec<String> = inputs.iter().map(JsInput::name).collect();
        let beside_snapshot = names.iter().any(|name| is_part_of_snapshot(name));
        for (input, name) in inputs.into_iter().zip(names) {
            let folder = input.folder();
            let is_sums = is_sums(&name);
            let named = folder.as_ref().unwrap_or(&name);
            if !is_sums && source.names.last() != Some(named) {
                source.names.push(named.clone());
            }
            let below = folder.as_ref().map(|folder| below(folder, &name));
            if is_sums || !below.is_some_and(is_passed_over) {
                self.add(input, folder.map(|_| beside_snapshot), &mut source).await?;
            }
        }
        Ok(source)
    }

    /// Opens an input. What came with a folder, here the one that `beside_snapshot` is said of, and
    /// holds no points is not read.
    async fn add(
        &mut self,
        input: JsInput,
        beside_snapshot: Option<bool>,
        source: &mut Source,
    ) -> Result<(), Error> {
        if let Some(why) = input.unread() {
            source.not_read.push(NotRead { name: input.name(), why });
            return Ok(());
        }
        let (input, opened) = self.open_one(input).await?;
        let name = input.name.clone();
        if is_sums(&name) && !input.is_sums() {
            return Ok(());
        }
        let admitted = match beside_snapshot {
            Some(beside_snapshot) => input.found(beside_snapshot),
            None => Ok(input),
        };
        match admitted {
            Err(why) => source.not_read.push(NotRead { name, why }),
            Ok(input) => self.keep(input, opened, source),
        }
        Ok(())
    }

    /// Opens an input, whatever its bytes say.
    #[cfg(feature = "scripts")]
    pub(crate) async fn add_any(
        &mut self,
        input: JsInput,
        source: &mut Source,
    ) -> Result<(), Error> {
        let (input, opened) = self.open_one(input).await?;
        self.keep(input, opened, source);
        Ok(())
    }

    fn keep(&mut self, input: Input, opened: Opened, source: &mut Source) {
        source.inputs.push(input);
        self.inputs.push(opened);
    }

    /// Does tasks until none is left.
    async fn lane(&self, queue: &RefCell<Queue<'_>>, helper: Option<&JsHelper>) {
        loop {
            let next = queue.borrow_mut().next(helper.is_some());
            let Some((mut task, order)) = next else { return };
            let result = match self.inputs.get(task.input) {
                None => Ok(()),
                Some(opened) => match helper.zip(order) {
                    Some((helper, order)) => helper.run(&order, &opened.input, task.work).await,
                    None => opened.feed(&mut task).await,
                }
                .map_err(|error| error.in_file(&opened.name)),
            };
            queue.borrow_mut().end(&task, result);
        }
    }

    /// Does all tasks of a queue, here and in other workers.
    async fn work_off(&self, queue: Queue<'_>) -> Result<(), Error> {
        let helpers = helpers();
        let queue = RefCell::new(queue);
        let here: Lane<'_> = Box::pin(self.lane(&queue, None));
        let there =
            helpers.iter().map(|helper| -> Lane<'_> { Box::pin(self.lane(&queue, Some(helper))) });
        join(std::iter::once(here).chain(there).collect()).await;
        queue.into_inner().finish()
    }

    /// What an input is by its bytes.
    pub(crate) async fn look_at(&self, input: JsInput) -> Result<Input, Error> {
        self.open_one(input).await.map(|(input, _)| input)
    }

    async fn open_one(&self, input: JsInput) -> Result<(Input, Opened), Error> {
        let opened = Opened::new(input)?;
        let head = opened.head().await.map_err(|error| error.in_file(&opened.name))?;
        Ok((Input::new(opened.name.clone(), opened.size, &head, &self.limits), opened))
    }
}

/// The path of a file below the folder that it came with.
fn below<'n>(folder: &str, name: &'n str) -> &'n str {
    let rest = name.strip_prefix(folder.trim_end_matches('/'));
    rest.and_then(|rest| rest.strip_prefix('/')).unwrap_or(name)
}

impl Opened {
    fn new(input: JsInput) -> Result<Self, Error> {
        let name = input.name();
        let size = input.size().map(|size| {
            let is_count =
                size >= 0.0 && size.fract() == 0.0 && size <= js_sys::Number::MAX_SAFE_INTEGER;
            is_count
                .then_some(size as u64)
                .ok_or_else(|| Error::usage(format!("{size} is no number of bytes")).in_file(&name))
        });
        Ok(Opened { input, name, size: size.transpose()?, stream: RefCell::default() })
    }

    fn pieces(&self, from: u64) -> Result<Pieces, Error> {
        self.input.stream(from as f64).and_then(Pieces::open).map_err(thrown)
    }

    /// The first bytes; a stream keeps them for the job.
    async fn head(&self) -> Result<Vec<u8>, Error> {
        let (mut pieces, mut bytes) = (self.pieces(0)?, Vec::new());
        while bytes.len() < HEAD_BYTES
            && let Some(piece) = pieces.next().await.map_err(thrown)?
        {
            bytes.extend(piece.to_vec());
        }
        let head = bytes.get(..HEAD_BYTES).unwrap_or(&bytes).to_vec();
        match self.size {
            Some(_) => pieces.close().await,
            None => drop(self.stream.replace(Some((bytes, pieces)))),
        }
        Ok(head)
    }

    async fn feed(&self, task: &mut Waiting<'_>) -> Result<(), Error> {
        let (held, mut pieces) = match self.size {
            Some(_) => (Vec::new(), self.pieces(task.from)?),
            None => self.stream.take().ok_or_else(|| {
                Error::usage("a stream is read twice").help("give an input of a known size")
            })?,
        };
        let mut buffer = Vec::new();
        let mut at = task.from + held.len() as u64;
        let mut flow = push(task.work, &held)?;
        drop(held);
        while flow == Flow::More {
            let Some(piece) = pieces.next().await.map_err(thrown)? else {
                self.check_end(at)?;
                break;
            };
            at += u64::from(piece.length());
            self.tell(piece.length())?;
            flow = push_piece(task.work, &piece, &mut buffer)?;
        }
        pieces.close().await;
        task.work.finish()
    }

    /// Tells JavaScript that so many bytes more were read, if it wants to know.
    fn tell(&self, bytes: u32) -> Result<(), Error> {
        match self.input.told() {
            Some(_) => self.input.progress(f64::from(bytes)).map_err(thrown),
            None => Ok(()),
        }
    }

    /// That an input ends where its size says.
    fn check_end(&self, at: u64) -> Result<(), Error> {
        match self.size {
            Some(size) if size != at => Err(Error::new(
                Kind::Changed,
                format!("changed while it was read; found {at} bytes, expected {size}"),
            )),
            _ => Ok(()),
        }
    }
}

/// Work that may refuse an empty piece gets none.
fn push(work: &mut dyn Work, bytes: &[u8]) -> Result<Flow, Error> {
    if bytes.is_empty() { Ok(Flow::More) } else { work.push(bytes) }
}

/// Copies a piece into the wasm's memory, part by part, and pushes it.
fn push_piece(
    work: &mut dyn Work,
    piece: &Uint8Array,
    buffer: &mut Vec<u8>,
) -> Result<Flow, Error> {
    for from in (0..piece.length()).step_by(PUSHED_BYTES as usize) {
        let part = piece.subarray(from, piece.length().min(from + PUSHED_BYTES));
        buffer.resize(part.length() as usize, 0);
        part.copy_to(buffer);
        if work.push(buffer)? == Flow::Enough {
            return Ok(Flow::Enough);
        }
    }
    Ok(Flow::More)
}

/// What JavaScript threw; browsers say by a name that a file is no longer what it was.
pub(crate) fn thrown(value: JsValue) -> Error {
    let property =
        |name: &str| Reflect::get(&value, &name.into()).ok().and_then(|it| it.as_string());
    let name = property("name").unwrap_or_default();
    let message = property("message").unwrap_or_else(|| format!("{value:?}"));
    let kind = match property("kind").as_deref() {
        // Of a helper, which names the file and what to do in its text.
        Some(kind) => kind_named(kind),
        None if name == "NotReadableError" => Kind::Changed,
        None => Kind::Io,
    };
    let file = property("file").map(|file| format!("{file}: ")).unwrap_or_default();
    let message = message.strip_prefix(&file).unwrap_or(&message);
    match message.split_once("\nhelp: ") {
        Some((what, help)) => Error::new(kind, what).help(help),
        None => Error::new(kind, message),
    }
}

/// The kind of this name, as [`failure`](crate::outcome::failure) gives it.
fn kind_named(name: &str) -> Kind {
    match name {
        "malformed" => Kind::Malformed,
        "unsupported" => Kind::Unsupported,
        "limit" => Kind::Limit,
        "usage" => Kind::Usage,
        "changed" => Kind::Changed,
        _ => Kind::Io,
    }
}

impl Host for JsHost {
    async fn read<W: Work>(&self, mut tasks: Vec<Task<W>>) -> Result<Vec<Task<W>>, Error> {
        self.work_off(Queue::new(&mut tasks)).await?;
        Ok(tasks)
    }

    fn scratch(&self) -> Result<Option<Arc<dyn Scratch>>, Error> {
        Ok(scratch())
    }

    fn threads(&self) -> usize {
        1 + helpers().len()
    }
}
