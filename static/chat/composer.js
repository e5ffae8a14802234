// The form: the draft of each room, which survives a reload of this tab, and who is typing.
natter.composer = (() => {
  'use strict';
  const { $, fill, here, load, me, outbox, save, sidebar, words } = natter;
  const TYPING_SENT = 1500; // ms between two frames
  const TYPING_SHOWN = 5000; // ms
  const input = () => $('message');
  const draftOf = (id) => `draft.${id}`;
  const refuse = (reason) => { $('refused').textContent = reason; };
  const setDraft = (id, text) => {
    save(draftOf(id), text);
    sidebar.showDraft(id, text);
  };
  const saveDraft = () => setDraft(here(), input().value);

  // ---- typing ----
  const typists = new Map(); // by tag: {name, until}
  let typingSent = 0, expiry;
  const showTyping = () => {
    const now = Date.now();
    clearTimeout(expiry);
    for (const [key, { until }] of typists) if (until <= now) typists.delete(key);
    const [name, other] = Array.from(typists.values(), (typist) => typist.name);
    const [one, two, several] = words.typing;
    $('typing').textContent = name ? fill([one, two][typists.size - 1] ?? several, { name, other }) : '';
    if (name) expiry = setTimeout(showTyping, Math.min(...Array.from(typists.values(), ({ until }) => until)) - now);
  };
  const types = ({ key, name }) => {
    if (key === me) return;
    typists.set(key, { name, until: Date.now() + TYPING_SHOWN });
    showTyping();
  };
  // an author's message ends the typing
  const wrote = (rows) => {
    const known = rows.filter((row) => typists.delete(row.dataset.author));
    if (known.length) showTyping();
  };
  const reportTyping = () => {
    if (!input().value.trim() || Date.now() - typingSent < TYPING_SENT) return;
    if (natter.send({ room: here(), typing: true })) typingSent = Date.now();
  };

  // ---- the draft ----
  document.addEventListener('input', ({ target }) => {
    if (target.id !== 'message' || !here()) return;
    refuse('');
    saveDraft();
    reportTyping();
  });
  document.addEventListener('keydown', (event) => {
    if (event.target.id !== 'message' || event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    event.target.form.requestSubmit();
  });

  // A room is in the document. `before`: the input that it replaces, if that was the same room's.
  const enter = (before) => {
    typists.clear();
    showTyping();
    typingSent = 0;
    const now = input();
    now.value ||= before?.value ?? load(draftOf(here())) ?? '';
    if (before) now.setSelectionRange(before.selectionStart, before.selectionEnd);
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
    const message = values.message.trim(), length = Array.from(message).length;
    // the server checks this too, but it closes the socket on a frame that is far too long
    if (!message || length > 4000) {
      refuse(message ? fill(words.tooLong, { length }) : words.empty);
      return false;
    }
    // what the form has for pages without the script
    delete values.read;
    delete values.version;
    Object.assign(values, { room: here(), clientID: newId() });
    const now = outbox.add(values.clientID, message);
    input().value = '';
    saveDraft();
    refuse('');
    return now;
  };
  // Puts a refused message back into the form of its room.
  const takeBack = ({ message, room: where }, reason) => {
    const isHere = where === here();
    const text = [isHere ? input().value : load(draftOf(where)), message].filter(Boolean).join('\n');
    setDraft(where, text);
    if (!isHere) return;
    input().value = text;
    refuse(reason);
  };

  return { enter, submit, takeBack, types, wrote };
})();
