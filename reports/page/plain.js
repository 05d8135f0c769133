"use strict";
(() => {
shared.copy();
shared.theme(() => {});
const fit = () => shared.all(".scroll").filter(p => p.querySelector("table thead")).forEach(shared.fold);
fit();
let fitted = document.documentElement.clientWidth;
addEventListener("resize", () => {
  if (fitted === document.documentElement.clientWidth) return; // a phone's bars come and go
  fitted = document.documentElement.clientWidth;
  fit();
});
})();
