// The form: the draft of each room, which survives a reload of this tab, what it answers or edits, and sending.
natter.composer = (() => {
  'use strict';
  const { $, box, fill, here, load, outbox, room, rows, save, sidebar, view, words } = natter;
  const enterSends = document.documentElement.dataset.enterSends === 'true';
  const input = () => $('message');
  const draftOf = (id) => `draft.${id}`;
  // `again`: what a button does that follows the reason.
  const refuse = (reason, again) => {
    $('refused').replaceChildren(reason);
    if (!again) return;
    const button = Object.assign(view.element('button', words.confirm), { type: 'button', className: 'link-button' });
    button.addEventListener('click', again, { once: true });
    $('refused').append(' ', button);
  };
  const setDraft = (id, text) => {
    save(draftOf(id), text);
    sidebar.showDraft(id, text);
  };
  // the draft of a thread is not that of its room
  const place = () => (room().dataset.thread ? `${here()}.${room().dataset.thread}` : here());
  const saveDraft = () => {
    if (editing) saveEdit(); else setDraft(place(), input().value);
  };

  // ---- what is answered, or edited ----
  let answered = null; // {seq, name}; the text is in the list only, where it is changed and deleted
  let editing = null; // {address, textRev, draft: what was typed before}
  let isConfirmed = false; // of the next submit
  const answerOf = (id) => `answer.${id}`, editOf = (id) => `edit.${id}`;
  // an edit in progress survives a reload and a change of the room, as drafts do
  const saveEdit = () => save(editOf(place()), editing && { ...editing, text: input().value });
  const showContext = () => {
    const context = $('context');
    context.hidden = !answered && !editing;
    const row = answered && rows.find($('messages'), answered.seq);
    const text = view.beginning((row && view.textOf(row)) ?? '…');
    context.firstElementChild.textContent = editing ? words.editing : answered ? fill(words.replying, { ...answered, text }) : '';
  };
  const setAnswered = (to) => {
    answered = to;
    save(answerOf(place()), to);
    showContext();
  };
  const reply = (row) => {
    leaveEdit();
    setAnswered({ seq: +row.dataset.seq, name: view.authorOf(row) });
    input().focus();
  };
  const leaveEdit = () => {
    if (!editing) return;
    box.write(editing.draft);
    editing = null;
    saveEdit();
    refuse('');
    showContext();
  };
  // Leaves what is answered or edited. Returns whether there was something.
  const leave = () => {
    if (editing) leaveEdit();
    else if (answered) setAnswered(null);
    else return false;
    return true;
  };
  const read = async (response) => new DOMParser().parseFromString(await response.text(), 'text/html');
  const edit = async (row) => {
    const address = `/rooms/${here()}/${row.dataset.seq}/edit`;
    const response = await fetch(address).catch(() => null), form = response?.ok && (await read(response)).querySelector('form.edit');
    if (!row.isConnected) return;
    if (!form) return refuse(words.lost);
    leaveEdit();
    editing = { address, textRev: form.textRev.value, draft: input().value };
    box.write(form.message.value);
    saveEdit();
    refuse('');
    showContext();
    input().focus();
  };
  // Sends the edited text. It stays in the form until the server has it.
  const submitEdit = async (message, confirmed) => {
    const { address, textRev } = editing, current = editing;
    const body = new URLSearchParams({ message, textRev, ...(confirmed && { confirmed: true }) });
    const response = await fetch(address, { method: 'POST', headers: { 'HX-Request': 'true' }, body }).catch(() => null);
    if (editing !== current) return;
    if (response?.ok) return leaveEdit();
    if (!response || response.status >= 500) return refuse(words.lost);
    const page = await read(response), form = page.querySelector('form.edit');
    const present = page.getElementById('present')?.textContent;
    const reason = page.querySelector('.alert')?.textContent ?? words.lost;
    // sent again, it replaces the present text knowingly
    if (form) editing.textRev = form.textRev.value;
    saveEdit();
    const asks = form?.confirmed && !confirmed;
    refuse(present ? `${reason} ${words.present}: “${present}”` : reason, asks ? () => submitEdit(input().value.trim(), true) : null);
  };

  document.addEventListener('input', ({ target }) => {
    if (target.id !== 'message' || !here()) return;
    refuse('');
    saveDraft();
    natter.typing.report(target.value);
  });
  document.addEventListener('keydown', (event) => {
    const { key, target } = event;
    if (target.id !== 'message' || event.isComposing) return;
    if (key === 'Escape' && !event.shiftKey && here() && leave()) return event.preventDefault();
    const sends = event.ctrlKey || event.metaKey || (enterSends && !event.shiftKey);
    if (key !== 'Enter' || !sends) return;
    event.preventDefault();
    target.form.requestSubmit();
  });
  document.addEventListener('click', ({ target }) => {
    if (!target.closest('#context button')) return;
    leave();
    input().focus();
  });

  // A message of the room has another text, or (`isDeleted`) none.
  const changed = (seq, isDeleted) => {
    if (answered?.seq !== seq) return;
    if (isDeleted) setAnswered(null); else showContext();
  };

  // A room is in the document. `before`: the input that it replaces, if that was the same room's.
  const enter = (before) => {
    if (!before) editing = load(editOf(place()));
    answered = load(answerOf(place()));
    if (rows.find($('messages'), answered?.seq)?.hidden) setAnswered(null); // deleted meanwhile
    natter.typing.enter();
    const now = input();
    box.write(now.value || (before?.value ?? editing?.text ?? load(draftOf(place())) ?? ''));
    if (before) now.setSelectionRange(before.selectionStart, before.selectionEnd);
    showContext();
  };

  // ---- sending ----
  // A UUIDv7: time-ordered, so that new ids share pages of the database's index. Without crypto.randomUUID, which makes
  // version 4 only, and exists in secure contexts only; an http address in the local network is none.
  const newId = () => {
    const bytes = crypto.getRandomValues(new Uint8Array(16)), now = Date.now();
    for (let i = 0; i < 6; i++) bytes[i] = now / 256 ** (5 - i); // conversion to a byte takes the remainder
    bytes[6] = 0x70 | (bytes[6] & 0x0f);
    bytes[8] = 0x80 | (bytes[8] & 0x3f);
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
    return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  };
  // Moves the form's text to the outbox. Returns whether htmx may send it now.
  const submit = (values) => {
    const message = values.message.trim(), length = box.lengthOf(message), confirmed = isConfirmed;
    isConfirmed = false;
    // the server checks this too, but it closes the socket on a frame that is far too long
    if (!message || length > box.MAX) {
      refuse(message ? fill(words.tooLong, { length }) : words.empty);
      return false;
    }
    if (editing) {
      submitEdit(message, confirmed);
      return false;
    }
    // what the form has for pages without the script
    for (const name of ['read', 'version', 'thread', 'confirmed']) delete values[name];
    const replyTo = answered?.seq ?? (values.replyTo ? +values.replyTo : undefined);
    delete values.replyTo;
    Object.assign(values, { room: here(), clientID: newId() }, replyTo && { replyTo }, confirmed && { confirmed });
    const now = outbox.add({ clientID: values.clientID, message, replyTo, answered, confirmed });
    box.write('');
    setAnswered(null);
    saveDraft();
    refuse('');
    return now;
  };
  // Puts a refused message back into the form of its room. `asks`: it mentions many people, and is sent if the user
  // confirms that.
  const takeBack = ({ message, room: where, thread, answered: to }, reason, asks) => {
    const from = thread ? `${where}.${thread}` : where, isShown = here() && from === place(), isHere = isShown && !editing;
    const text = [isHere ? input().value : load(draftOf(from)), message].filter(Boolean).join('\n');
    setDraft(from, text);
    if (to) save(answerOf(from), to);
    if (isShown && editing) {
      // it comes back with the draft
      editing.draft = [editing.draft, message].filter(Boolean).join('\n');
      saveEdit();
      refuse(reason);
    }
    if (!isHere) return;
    box.write(text);
    if (to) setAnswered(to);
    refuse(reason, asks && (() => {
      isConfirmed = true;
      input().form.requestSubmit();
    }));
  };

  return { changed, edit, enter, reply, submit, takeBack };
})();
