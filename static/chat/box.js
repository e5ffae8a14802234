// The message box: what is put into it, and how many characters are left.
natter.box = (() => {
  'use strict';
  const { $, fill, paneOf, within, words } = natter;
  const MAX = 4000; // as in src/domain/message.rs
  const SHOWN = 500, SAID = [SHOWN, 100, -1];
  const lengthOf = (text) => Array.from(text.trim()).length;
  // `said`: how many of SAID were passed
  const count = (box, said) => {
    const { value } = box, left = value.length < MAX - SHOWN ? MAX : MAX - lengthOf(value);
    const text = left > SHOWN ? '' : fill(words.left, { count: String(left).replace('-', '−') });
    const passed = SAID.filter((limit) => left <= limit).length, shown = within(paneOf(box), 'left');
    shown.textContent = text;
    shown.classList.toggle('over', left < 0);
    if (passed !== said) within(paneOf(box), 'left-said').textContent = passed > said ? text : '';
    box.said = passed;
  };
  document.addEventListener('input', ({ target }) => { if (target.matches('.pane .box')) count(target, target.said); });
  // the one that was used last
  let last = null;
  document.addEventListener('focusin', ({ target }) => { if (target.matches('.box')) last = target; });

  return {
    MAX,
    lengthOf,
    last: () => (last?.isConnected ? last : $('message')),
    use: (box) => { last = box; },
    // The box is in the document.
    enter: (box) => {
      natter.reveal();
      count(box, 0);
    },
    // Puts a text in place of what is selected, as if it was typed: it can be undone.
    insert: (box, text) => {
      box.focus();
      document.execCommand('insertText', false, text); // nothing else can be undone
    },
    // Replaces all that is in it.
    write: (box, text) => {
      natter.completion.close();
      box.value = text;
      count(box, box.said);
    },
  };
})();
