'use strict';
(() => {
  const box = document.getElementById('search');
  const tool = document.getElementById('find');
  const none = document.getElementById('none');
  const items = [...document.querySelectorAll('[data-text]')];
  const groups = [...document.querySelectorAll('details.group')];
  tool.hidden = false;
  const find = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let left = 0;
    for (const item of items) {
      const text = (item.dataset.text + ' ' + item.textContent).toLowerCase();
      item.classList.toggle('unfound', !words.every((word) => text.includes(word)));
      left += item.classList.contains('unfound') ? 0 : 1;
    }
    for (const group of groups) {
      const some = group.querySelector('[data-text]:not(.unfound)');
      group.classList.toggle('unfound', !some);
      if (words.length > 0 && some) group.open = true;
    }
    none.hidden = left > 0;
  };
  box.addEventListener('input', find);
  // What is closed would not be printed.
  let closed = [];
  addEventListener('beforeprint', () => {
    closed = [...document.querySelectorAll('details:not([open])')];
    for (const details of closed) details.open = true;
  });
  addEventListener('afterprint', () => {
    for (const details of closed) details.open = false;
  });
})();
