// The form: the draft of each room, which survives a reload of this tab, what it answers or edits, and sending.
natter.composer = (() => {
  'use strict';
  const { box, fill, here, load, logOf, outbox, paneOf, panes, parsePage, room, rows, save, sidebar, view, within, words } = natter;
  const enterSends = document.documentElement.dataset.enterSends === 'true';
  const inputOf = (pane) => within(pane, 'box');
  const draftOf = (id) => `draft.${id}`;
  // `again`: what a button does that follows the reason.
  const refuse = (pane, reason, again) => {
    const refused = within(pane, 'refused');
    refused.replaceChildren(reason);
    if (!again) return;
    const button = Object.assign(view.element('button', words.confirm), { type: 'button', className: 'link-button' });
    button.addEventListener('click', again, { once: true });
    refused.append(' ', button);
  };
  const setDraft = (id, text) => {
    save(draftOf(id), text);
    sidebar.showDraft(id, text);
  };
  // the draft of a thread is not that of its room
  const nameOf = ({ room, thread }) => (thread ? `${room}.${thread}` : room);
  const idOf = (pane) => nameOf(pane.dataset);
  const paneBy = (id) => [...panes()].find((one) => idOf(one) === id);
  const saveDraft = (pane) => {
    if (stateOf(pane).editing) saveEdit(pane); else setDraft(idOf(pane), inputOf(pane).value);
  };

  // ---- what is answered, or edited ----
  // by pane: {answered: {seq, name}, editing: {address, textRev, draft: what was typed before}, isConfirmed: the next submit}.
  // The text of what is answered is in the list only, where it is changed and deleted.
  const states = new WeakMap();
  const stateOf = (pane) => states.get(pane) ?? {};
  const answerOf = (id) => `answer.${id}`, editOf = (id) => `edit.${id}`;
  // an edit in progress survives a reload and a change of the room, as drafts do
  const saveEdit = (pane) => {
    const { editing } = stateOf(pane);
    save(editOf(idOf(pane)), editing && { ...editing, text: inputOf(pane).value });
  };
  const showContext = (pane) => {
    const { answered, editing } = stateOf(pane), context = within(pane, 'context');
    context.hidden = !answered && !editing;
    const row = answered && rows.find(logOf(pane), answered.seq);
    const text = view.beginning((row && view.textOf(row)) ?? '…');
    context.firstElementChild.textContent = editing ? words.editing : answered ? fill(words.replying, { ...answered, text }) : '';
  };
  const setAnswered = (pane, to) => {
    stateOf(pane).answered = to;
    save(answerOf(idOf(pane)), to);
    showContext(pane);
  };
  const reply = (row) => {
    const pane = paneOf(row);
    leaveEdit(pane);
    setAnswered(pane, { seq: +row.dataset.seq, name: view.authorOf(row) });
    inputOf(pane).focus();
  };
  const leaveEdit = (pane) => {
    const state = stateOf(pane);
    if (!state.editing) return;
    box.write(inputOf(pane), state.editing.draft);
    state.editing = null;
    saveEdit(pane);
    refuse(pane, '');
    showContext(pane);
  };
  // Leaves what is answered or edited. Returns whether there was something.
  const leave = (pane) => {
    const { answered, editing } = stateOf(pane);
    if (editing) leaveEdit(pane);
    else if (answered) setAnswered(pane, null);
    else return false;
    return true;
  };
  const read = async (response) => parsePage(await response.text());
  const edit = async (row) => {
    const pane = paneOf(row), address = `/rooms/${here()}/${row.dataset.seq}/edit`;
    const response = await fetch(address).catch(() => null), form = response?.ok && (await read(response)).querySelector('form.edit');
    if (!row.isConnected) return;
    if (!form) return refuse(pane, words.lost);
    leaveEdit(pane);
    stateOf(pane).editing = { address, textRev: form.textRev.value, draft: inputOf(pane).value };
    box.write(inputOf(pane), form.message.value);
    saveEdit(pane);
    refuse(pane, '');
    showContext(pane);
    inputOf(pane).focus();
  };
  // Sends the edited text. It stays in the form until the server has it.
  const submitEdit = async (from, message, confirmed) => {
    const id = idOf(from), { editing } = stateOf(from), { address, textRev } = editing;
    const body = new URLSearchParams({ message, textRev, ...(confirmed && { confirmed: true }) });
    const response = await fetch(address, { method: 'POST', headers: { 'HX-Request': 'true' }, body }).catch(() => null);
    const pane = paneBy(id) ?? from; // it may have been fetched anew
    if (stateOf(pane).editing !== editing) return;
    if (response?.ok) return leaveEdit(pane);
    if (!response || response.status >= 500) return refuse(pane, words.lost);
    const page = await read(response), form = page.querySelector('form.edit');
    const present = page.getElementById('present')?.textContent;
    const reason = page.querySelector('.alert')?.textContent ?? words.lost;
    // sent again, it replaces the present text knowingly
    if (form) editing.textRev = form.textRev.value;
    saveEdit(pane);
    const asks = form?.confirmed && !confirmed, again = () => submitEdit(pane, inputOf(pane).value.trim(), true);
    refuse(pane, present ? `${reason} ${words.present}: “${present}”` : reason, asks ? again : null);
  };

  document.addEventListener('input', ({ target }) => {
    if (!target.matches('.box') || !here()) return;
    const pane = paneOf(target);
    refuse(pane, '');
    saveDraft(pane);
    natter.typing.report(target.value);
  });
  document.addEventListener('keydown', (event) => {
    const { key, target } = event;
    if (!target.matches?.('.box') || event.isComposing) return;
    if (key === 'Escape' && !event.shiftKey && here() && leave(paneOf(target))) return event.preventDefault();
    const sends = event.ctrlKey || event.metaKey || (enterSends && !event.shiftKey);
    if (key !== 'Enter' || !sends) return;
    event.preventDefault();
    target.form.requestSubmit();
  });
  document.addEventListener('click', ({ target }) => {
    const pane = target.closest('.context button') && paneOf(target);
    if (!pane) return;
    leave(pane);
    inputOf(pane).focus();
  });

  // A message of a log has another text, or (`isDeleted`) none.
  const changed = (list, seq, isDeleted) => {
    const pane = paneOf(list);
    if (!pane || stateOf(pane).answered?.seq !== seq) return;
    if (isDeleted) setAnswered(pane, null); else showContext(pane);
  };

  // A pane is in the document. `old`: the one that it replaces, if that was of the same room or thread.
  const enter = (pane, old) => {
    const id = idOf(pane), before = old && inputOf(old), now = inputOf(pane);
    const state = Object.assign(old ? stateOf(old) : { editing: load(editOf(id)) }, { answered: load(answerOf(id)) });
    states.set(pane, state);
    if (rows.find(logOf(pane), state.answered?.seq)?.hidden) setAnswered(pane, null); // deleted meanwhile
    box.write(now, now.value || (before?.value ?? state.editing?.text ?? load(draftOf(id)) ?? ''));
    if (before) now.setSelectionRange(before.selectionStart, before.selectionEnd);
    showContext(pane);
    natter.files.enter(pane);
  };

  // ---- sending ----
  // A UUIDv7: time-ordered, so that new ids share pages of the database's index. Without crypto.randomUUID, which makes
  // version 4 only, and exists in secure contexts only; an http address in the local network is none.
  const newId = () => {
    const time = Date.now().toString(16).padStart(12, '0');
    const [a, b, ...more] = Array.from(crypto.getRandomValues(new Uint16Array(5)), (part) => part.toString(16).padStart(4, '0'));
    return `${time.slice(0, 8)}-${time.slice(8)}-7${a.slice(1)}-8${b.slice(1)}-${more.join('')}`;
  };
  // Moves the form's text to the outbox. Returns whether htmx may send it now.
  const submit = (pane, values) => {
    const state = stateOf(pane), { answered, editing, isConfirmed: confirmed } = state;
    const message = values.message.trim(), length = box.lengthOf(message);
    state.isConfirmed = false;
    if (!message && !editing && !natter.files.hasSome(pane)) return false;
    // the server checks this too, but it closes the socket on a frame that is far too long
    if (length > box.MAX) {
      refuse(pane, fill(words.tooLong, { length }));
      return false;
    }
    if (editing) {
      submitEdit(pane, message, confirmed);
      return false;
    }
    const attached = natter.files.take(pane);
    if (!attached) return false;
    // what the form has for pages without the script
    for (const name of ['read', 'version', 'thread', 'confirmed']) delete values[name];
    const replyTo = answered?.seq ?? (values.replyTo ? +values.replyTo : undefined);
    delete values.replyTo;
    const { files, names } = attached;
    Object.assign(values, { room: here(), clientID: newId(), files }, replyTo && { replyTo }, confirmed && { confirmed });
    const { thread } = pane.dataset;
    const now = outbox.add({ clientID: values.clientID, room: here(), thread, message, replyTo, answered, confirmed, files, names });
    box.write(inputOf(pane), '');
    setAnswered(pane, null);
    saveDraft(pane);
    refuse(pane, '');
    return now;
  };
  // Puts a refused message back into the form of its pane. `asks`: it mentions many people, and is sent if the user
  // confirms that.
  const takeBack = (item, reason, asks) => {
    const { message, answered } = item, id = nameOf(item);
    const pane = here() && paneBy(id), state = pane && stateOf(pane);
    const joined = (draft) => [draft, message].filter(Boolean).join('\n');
    const text = joined(pane && !state.editing ? inputOf(pane).value : load(draftOf(id)));
    setDraft(id, text);
    natter.files.putBack(item);
    if (answered) save(answerOf(id), answered);
    if (!pane) {
      // a draft of a thread is seen there only
      if (item.thread && item.room === here() && !room().dataset.thread) natter.panel.open(`/rooms/${here()}/threads/${item.thread}`);
      return;
    }
    if (state.editing) {
      // it comes back with the draft
      state.editing.draft = joined(state.editing.draft);
      saveEdit(pane);
      return refuse(pane, reason);
    }
    box.write(inputOf(pane), text);
    if (answered) setAnswered(pane, answered);
    refuse(pane, reason, asks && (() => {
      state.isConfirmed = true;
      inputOf(pane).form.requestSubmit();
    }));
  };

  return { changed, edit, enter, nameOf, refuse, reply, submit, takeBack };
})();
