"use strict";
// The theme is set before anything is drawn, so that nothing flashes. Where there is no storage, the system's theme stays.
try {
  const theme = localStorage.getItem("andon-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {}
