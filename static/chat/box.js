// The message box: what is put into it, and how many characters are left.
natter.box = (() => {
  'use strict';
  const { $, fill, words } = natter;
  const MAX = 4000; // as in src/domain/message.rs
  const SHOWN = 500, SAID = [SHOWN, 100, -1];
  let said = 0; // how many of SAID were passed
  const lengthOf = (text) => Array.from(text.trim()).length;
  const count = () => {
    const { value } = $('message'), left = value.length < MAX - SHOWN ? MAX : MAX - lengthOf(value);
    const text = left > SHOWN ? '' : fill(words.left, { count: String(left).replace('-', '−') });
    const passed = SAID.filter((limit) => left <= limit).length;
    $('left').textContent = text;
    $('left').classList.toggle('over', left < 0);
    if (passed !== said) $('left-said').textContent = passed > said ? text : '';
    said = passed;
  };
  document.addEventListener('input', ({ target }) => { if (target.id === 'message') count(); });

  return {
    MAX,
    lengthOf,
    // A page with the box is in the document.
    enter: () => {
      natter.reveal();
      said = 0;
      count();
    },
    // Puts a text in place of what is selected, as if it was typed: it can be undone.
    insert: (text) => {
      const box = $('message');
      box.focus();
      if (document.execCommand('insertText', false, text)) return;
      box.setRangeText(text, box.selectionStart, box.selectionEnd, 'end');
      box.dispatchEvent(new Event('input', { bubbles: true }));
    },
    // Replaces all that is in it.
    write: (text) => {
      natter.completion.close();
      $('message').value = text;
      count();
    },
  };
})();
